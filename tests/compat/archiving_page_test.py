# The page on the ways to archive, typed line by line: there, and back to pgBackRest from each of them.
# SPDX-License-Identifier: MIT
import pathlib
import re

import lab
from archive_module import MODULES, archivers, has_archiver, stop_archivers
from case import test
from lab import OURS, PEER, SOURCE, Skip, equal, expect, run
from typed_page import section_of, settings_in, start_as_installed, type_lines

PAGE = SOURCE / "cli" / "ARCHIVING.md"
ROOTS = r"^ {4}((?:tools/|cmake ).*)$"


def installed(bench):
    """A server that archives with the lines of the section "A command"."""
    bench.ready()
    start_as_installed(bench)
    write(bench, "A command")
    return bench.cluster


def write(bench, title):
    """Does what a section tells."""
    bench.configure(**settings_in(PAGE, title))
    said = type_lines(bench, PAGE, title)
    bench.cluster.switch_and_wait_archived()
    return said


def to_the_peer_and_compare(bench):
    """Back to pgBackRest, which has a backup of the end of it all."""
    write(bench, "Back to pgBackRest")
    bench.peer("backup")
    equal(bench.call(PEER, "info", "--output=json").json()[0]["status"]["code"], 0, "status")
    equal(bench.cluster.sql("select current_setting('archive_command') like '%/pgbackrest --stanza%'"), "t",
          "who archives")


@test("archiving page: a command, asynchronously, some repositories only, and back")
def spool(bench):
    installed(bench)
    write(bench, "Asynchronously")
    bench.configure(**settings_in(PAGE, "Only some repositories are waited for"))
    bench.ours("check")
    expect((bench.dir / "spool/archive/demo/out").is_dir(), "the spool is used")
    bench.configure(archive_require=None)
    to_the_peer_and_compare(bench)


@test("archiving page: the resident archiver, and back")
def archiver(bench):
    if not has_archiver():
        raise Skip("this program has no archive-server")
    installed(bench)
    said = write(bench, "The resident archiver")
    path = said["pgbraid --stanza=demo archive-server socket"].out.decode().strip()
    expect(path.endswith("/demo-archive.sock"), "the path that it says", path)
    equal(len(archivers(bench)), 1, "archivers")
    bench.configure(archive_server_start=None)
    to_the_peer_and_compare(bench)
    stop_archivers(bench)


@test("archiving page: the module, and back", slow=True)
def module(bench):
    library = MODULES / "15/pgbraid_archive.so"
    if not library.exists():
        raise Skip(f"'{library}' is not built: tools/server-headers 15 fetches what it needs")
    bench.cluster.set_options(dynamic_library_path=f"'$libdir:{library.parent}'")
    # PostgreSQL starts its archiver anew ten seconds after the last time at the earliest, and looks each minute.
    bench.configure(archive_timeout="90")
    installed(bench)
    write(bench, "The module")
    equal(bench.cluster.sql("show archive_library"), "pgbraid_archive", "who archives")
    equal(bench.cluster.sql("select failed_count from pg_stat_archiver"), "0", "failures")
    process = "select pid from pg_stat_activity where backend_type = 'archiver'"
    before = bench.cluster.sql(process)
    type_lines(bench, PAGE, "Back from the module")
    # PostgreSQL starts the next archiver when it is asked for something.
    lab.wait_for(lambda: bench.cluster.sql(process) not in ("", before), "PostgreSQL starts its archiver anew")
    to_the_peer_and_compare(bench)


@test("archiving page: the module is built and installed by the lines that it names", cluster=False, root=True)
def build(bench):
    lines = re.findall(ROOTS, section_of(PAGE, "The module"), re.M)
    equal(lines, ["tools/server-headers 15", "tools/build release", "cmake --install build/release --component module"],
          "the lines")
    folder = pathlib.Path(OURS).resolve().parent
    if not (folder / "module/15/pgbraid_archive.so").exists() or not (folder / "cmake_install.cmake").exists():
        raise Skip(f"'{folder}' is no build folder with the module")
    # The first two made what is there; the last one of the folder that was built, and not into the system.
    run(["bash", "-c", lines[2].replace("build/release", str(folder))], cwd=SOURCE,
        env={"DESTDIR": str(bench.dir)})
    equal([str(path.relative_to(bench.dir)) for path in bench.dir.rglob("pgbraid_archive.so")
           if "/15/" in str(path)], ["usr/lib/postgresql/15/lib/pgbraid_archive.so"], "where it lies")
