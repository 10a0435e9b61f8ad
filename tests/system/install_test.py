# What `cmake --install` puts where, and the program under other names.
# SPDX-License-Identifier: MIT
import ctypes
import pathlib
import re
import shutil
from concurrent.futures import ThreadPoolExecutor

import lab
from case import test
from lab import OURS, Skip, equal, expect, run

# The program itself, without debug information; optimised for debugging it is larger.
LARGEST_PROGRAM = {"release": 8 << 20, "dev": 20 << 20}
LARGEST_FRONT = 4 << 20


def build_folder():
    folder = pathlib.Path(OURS).resolve().parent
    if not (folder / "cmake_install.cmake").exists() or not shutil.which("cmake"):
        raise Skip(f"'{folder}' is no build folder, or cmake is missing")
    return folder


@test("install: a small program, and the documents that README names", cluster=False, root=True)
def install(bench):
    folder = build_folder()
    place = bench.dir / "installed"
    run(["cmake", "--install", folder, "--prefix", place])
    program = place / "bin" / "pgbraid"
    full = place / "libexec/pgbraid/pgbraid"
    expect(full.stat().st_size < LARGEST_PROGRAM.get(folder.name, 20 << 20),
           f"the program has {full.stat().st_size} bytes")
    expect(program.stat().st_size < LARGEST_FRONT, f"its front has {program.stat().st_size} bytes")
    for one in (program, full):
        sections = run(["readelf", "-SW", one]).text
        expect(".debug_info" not in sections, "debug information lies apart", sections)
        expect(".gnu_debuglink" in sections, "debuggers find it", sections)
        expect(run([one, "version"]).out.startswith(b"pgbraid "), "the program runs")
    expect(not list(place.rglob("*.debug")), "debug information is not installed unasked")

    units = place / "lib/systemd/system"
    service = (units / "pgbraid-archive@.service").read_text()
    expect(re.search(r"^ExecStart=/\S+/bin/pgbraid --stanza=%i archive-server$", service, re.M),
           "systemd starts the archiver", service)
    expect("ListenStream=/run/pgbraid/%i-archive.sock" in (units / "pgbraid-archive@.socket").read_text(),
           "systemd listens for it")

    documents = place / "share" / "doc" / "pgbraid"
    readme = (documents / "README.md").read_text()
    named = set(re.findall(r"`([\w/]+\.md|LICENSE)`", readme))
    expect({"ARCHITECTURE.md", "CHANGELOG.md", "cli/MIGRATION.md"} <= named, "README names them")
    missing = [name for name in named if not (documents / name).is_file()]
    equal(missing, [], "documents that README names and that are not installed")

    page = run(["groff", "-man", "-Tutf8", "-ww", "-P-cbou", place / "share/man/man1/pgbraid.1"])
    for words in ("archive-server", "--repo<N>-path=...", 'archive-get %f "%p"', "EXIT STATUS"):
        expect(words in page.text, f"the manual page has '{words}'", page)
    equal(page.err, b"", "what groff complains of")
    completed(place / "share/bash-completion/completions/pgbraid.bash")

    run(["cmake", "--install", folder, "--prefix", place, "--component", "debug"])
    equal(sorted(path.name for path in place.rglob("*.debug")), ["pgbraid.debug", "pgbraid_front.debug"],
          "debug information is there when asked for")


def completed(script):
    """What bash offers: `=` is a word of its own."""
    def offered(*words):
        call = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pgbraid; printf "%s\\n" "${COMPREPLY[@]}"'
        ended = run(["bash", "-uc", call, "bash", script, "pgbraid", *words])
        equal(ended.err, b"", f"what bash complains of: {words}")
        return ended.text.split()

    equal(offered("ba"), ["backup"], "a command")
    equal(offered("--stanza", "=", "demo", "ba"), ["backup"], "a command behind an option")
    equal(offered("backup", "--type", "="), ["full", "diff", "incr"], "what an option takes")
    equal(offered("restore", "--type", "=", "imm"), ["immediate"], "what it takes for another command")
    equal(offered("--repo2-stor", "=", "x", "backup", "--repo2-sftp-host-u"), ["--repo2-sftp-host-user="], "of a second repository")
    equal(sorted(offered("backup", "--no-del")), ["--no-delta"], "what can be switched off")
    equal(sorted(offered("help", "ex")), ["exit-codes", "expire"], "a page of help")


@test("install: two at the same time do not take files from each other", cluster=False, root=True)
def at_once(bench):
    folder = build_folder()
    places = [bench.dir / str(number) for number in range(4)]
    with ThreadPoolExecutor(len(places)) as pool:
        list(pool.map(lambda place: run(["cmake", "--install", folder, "--component", "program",
                                         "--prefix", place]), places))
    equal({lab.sha1(place / "libexec/pgbraid/pgbraid") for place in places},
          {lab.sha1(places[0] / "libexec/pgbraid/pgbraid")}, "one program")
    expect(run([places[-1] / "bin/pgbraid", "version"]).out.startswith(b"pgbraid "), "it runs")


@test("install: called as pgbackrest, the program says its version like one", cluster=False)
def other_name(bench):
    link = bench.dir / "pgbackrest"
    link.symlink_to(OURS)
    equal(run([link, "version"]).out, b"pgBackRest 2.60.0\n", "version")
    equal(run([link, f"--config={bench.dir}/none", "version"]).out, b"pgBackRest 2.60.0\n",
          "version with a configuration, as monitoring asks for it")
    equal(run([link, "version", "--output=num"]).out, b"2060000", "version as a number")
    said = run([OURS, "version"]).text
    expect(said.startswith("pgbraid ") and "pgBackRest 2.60.0" in said, "both under its own name",
           said)


LATE_SOURCES = ("engine/base/late_crypto.cpp", "engine/codec/late_codecs.cpp", "engine/http/late_curl.cpp",
                "engine/io/late_uring.cpp", "engine/link/late_nghttp2.cpp", "engine/net/late_ssl.cpp",
                "storage/driver/rest/late_expat.cpp", "storage/driver/sftp/late_ssh2.cpp")


def late_functions():
    """The libraries that the sources load late, and the functions that they take from each."""
    found = {}
    for source in LATE_SOURCES:
        text = (lab.SOURCE / source).read_text()
        names = dict(re.findall(r'(\w+)\(\) \{\n  static (?:pgbraid::)?late_library one\("(.*)"\);', text))
        for space, name in re.findall(r"^PGBRAID_LATE_\d\((\w+)\(\), (\w+)\)$", text, re.M):
            found.setdefault(names[space], []).append(name)
    return found


@test("install: the program loads libraries when a command needs them", cluster=False)
def light_start(bench):
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", run(["readelf", "-d", OURS]).text)
    expect(any(name.startswith("libc.so") for name in needed), "readelf names what it needs", needed)
    late = ["libpq.so.5", *late_functions()]
    expect(len(late) == 14, "libraries that are loaded late", late)
    equal([name for name in needed if name in late], [], "of those the program needs at its start")


@test("install: every function that is called late is in its library", cluster=False)
def late_names(bench):
    for library, names in late_functions().items():
        there = ctypes.CDLL(library)
        equal([name for name in names if not hasattr(there, name)], [], f"missing in {library}")
    expect(not hasattr(ctypes.CDLL("libz.so.1"), "no_such_function"), "a name can be missing")
