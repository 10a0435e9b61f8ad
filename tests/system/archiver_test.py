# The resident archiver: what it does for those who ask it, and that they do it themselves where it does not.
# SPDX-License-Identifier: MIT
import os
import random
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import time

import lab
import spooled
from case import test
from hostile import hostile
from journaled import down, due, gaps, kept, up
from lab import FRONT, OURS, PEER, STANZA, Skip, equal, expect
from resident import Server, answer, ask, argv, connect, hear, message, place, process_of, servers
from spooled import all_archived, archived, idle, push, waiting
from wal_files import make_wal, prepared, segment

SYNC = {"compress_type": "lz4"}
ASYNC = spooled.ASYNC


@test("archiver: it archives for who asks, over one connection or many", SYNC, short=True)
@test("archiver: it archives all that waits when one asks, asynchronously", ASYNC, short=True)
def asked(bench, settings):
    prepared(bench, **settings)
    names = waiting(bench, range(1, 9))
    with Server(bench) as server:
        equal(stat.S_IMODE(place(bench).stat().st_mode), 0o600, "mode of the socket")
        equal(bench.ours("archive-server", "socket").out.decode(), f"{place(bench)}\n", "where it is")
        with connect(bench) as one:
            for name in names[:3]:
                one.sendall(message("push", 1, bench.cluster.data / "pg_wal", name))
                equal(answer(one), ["done", "0", ""], name)
                # It is durable when it is told.
                equal(archived(bench).get(name), lab.sha1(bench.cluster.data / "pg_wal" / name), name)
            one.sendall(message("hello", 1))
            fields = hear(one)
            equal([fields[:2], fields[3]], [["hello", "1"], str(server.process.pid)], "who is there")
        for name in names:
            ended = push(bench, name)
            expect(f"pushed WAL file '{name}' to the archive" in ended.text, "said", ended)
        if settings is ASYNC:
            lab.wait_for(lambda: not lock_files(bench), "the locks of the batch are let go")
        equal(server.end(), 0, "exit status")
    all_archived(bench, names)
    equal(sorted(path.name for path in (bench.dir / "lock").iterdir()), [], "files of locks and socket")
    equal(servers(bench), [], "processes")


def lock_files(bench):
    return [path.name for path in (bench.dir / "lock").glob("*.lock") if "-server" not in path.name]


@test("archiver: errors and warnings are told as the call itself tells them", SYNC, short=True)
@test("archiver: errors and warnings are told as the call itself tells them, asynchronously", ASYNC)
@hostile("WAL segments", 3)
def errors(bench, settings):
    prepared(bench, **settings)
    names = waiting(bench, (1,))
    with Server(bench):
        push(bench, names[0])
        names += waiting(bench, range(2, 4))
        path = bench.cluster.data / "pg_wal" / names[1]
        good = path.read_bytes()
        path.write_bytes(good[:1000])
        ended = push(bench, names[1], codes=(44,))
        expect("ERROR: [044]" in ended.text, "what is wrong", ended)
        path.write_bytes(good)
        push(bench, names[1])
        push(bench, names[2])
        stanza = bench.repo / "archive" / STANZA
        stanza.rename(stanza.with_name("gone"))
        names += waiting(bench, (4,))
        ended = push(bench, names[3], codes=(103,))
        expect("unable to find a valid repository" in ended.text, "what is wrong", ended)
        expect(not stanza.exists(), "nothing is stored where no repository is")
        stanza.with_name("gone").rename(stanza)
        push(bench, names[3])
        make_wal(bench, names[0], b"other")
        spooled.wait_for_it(bench, names[0])
        push(bench, names[0], codes=(45,))
    all_archived(bench, names[1:])


@test("archiver: one of two repositories is down, and is not required", SYNC, short=True)
@test("archiver: one of two repositories is down, and is not required, asynchronously", ASYNC)
def besides(bench, settings):
    prepared(bench, **settings, repo2_path=bench.dir / "repo2", archive_require="1")
    names = waiting(bench, (1,))
    with Server(bench) as server:
        push(bench, names[0])
        down(bench)
        names += waiting(bench, range(2, 5))
        for name in names[1:]:
            push(bench, name)
        equal(kept(bench), names[1:], "kept for repo2")
        up(bench)
        names += waiting(bench, range(5, 7))
        for name in names[4:]:
            due(bench)
            push(bench, name)
        number = 7
        while kept(bench):
            due(bench)
            more, = waiting(bench, (number,))
            push(bench, more)
            number += 1
        server.end()
    all_archived(bench, names)
    all_archived(bench, names, "repo2")
    equal(gaps(bench), [], "gaps")


@test("archiver: the front asks it, and needs the full program only where it does not answer", SYNC, short=True)
@test("archiver: the front asks it, and needs the full program only where it does not answer, asynchronously", ASYNC)
def by_front(bench, settings):
    prepared(bench, **settings)
    front = bench.dir / "bin/pgbraid"
    front.parent.mkdir()
    lab.put_program(FRONT, front)
    names = waiting(bench, range(1, 4))
    with Server(bench) as server:
        for name in names[:2]:
            ended = push(bench, name, program=front)
            equal(ended.text.count("command begin"), 1, "begin lines")
        server.end()
    if settings is SYNC:
        push(bench, names[2], program=front, codes=(102,))
    all_archived(bench, names[:2])


@test("archiver: there is one for a stanza", short=True)
def second(bench):
    prepared(bench, **SYNC)
    with Server(bench) as server:
        ended = lab.run(argv(bench), codes=(50,))
        expect(f"process {server.process.pid}" in ended.text, "who it is", ended)
        equal(process_of(bench), server.process.pid, "who answers")
    # A socket that somebody left is no hindrance.
    expect(place(bench).exists(), "the killed one left its socket")
    with Server(bench):
        push(bench, waiting(bench, (1,))[0])


@test("archiver: what cannot be the server's socket is not asked", SYNC, short=True)
@test("archiver: what cannot be the server's socket is not asked, asynchronously", ASYNC)
@hostile("modes, owners and directories of others", 4)
def foreign(bench, settings):
    prepared(bench, **settings)
    names = waiting(bench, range(1, 6))
    at = place(bench)
    at.parent.mkdir(mode=0o750, exist_ok=True)

    def refused(name, why):
        ended = push(bench, name)
        idle(bench)
        expect(f"the archive server is not asked: {why}" in ended.text, why, ended)

    at.write_text("no socket")
    refused(names[0], f"'{at}' is no socket")
    lab.run(argv(bench), codes=(93,))
    at.unlink()
    with listening(at) as one:
        at.chmod(0o666)
        refused(names[1], f"'{at}' may be used by others")
        at.chmod(0o600)
        at.parent.chmod(0o777)
        try:
            # Nothing at all is done where others could put locks.
            push(bench, names[2], codes=(83,))
        finally:
            at.parent.chmod(0o750)
        expect(not waits(one), "nobody connected")
    at.unlink()
    at.symlink_to(bench.dir / "elsewhere")
    refused(names[3], f"'{at}' is no socket")
    at.unlink()
    push(bench, names[2])
    push(bench, names[4])
    idle(bench)
    all_archived(bench, names)


@test("archiver: what is another user's is not asked and not heard", cluster=False, root=True)
@hostile("modes, owners and directories of others", 2)
def other_user(bench):
    if os.geteuid() != 0:
        raise Skip("takes root")
    data = bench.dir / "pg"
    (data / "pg_wal").mkdir(parents=True)
    bench.configure(allow_root="y")
    with open(bench.conf, "a", encoding="utf-8") as conf:
        conf.write(f"[{STANZA}]\npg1-path={data}\n")
    at = place(bench)
    at.parent.mkdir(mode=0o750)
    file = data / "pg_wal" / segment(1)
    file.write_bytes(b"wal")
    with listening(at) as one:
        os.chown(at, 65534, 65534)
        ended = bench.ours("archive-push", file, codes=None)
        expect("belongs to another user (65534)" in ended.text, "why", ended)
        expect(not waits(one), "nobody connected")
    with Server(bench) as server:
        for path in (bench.dir, at.parent):
            path.chmod(0o755)
        at.chmod(0o666)
        said = lab.run([sys.executable, "-c", "import os, socket, sys\nos.setuid(65534)\n"
                        "one = socket.socket(socket.AF_UNIX)\none.connect(sys.argv[1])\n"
                        "one.sendall(b'\\0\\0\\0\\x08hello\\0' + b'1\\0')\nprint(one.recv(100))\n", at], codes=None)
        expect("hello" not in said.text, "it is not heard", said)
        lab.wait_for(lambda: "another user's process" in server.log, "said in the log")


class listening:
    """Somebody who listens, and says nothing."""

    def __init__(self, at):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(at))
        os.chmod(at, 0o600)
        self.socket.listen(5)

    def __enter__(self):
        return self.socket

    def __exit__(self, *_):
        self.socket.close()


def waits(one):
    one.setblocking(False)
    try:
        one.accept()[0].close()
        return True
    except BlockingIOError:
        return False


GARBAGE = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"GET / HTTP/1.0\r\n\r\n", b"\0\0\0\5hello", struct.pack(">I", 65537),
           message("hello", 2), message("push", 1, "pg_wal", segment(1)), message("push", 1, "/", "../x"),
           message("stop"), message("push", 1, "/x"), message("push", 1, "/x", "y", "z"), message("done", 0, ""))


@test("archiver: garbage and half messages end one connection and nothing else", short=True)
@hostile("output that is no protocol", len(GARBAGE) + 70)
def garbage(bench):
    prepared(bench, **SYNC)
    names = waiting(bench, range(1, 3))
    chance = random.Random(7)
    with Server(bench) as server:
        for sent in GARBAGE:
            with connect(bench) as one:
                one.sendall(sent)
                equal(hear(one), None, f"answer to {sent[:40]!r}")
        whole = message("push", 1, bench.cluster.data / "pg_wal", names[0])
        for _ in range(40):
            with connect(bench) as one:
                one.sendall(whole[:chance.randrange(len(whole))])
        halves = [connect(bench) for _ in range(30)]
        for one in halves:
            one.sendall(whole[:-1])
        push(bench, names[0])
        # They are not waited for without end.
        equal([hear(one) for one in halves], [None] * len(halves), "answers to halves")
        push(bench, names[1])
        equal(process_of(bench), server.process.pid, "who answers")
    all_archived(bench, names)


@test("archiver: many callers at the same time, and more than it takes", short=True)
@hostile("output that is no protocol", 70)
def many(bench):
    prepared(bench, **SYNC)
    names = waiting(bench, range(1, 9))
    with Server(bench):
        idle_ones = [connect(bench) for _ in range(70)]
        time.sleep(1)
        asking = [connect(bench) for _ in range(20)]
        for i, one in enumerate(asking):
            one.sendall(message("push", 1, bench.cluster.data / "pg_wal", names[i % len(names)]))
        for one in asking:
            equal(answer(one)[:2], ["done", "0"], "answer")
        for one in idle_ones + asking:
            one.close()
        push(bench, names[0])
    all_archived(bench, names)


@test("archiver: a server that says nothing, or nonsense, is nobody", short=True)
@hostile("output that is no protocol", 4)
def liars(bench):
    prepared(bench, **SYNC, archive_timeout="60")
    names = waiting(bench, range(1, 5))
    at = place(bench)
    at.parent.mkdir(mode=0o750, exist_ok=True)
    for name, said in zip(names, (b"", b"\xff" * 100, message("done", "0"), None)):
        with listening(at) as one:
            one.settimeout(30)
            call = lab.spawn(bench.argv(OURS, "archive-push", bench.cluster.data / "pg_wal" / name), bench.dir / "push.log")
            there = one.accept()[0]
            if said is not None:
                there.sendall(said)
                there.close()
            equal(call.wait(40), 0, f"status after {said!r}")
        at.unlink()
    all_archived(bench, names)


@test("archiver: it does not do what is another's", SYNC, short=True)
@test("archiver: it does not do what is another's, asynchronously", ASYNC)
@hostile("WAL segments", 3)
def others(bench, settings):
    prepared(bench, **settings)
    name, = waiting(bench, (1,))
    elsewhere = bench.dir / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(bench.cluster.data / "pg_wal" / name, elsewhere / name)
    with Server(bench):
        for directory in (elsewhere, bench.dir / "missing", "/"):
            equal(ask(bench, name, directory)[0], "elsewhere", f"answer for {directory}")
        equal(archived(bench), {}, "archived")
        # Nor what was said in words, or in variables: it knows the files alone.
        push(bench, name, "--compress-type=zst")
        all_archived(bench, [name])
        expect(list(bench.repo.rglob("*.zst")), "by the call itself")
        idle(bench)


@test("archiver: somebody said stop, and start", SYNC, short=True)
@test("archiver: somebody said stop, and start, asynchronously", ASYNC)
def stopped(bench, settings):
    prepared(bench, **settings)
    names = waiting(bench, range(1, 4))
    with Server(bench):
        push(bench, names[0])
        bench.peer("stop")
        push(bench, names[1], codes=(62,))
        equal(ask(bench, names[1])[:2], ["done", "62"], "answer")
        bench.peer("start")
        push(bench, names[1])
        push(bench, names[2])
    all_archived(bench, names)


@test("archiver: pgBackRest works beside it", SYNC, short=True)
@test("archiver: pgBackRest works beside it, asynchronously", ASYNC)
def peer_beside(bench, settings):
    prepared(bench, **settings)
    names = waiting(bench, range(1, 9))
    with Server(bench):
        for i, name in enumerate(names):
            push(bench, name, program=PEER if i % 2 else OURS)
            idle(bench)
            if i % 3 == 0:
                # The locks of a batch are released a moment after its last answer.
                for program in (PEER, OURS):
                    lab.wait_for(lambda program=program: bench.call(
                        program, "stanza-create", "--no-online", codes=(0, 50)).code == 0, "its turn", 30)
    all_archived(bench, names)
    for name in names:
        spooled.get(bench, name, program=PEER)
        idle(bench)


@test("archiver: a stanza that is made anew with another key gets WAL with that key", short=True)
def other_key(bench):
    prepared(bench, **SYNC, repo1_cipher_type="aes-256-cbc", repo1_cipher_pass=lab.PASSPHRASE)
    names = waiting(bench, range(1, 4))
    with Server(bench):
        push(bench, names[0])
        bench.peer("stop")
        bench.peer("stanza-delete", "--force")
        bench.peer("start")
        bench.ours("stanza-create", "--no-online")
        for name in names[1:]:
            push(bench, name)
    for name in names[1:]:
        spooled.get(bench, name, program=PEER)


@test("archiver: it goes by a configuration that has changed, and by none that is no good", short=True)
def configured_anew(bench):
    prepared(bench, **SYNC)
    names = waiting(bench, range(1, 7))
    with Server(bench) as server:
        push(bench, names[0])
        good = bench.conf.read_text()
        time.sleep(1.1)
        bench.conf.write_text(good + "compress-type=rar\n")
        equal(ask(bench, names[1])[0], "elsewhere", "answer while it is no good")
        push(bench, names[1], codes=(32,))
        time.sleep(1.1)
        bench.conf.write_text(good)
        push(bench, names[1])
        equal(process_of(bench), server.process.pid, "who answers")
        bench.configure(compress_type="zst")
        time.sleep(1.1)
        push(bench, names[2])
        lab.wait_for(lambda: "begins anew: the configuration has changed" in server.log, "it begins anew")
        lab.wait_for(lambda: process_of(bench), "it answers again")
        equal(process_of(bench), server.process.pid, "it is the same process")
        push(bench, names[3])
        expect(any(names[3] in path.name for path in bench.repo.rglob("*.zst")), "the new way")
        server.process.send_signal(signal.SIGHUP)
        lab.wait_for(lambda: "begins anew: it was asked to" in server.log, "it begins anew")
        push(bench, names[4])
        place(bench).unlink()
        lab.wait_for(lambda: "was removed" in server.log, "it looks after its socket")
        lab.wait_for(lambda: process_of(bench), "it answers again")
        push(bench, names[5])
        equal(server.end(), 0, "exit status")
    all_archived(bench, names)


@test("archiver: a program that was replaced takes over, and no caller is lost", short=True)
def replaced(bench):
    prepared(bench, **SYNC)
    names = waiting(bench, range(1, 13))
    program = bench.dir / "program"
    lab.put_program(OURS, program)
    with Server(bench, program=program) as server:
        for i, name in enumerate(names):
            if i in (3, 7):
                lab.put_program(OURS, bench.dir / "next")
                (bench.dir / "next").rename(program)
            push(bench, name)
            time.sleep(0.3)
        lab.wait_for(lambda: server.log.count("was replaced") == 2, "it begins anew", 10)
        lab.wait_for(lambda: process_of(bench), "it answers again")
        equal(process_of(bench), server.process.pid, "it is the same process")
        equal(server.end(), 0, "exit status")
    all_archived(bench, names)


@test("archiver: a service manager hands over the socket", short=True)
def activated(bench):
    prepared(bench, **SYNC)
    names = waiting(bench, range(1, 4))
    at = place(bench)
    at.parent.mkdir(mode=0o750, exist_ok=True)
    with listening(at) as one, listening(bench.dir / "notify-not") as wrong:
        note = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        note.bind(str(bench.dir / "notify"))
        note.settimeout(20)

        def start(given):
            return subprocess.Popen(
                [sys.executable, "-c", "import os, sys\nos.dup2(int(sys.argv[1]), 3)\n"
                 "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()), NOTIFY_SOCKET=sys.argv[2])\n"
                 "os.execv(sys.argv[3], sys.argv[3:])", str(given.fileno()), str(bench.dir / "notify"),
                 *map(str, argv(bench))], pass_fds=(given.fileno(),), stdout=subprocess.DEVNULL)

        equal(start(wrong).wait(20), 101, "a socket of another path")
        process = start(one)
        try:
            equal(note.recv(100), b"READY=1", "said to the manager")
            push(bench, names[0])
            equal(process_of(bench), process.pid, "who answers")
            process.send_signal(signal.SIGHUP)
            equal(note.recv(100)[:11], b"RELOADING=1", "said to the manager")
            equal(note.recv(100), b"READY=1", "said to the manager")
            push(bench, names[1])
            process.terminate()
            equal(note.recv(100), b"STOPPING=1", "said to the manager")
            equal(process.wait(30), 0, "exit status")
        finally:
            process.kill()
        expect(at.exists(), "the socket is the manager's")
    push(bench, names[2])
    all_archived(bench, names)
