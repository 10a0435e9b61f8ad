# The archive module in running servers: beside an archiver that works, that does not, and without one.
# SPDX-License-Identifier: MIT
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys

import lab
import spooled
from archive_module import ModuleCluster, archivers, has_archiver, stop_archivers
from case import test
from hostile import hostile
from lab import OURS, equal, expect
from made_archiver import MadeArchiver, message

DONE = ("done", "0", "")


def fine(_name):
    yield ("wait",)
    yield DONE


def names_asked(archiver):
    return [name for _, name in archiver.asked]


for major in ("15", "18"):
    @test(f"module: PostgreSQL {major} archives through the resident archiver, and without it", major,
          cluster=major == "15")
    def through_the_archiver(bench, major):
        server = ModuleCluster(bench, major)
        with MadeArchiver(server.socket, fine) as archiver:
            server.start()
            names = server.archive(30)
            expect(set(names) <= set(names_asked(archiver)), "each was asked for", archiver.asked)
            equal(len(names_asked(archiver)), len(set(names_asked(archiver))), "times that each was asked for")
            equal({place for place, _ in archiver.asked}, {f"{server.cluster.data}/pg_wal"}, "directory")
            equal((archiver.connections, server.pushed()), (1, []), "connections, and calls of the program")
        names = server.archive(5)
        expect(set(names) <= set(server.pushed()), "the program archived", server.pushed())
        before = len(server.pushed())
        with MadeArchiver(server.socket, fine) as archiver:
            names = server.archive(5)
            equal(sorted([*names_asked(archiver), *server.pushed()[before:]]), sorted(names), "who archived")
            equal(len(server.pushed()), before, "an archiver that is back is asked at once")
        equal(server.cluster.sql("select failed_count from pg_stat_archiver"), "0", "failures")
        server.same_process()

    @test(f"module: PostgreSQL {major} tells what is not set, and stops at once when it may", major,
          cluster=major == "15")
    def settings(bench, major):
        server = ModuleCluster(bench, major)
        server.set(stanza="")
        server.start()
        names = server.segments(2)
        server.wait_log(r'pgbraid_archive.stanza" is not set')
        equal(server.pushed(), [], "calls")
        server.reload(stanza="demo")
        server.wait_archived(names)
        server.same_process()

        def slow(_name):
            yield ("wait",)
            yield 1.5
            yield DONE

        # PostgreSQL wakes its archiver while the module sleeps in its place.
        with MadeArchiver(server.socket, slow) as archiver:
            server.cluster.sql("select pg_reload_conf()")
            server.segments(1)
            lab.wait_for(lambda: archiver.asked, "the archiver is asked")
            lab.run([server.cluster.programs / "pg_ctl", "-D", server.cluster.data, "-m", "fast", "-t", "40",
                     "-w", "stop"])


@test("module: what the archiver could not archive is told, and tried again")
def failures(bench):
    server = ModuleCluster(bench)
    answers = [("done", "82", "it takes too long\nHINT: \x1b[1mwait"), ("wait",), ("done", "0", "repo2 is behind")]

    def as_told(_name):
        yield answers[0]
        if len(answers) > 1:
            answers.pop(0)
        while answers[0] == ("wait",):
            yield answers.pop(0)

    with MadeArchiver(server.socket, as_told):
        server.start()
        server.archive()
        server.wait_log(r"WARNING: .*could not archive WAL file")
        server.wait_log(r"\[082\] it takes too long")
        server.wait_log(r"WARNING: .*repo2 is behind")
        expect("\x1b" not in server.log(), "no control characters")
        equal(server.pushed(), [], "nobody else does it")
    with MadeArchiver(server.socket, lambda _: [("elsewhere", "another cluster")]):
        equal(server.archive(), server.pushed(), "calls of the program")
        server.wait_log("It says: another cluster")
    server.same_process()


NONSENSE = {
    "half a head": [b"\0\0", None],
    "half a message": [struct.pack(">I", 9) + b"done", None],
    "no length": [b"\0\0\0\0"],
    "too long": [struct.pack(">I", 65537) + b"done\0000\0\0"],
    "huge": [b"\xff\xff\xff\xff" + b"x" * 70000],
    "not ended": [struct.pack(">I", 4) + b"wait"],
    "unknown": [("welcome", "1")],
    "empty field": [("",)],
    "no code": [("done", "", "")],
    "a code that is none": [("done", "256", "")],
    "negative": [("done", "-1", "")],
    "code in words": [("done", "0x0", "")],
    "too few fields": [("done", "0")],
    "too many fields": [("done", "0", "", "")],
    "half of it, and the end": [message(*DONE)[:-1], None],
    "a web page": [b"HTTP/1.1 200 OK\r\n\r\n"],
    "closed": [None],
    "waits, then closed": [("wait",), ("wait",), None],
}


@test("module: an archiver that talks nonsense is not believed")
def nonsense(bench):
    server = ModuleCluster(bench).start()
    for what, answer in NONSENSE.items():
        with hostile("output that is no protocol"), MadeArchiver(server.socket, lambda _: answer) as archiver:
            before = len(server.pushed())
            server.cluster.sql("select pg_reload_conf()")  # Otherwise it is left aside for a while.
            names = server.archive()
            equal(server.pushed()[before:], names, f"who archived: {what}")
            expect(set(names_asked(archiver)) == set(names), f"it was asked: {what}", archiver.asked)
    server.same_process()


@test("module: an answer nobody asked for archives nothing")
def unasked(bench):
    server = ModuleCluster(bench)
    with hostile("output that is no protocol"), MadeArchiver(server.socket, lambda _: [message(*DONE) * 3]) as archiver:
        server.start()
        names = server.archive(5)
        expect(set(names) <= set(names_asked(archiver)), "each was asked for", archiver.asked)
        expect(archiver.connections >= 5, "such a connection is not used again", archiver.connections)
    server.same_process()


@test("module: a silent archiver is left aside, and its late answer is nobody's")
def silent(bench):
    server = ModuleCluster(bench)

    def late(_name):
        yield 12
        yield DONE

    with hostile("output that is no protocol"), MadeArchiver(server.socket, late) as archiver:
        server.start()
        names = server.archive(3)
        expect(set(names) <= set(server.pushed()), "the program archived", server.pushed())
        equal(len(archiver.asked), 1, "times that it was asked")
        server.wait_log("is silent")
    server.same_process()


@test("module: what is no socket of ours is not asked")
def other_files(bench):
    server = ModuleCluster(bench).start()
    elsewhere = bench.dir / "m/b.sock"
    with MadeArchiver(elsewhere, fine) as archiver:
        for make in (lambda: server.socket.write_text("a file"), lambda: server.socket.symlink_to(elsewhere),
                     lambda: server.socket.mkdir(), lambda: os.mkfifo(server.socket)):
            with hostile("links that lead elsewhere"):
                make()
                server.cluster.sql("select pg_reload_conf()")
                names = server.archive()
                equal(server.pushed()[-1:], names, "who archived")
                server.socket.rmdir() if server.socket.is_dir() and not server.socket.is_symlink() else os.unlink(
                    server.socket)
        equal(archiver.asked, [], "who was asked")
    server.wait_log("is no socket of user")
    server.same_process()


STRANGER = """import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
while True:
    link, _ = listener.accept()
    link.recv(65536)
    link.sendall(bytes.fromhex(sys.argv[2]))"""
NOBODY = 65534


def as_postgres(bench):
    """Programs of PostgreSQL that root may call, and a cluster made with them."""
    place = bench.dir / "as-postgres"
    place.mkdir()
    for name in ("initdb", "pg_ctl"):
        lab.put_script(place / name, f"#!/bin/sh\nexec runuser -u postgres -- {lab.PG_BIN}/{name} \"$@\"\n")
    for one in (bench.dir.parent, bench.dir):
        one.chmod(one.stat().st_mode | 0o055)
    bench.cluster = lab.Cluster(bench.dir / "c", place)
    bench.cluster.home.mkdir()
    shutil.chown(bench.cluster.home, "postgres")
    bench.cluster.create()
    bench.started.append(bench.cluster)


@test("module: an option in PostgreSQL's environment is for the program, which alone knows it")
def environment(bench):
    server = ModuleCluster(bench)
    place = bench.dir / "with-option"
    place.mkdir()
    lab.put_script(place / "pg_ctl", "#!/bin/sh\nPGBRAID_LOG_LEVEL_CONSOLE=warn PGBACKREST_REPO1_PATH=/elsewhere "
                                     f"exec {lab.PG_BIN}/pg_ctl \"$@\"\n")
    with MadeArchiver(server.socket, fine) as archiver:
        server.start()
        server.archive()
        equal((len(archiver.asked) > 0, server.pushed()), (True, []), "who was asked without it")
        server.cluster.stop()
        asked = len(archiver.asked)
        server.cluster.programs = place
        server.start()
        names = server.archive()
        equal(len(archiver.asked), asked, "times that the archiver was asked with it")
        equal(server.pushed()[-1:], names, "who archived")
        server.wait_log("has the option PGBACKREST_REPO1_PATH")
    server.same_process()


@test("module: a socket of another user is not asked, and neither is another user at one of ours", cluster=False, root=True)
def another_user(bench):
    if os.getuid() != 0:
        raise lab.Skip("only root can be several users")
    as_postgres(bench)
    server = ModuleCluster(bench)
    shutil.chown(server.place, "postgres")
    server.start()
    with hostile("output that is no protocol"), MadeArchiver(server.socket, fine) as archiver:
        os.chown(server.socket, NOBODY, NOBODY)
        server.archive()
        equal(archiver.asked, [], "who was asked")
        server.wait_log("is no socket of user")
    server.place.chmod(0o777)
    stranger = subprocess.Popen([sys.executable, "-c", STRANGER, server.socket, message(*DONE).hex()], user=NOBODY,
                                stderr=subprocess.DEVNULL)
    try:
        with hostile("output that is no protocol"):
            lab.wait_for(server.socket.exists, "the stranger listens")
            shutil.chown(server.socket, "postgres")
            server.cluster.sql("select pg_reload_conf()")
            names = server.archive()
            equal(server.pushed()[-1:], names, "who archived")
    finally:
        stranger.kill()
        stranger.wait()
    server.same_process()


@test("module: a program that says no path is asked no more than needed")
def no_path(bench):
    server = ModuleCluster(bench).start()
    for text in ("exit 1", "echo", "echo relative", "echo /a; echo /b", "printf /no-line-feed",
                 f"echo /{'long' * 60}", f"head -c 9000 /dev/zero | tr '\\0' /", "kill -9 $$", "echo '/a\tb'"):
        with hostile("output that is no protocol"):
            server.says(tell_socket=text)
            server.cluster.sql("select pg_reload_conf()")
            names = server.archive(2)
            expect(set(names) <= set(server.pushed()), f"the program archived: {text}", server.pushed())
    asked = (server.place / "calls").read_text().count("archive-server socket")
    expect(asked <= 20, "times that it was asked", asked)
    server.same_process()


@test("module: a program that is missing or fails is told, and it heals")
def program(bench):
    server = ModuleCluster(bench)
    server.set(program="/nowhere/pgbraid")
    server.start()
    name, = server.segments()
    server.wait_log('"/nowhere/pgbraid" could not be started: No such file')
    server.reload(program=server.program)
    server.wait_archived([name])
    for push, said in (("exit 82", "exited with exit code 82"), ("kill -9 $$", "terminated by signal 9"),
                       ("exit 127", "not found"), ("exit 255", "code 255")):
        server.says(push=push)
        name, = server.segments()
        server.wait_log(said)
        server.says(push="exit 0")
        server.wait_archived([name])
    server.same_process()


@test("module: a reload is heard while an archiver takes its time")
def reload(bench):
    server = ModuleCluster(bench)

    def forever(_name):
        while True:
            yield ("wait",)
            yield 0.2

    with MadeArchiver(server.socket, forever) as archiver:
        server.start()
        name, = server.segments()
        lab.wait_for(lambda: archiver.asked, "the archiver is asked")
        server.says(tell_socket="exit 1")
        server.reload(stanza="other")
        server.wait_archived([name])
        expect("--stanza=other archive-push" in (server.place / "calls").read_text(), "the new stanza")
        server.wait_log("Settings are read again")
    server.same_process()


for mode in ("smart", "fast", "immediate"):
    @test(f"module: a {mode} shutdown ends while the archiver hangs", mode)
    def shutdown(bench, mode):
        server = ModuleCluster(bench)
        with MadeArchiver(server.socket, lambda _: [1000]) as archiver:
            server.start()
            server.segments()
            lab.wait_for(lambda: archiver.asked, "the archiver is asked")
            lab.run([server.cluster.programs / "pg_ctl", "-D", server.cluster.data, "-m", mode, "-t", "50", "-w",
                     "stop"])
            if mode != "immediate":
                equal(server.pushed()[:1], names_asked(archiver)[:1], "the program archived it")
        server.nothing_crashed()


@test("module: a postmaster that dies takes a hanging program along")
def postmaster_dies(bench):
    server = ModuleCluster(bench)
    server.says(push=f"echo $$ >{server.place}/process; exec sleep 1000")
    server.start()
    server.segments()
    process = server.place / "process"
    lab.wait_for(lambda: process.exists() and process.read_text(), "the program runs")
    postmaster = int((server.cluster.data / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, 9)
    for one in (server.archiver, process.read_text().strip()):
        lab.wait_for(lambda: not os.path.exists(f"/proc/{one}"), f"process {one} ends", 30)


def with_pgbraid(bench, major, **settings):
    """A stanza, and a server that archives into it with the module and the program itself."""
    server = ModuleCluster(bench, major)
    bench.cluster = server.cluster
    bench.configure(**settings)
    server.cluster.set_options(wal_keep_size="512MB")  # What was archived is compared with it.
    server.set(program=OURS, config=bench.conf)
    server.start()
    bench.ours("stanza-create")
    return server


for major in ("15", "18"):
    @test(f"module: check and backup accept it in place of a command, PostgreSQL {major}", major, cluster=major == "15")
    def accepted(bench, major):
        server = with_pgbraid(bench, major)
        bench.ours("check")
        bench.ours("backup")
        server.reload(stanza="other")
        ended = bench.ours("check", codes=68)
        expect("archives for stanza 'other', not for 'demo'" in ended.text, "both stanzas are named", ended)
        server.reload(stanza="")
        expect("pgbraid_archive.stanza is not set" in bench.ours("check", codes=68).text, "what is missing")
        server.reload(stanza="demo", config="/nowhere/pgbraid.conf")
        ended = bench.ours("check", "--archive-timeout=5", codes=82)
        expect("/nowhere/pgbraid.conf" in ended.text, "the other file", ended)
        server.reload(config=bench.conf)
        server.cluster.stop()
        server.cluster.start(archive_command="pgbraid archive-push %p")
        ended = bench.ours("check", codes=(0,) if major == "15" else (68,))
        if major != "15":
            expect("are both set" in ended.text, "what is wrong", ended)
            equal(bench.ours("backup", codes=None).code, 68, "backup")
        server.cluster.sql("alter system set archive_library = 'basic_archive'")
        server.cluster.sql("select pg_reload_conf()")
        ended = bench.ours("check", codes=68)
        expect("archive_library 'basic_archive' must be pgbraid_archive" in ended.text, "what is wrong", ended)


@test("module: with pgbraid behind it every segment arrives, whoever is there to be asked")
def whole(bench):
    server = with_pgbraid(bench, "15", archive_server_start="y" if has_archiver() else None)
    names = server.archive(30)
    if has_archiver():
        path = pathlib.Path(bench.ours("archive-server", "socket").out.decode().strip())
        expect(path.exists() and len(archivers(bench)) == 1, "an archiver was started", server.log())
        server.wait_log(r"resident archiver at \S+ archives WAL")
        stop_archivers(bench, signal.SIGKILL)
        names += server.archive(10)
        stop_archivers(bench)
        names += server.archive(5)
    spooled.all_archived(bench, names)
    equal(server.cluster.sql("select failed_count from pg_stat_archiver"), "0", "failures")
    bench.repo.rename(bench.dir / "lost")
    name, = server.segments()
    server.wait_log("could not archive WAL file")
    (bench.dir / "lost").rename(bench.repo)
    server.wait_archived([name])
    spooled.all_archived(bench, [name])
    server.reload(stanza="other")
    name, = server.segments()
    server.wait_log("--stanza=other archive-push|stanza 'other'")
    server.reload(stanza="demo")
    server.wait_archived([name])
    spooled.all_archived(bench, [name])
    server.same_process()
    stop_archivers(bench)
