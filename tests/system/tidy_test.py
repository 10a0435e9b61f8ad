# tools/tidy finds what it is there for: each test plants a fault.
# SPDX-License-Identifier: MIT
import types

import lab
from case import test
from lab import equal, expect

# Read here, while the runner may still be root: user postgres may not get at the source.
SOURCE = lab.SOURCE / "tools/tidy"
CODE = compile(SOURCE.read_text(), str(SOURCE), "exec")


def tidy_of(root):
    """tidy for a tree: tests run side by side, and each plants faults in one of its own."""
    module = types.ModuleType("tidy")
    module.__file__ = str(SOURCE)
    exec(CODE, module.__dict__)
    module.ROOT = root
    return module


PAGE = "docs/page" + ".md"
DOCUMENT = "\n\n".join((
    "# A page", f"Its own section 2, and sections 1 and 3.1; {PAGE}, sections 1 to 3.1.",
    "## 1. One",
    "    an example may name " + "nowhere" + ".md, section 9", "## 2. Two", "### 3.1 Three",
    "## Decisions"))


@test("tidy: citations of what is not there", cluster=False)
def citations(bench):
    tidy = tidy_of(bench.dir)
    page = bench.dir / PAGE
    page.parent.mkdir()
    page.write_text(DOCUMENT)

    def told(path, text):
        found = tidy.check_cited(bench.dir / path, text, {"aes.hpp"})
        return [line.split(": ", 1)[1] for line in found]

    missing = "which is not in the repository"
    for text, faults in (
            (f"// Source: {PAGE}, section 2.\n", []),
            (f"// Source: {PAGE}, sections 1 and 3.1; aes.hpp.\n", []),
            (f"// Why: {PAGE},\n/// \"Decisions\".\nint x;\n", []),
            ("auto text = \"gone/a.md\"; // in ../shared/a.md\n", []),
            (f"// Source: {PAGE}, section 77.\n", ["77"]),
            (f"// Source: {PAGE},\n// sections 1 and 8.99.\n", ["8.99"]),
            (f"int x; // see {PAGE}, \"Nothing\"\n", ["Nothing"])):
        equal(told("x.cpp", text),
              [f"cites section '{one}', which {PAGE} does not have" for one in faults], text)
    for name in ("gone/a" + ".md", "aes_old" + ".hpp"):
        for path, text in (("x.cpp", f"// as {name} says, section 1\n"),
                           ("x.py", f"x = 1  # in {name}\n")):
            equal(told(path, text), [f"names '{name}', {missing}"], text)
    equal(told(PAGE, DOCUMENT), [], "a page")
    equal(told(PAGE, DOCUMENT.replace("3.1;", "4;")),
          [f"cites section '4', which {PAGE} does not have"], "a page that cites itself wrongly")


@test("tidy: namespaces that are not those of their folders", cluster=False)
def spaces(bench):
    tidy = tidy_of(bench.dir)

    def told(file, *lines):
        return len(list(tidy.check_space(file, "\n".join(lines) + "\n")))

    equal(told("engine/pg/a.hpp", "namespace pgbraid::pg {", "}"), 0, "a room of the engine")
    equal(told("engine/pg/a.hpp", "namespace pgbraid::pg::sql {", "}"), 0, "a space below")
    equal(told("engine/pg/a.hpp", "namespace pgbraid::io {", "}"), 0, "nothing in it")
    equal(told("engine/pg/a.hpp", "namespace pgbraid::io {", "int a;", "}"), 1, "that of another")
    equal(told("engine/pg/a.hpp", "namespace pgbraid::io {", "class file;", "}"), 0, "declared ahead")
    equal(told("engine/base/a.hpp", "namespace pgbraid {", "int a;", "}"), 0, "shared")
    equal(told("engine/plan/a.hpp", "namespace pgbraid {", "int a;", "}"), 1, "not shared")
    equal(told("cli/open/a.hpp", "namespace pgbraid::cli {", "int a;", "}"), 0, "one for cli")
    equal(told("actors/run/a.hpp", "namespace pgbraid::actors {", "int a;", "}"), 0, "what runs on CAF")


@test("tidy: arrows that point up, circles, permissions that nobody uses", cluster=False)
def arrows(bench):
    tidy = tidy_of(bench.dir)
    layers = {"engine/base": [], "storage": ["engine/base"], "storage/driver/posix": ["storage"],
              "storage/driver/sftp": ["storage"], "tests": ["engine/*", "storage/*"]}
    files = {f"{folder}/a.hpp": "" for folder in layers}
    for name in files:
        (bench.dir / name).parent.mkdir(parents=True, exist_ok=True)
        (bench.dir / name).touch()

    def told(file, *targets):
        return len(list(tidy.check_arrows(file, "".join(f"#include {to}\n" for to in targets), layers)))

    equal(told("engine/base/b.cpp", '"storage/a.hpp"'), 1, "an arrow that points up")
    equal(told("storage/b.cpp", '"engine/base/a.hpp"'), 0, "one that points down")
    equal(told("storage/b.cpp", '"storage/driver/posix/a.hpp"'), 1, "a folder below, not named")
    equal(told("storage/driver/posix/b.cpp", '"storage/driver/sftp/a.hpp"'), 1, "a sibling")
    equal(told("tests/b.cpp", '"storage/driver/sftp/a.hpp"', '"engine/base/a.hpp"'), 0, "all below")
    equal(told("actors/b.cpp"), 1, "a folder without a line")
    equal(told("storage/b.cpp", "<caf/all.hpp>"), 1, "CAF elsewhere")
    equal(told("storage/b.cpp", '"storage/gone.hpp"'), 1, "a file that is not there")
    circle = {"a.hpp": '#include "b.hpp"\n', "b.hpp": '#include "c.hpp"\n', "c.hpp": '#include "a.hpp"\n'}
    equal(len(list(tidy.check_circles(circle))), 1, "a circle of includes")
    equal(list(tidy.check_layer_order(layers)), [], "an order of layers")
    equal(len(list(tidy.check_layer_order({"a": ["b"], "b": []}))), 1, "a line that names a later one")
    files["storage/a.hpp"] = '#include "engine/base/a.hpp"\n'
    files["storage/driver/posix/a.hpp"] = '#include "storage/a.hpp"\n'
    equal([line.split("'")[1::2] for line in tidy.check_unused(files, layers)],
          [["storage/driver/sftp", "storage"]], "permissions that nobody uses")


@test("tidy: clocks and sleeps that a test cannot put its own in place of", cluster=False)
def clocks(bench):
    tidy = tidy_of(bench.dir)

    def told(file, text):
        return [line.split("'")[1] for line in tidy.check_clock(file, text)]

    for text, faults in (
            ("std::this_thread::sleep_for(limit);\n", ["sleep_for"]),
            ("int x;\nauto now = std::chrono::steady_clock::now();\n", ["steady_clock"]),
            ("using clock = std::chrono::system_clock; // ours\n", ["system_clock"]),
            ("::usleep(3);\n::clock_gettime(CLOCK_REALTIME, &now);\n", ["usleep", "clock_gettime"]),
            ("const auto now = std::time(nullptr);\n", ["std::time("]),
            ("changed_.wait_for(lock, limit);\n", [".wait_for(lock"]),
            ("// whoever calls sleep_for waits\n", []),
            ("sleep_unless_stopped(limit);\nengine_->wait_for(one.operation);\n", []),
            ("wait_until(changed_, held, monotonic::now() + limit);\n", [])):
        for folder in ("engine/link", "storage/driver/sftp", "actors/run", "cli/command"):
            equal(told(f"{folder}/a.cpp", text), faults, text)
    for file in ("engine/base/clock.cpp", "tests/unit/storage/a_test.cpp"):
        equal(told(file, "std::this_thread::sleep_for(limit);\n"), [], file)


@test("tidy: a tree with a planted arrow, a planted circle and a planted sleep", cluster=False)
def planted(bench):
    tidy = tidy_of(bench.dir)
    head = "// A file.\n// SPDX-License-Identifier: MIT\n"
    tree = {"tools/layers.txt": "engine/base:\nstorage: engine/base\n",
            "engine/base/a.hpp": head + "#pragma once\n",
            "engine/base/b.hpp": head + '#pragma once\n#include "engine/base/a.hpp"\n',
            "storage/a.cpp": head + '#include "engine/base/b.hpp"\n'}

    def told(**planted):
        for name, text in {**tree, **planted}.items():
            (bench.dir / name).parent.mkdir(parents=True, exist_ok=True)
            (bench.dir / name).write_text(text)
        return list(tidy.problems(with_format=False))

    equal(told(), [], "a tidy tree")
    for name, line, fault in (
            ("engine/base/a.hpp", '#include "storage/a.cpp"', "'engine/base' may not know 'storage'"),
            ("engine/base/a.hpp", '#include "engine/base/b.hpp"', "circle of includes"),
            ("storage/a.cpp", "std::this_thread::sleep_for(pause);", "'sleep_for'")):
        found = told(**{name: tree[name] + line + "\n"})
        expect(any(fault in one for one in found), f"{name} with {line}: {found}")
