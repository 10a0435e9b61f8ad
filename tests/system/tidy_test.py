# tools/tidy finds what it is there for: each test plants a fault.
# SPDX-License-Identifier: MIT
import importlib.machinery
import importlib.util

import lab
from case import test
from lab import equal

# Loaded here, while the runner may still be root: user postgres may not get at the source.
LOADER = importlib.machinery.SourceFileLoader("tidy", str(lab.SOURCE / "tools/tidy"))
TIDY = importlib.util.module_from_spec(importlib.util.spec_from_loader("tidy", LOADER))
LOADER.exec_module(TIDY)

PAGE = "docs/page" + ".md"
DOCUMENT = "\n\n".join((
    "# A page", f"Its own section 2, and sections 1 and 3.1; {PAGE}, sections 1 to 3.1.",
    "## 1. One",
    "    an example may name " + "nowhere" + ".md, section 9", "## 2. Two", "### 3.1 Three",
    "## Decisions"))


@test("tidy: citations of what is not there", cluster=False)
def citations(bench):
    TIDY.ROOT = bench.dir
    page = bench.dir / PAGE
    page.parent.mkdir()
    page.write_text(DOCUMENT)

    def told(path, text):
        found = TIDY.check_cited(bench.dir / path, text, {"aes.hpp"})
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
