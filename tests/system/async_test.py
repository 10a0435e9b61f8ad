# Asynchronous archiving: the spool, the background processes, and what happens to them.
# SPDX-License-Identifier: MIT
import os
import random
import shutil
import signal
import subprocess
import time

import lab
from case import test
from hostile import hostile
from lab import OURS, PEER, STANZA, Skip, equal, expect
from later_peer import later_peer
from other_host import over_ssh, over_tls
from sftp_server import SftpServer
from spooled import (ASYNC, all_archived, archived, background, get, idle, part, push, wait_for_it,
                     waiting)
from wal_files import make_wal, prepared, segment


@test("async: what waits is archived in one batch, and each call has its answer", short=True)
def one_batch(bench):
    prepared(bench, **ASYNC)
    names = waiting(bench, range(1, 7))
    (bench.cluster.data / "pg_wal/00000002.history").write_text("1\t0/100\tbefore\n")
    wait_for_it(bench, "00000002.history")
    ended = push(bench, names[0])
    expect(f"pushed WAL file '{names[0]}' to the archive asynchronously" in ended.text, "said", ended)
    idle(bench)
    out = part(bench, "out")
    equal(sorted(path.name for path in out.iterdir()),
          [f"{name}.ok" for name in (*names, "00000002.history")], "answers")
    expect(all(path.stat().st_size == 0 and path.stat().st_mode & 0o7777 == 0o640
               for path in out.iterdir()), "they are empty")
    equal(out.stat().st_mode & 0o7777, 0o750, "mode of the directory")
    for name in ("00000002.history", *names[1:]):
        push(bench, name, "--archive-timeout=1")
    all_archived(bench, names)
    equal([path.name for path in (bench.repo / "archive" / STANZA / "15-1").glob("*.history")],
          ["00000002.history"], "history file")
    # The next batch forgets what was asked for.
    names = waiting(bench, (7, 8))
    push(bench, names[0])
    idle(bench)
    equal(sorted(path.name for path in out.iterdir()), [f"{name}.ok" for name in names], "answers")
    equal(list((bench.dir / "lock").glob("*")), [], "locks")


@test("async: partial segments and .backup files go where they belong")
def other_files(bench):
    prepared(bench, **ASYNC)
    names = waiting(bench, (3,))
    shutil.copy(bench.cluster.data / "pg_wal" / names[0],
                bench.cluster.data / "pg_wal" / (partial := segment(4) + ".partial"))
    make_wal(bench, partial, b"part")
    (bench.cluster.data / "pg_wal" / (history := names[0] + ".00000028.backup")).write_text("START")
    for name in (partial, history):
        wait_for_it(bench, name)
    for name in (*names, history, partial):
        push(bench, name)
    idle(bench)
    folder = bench.repo / "archive" / STANZA / "15-1/0000000100000000"
    equal(sorted(path.name.split("-")[0] for path in folder.iterdir()),
          sorted([names[0], history, partial]), "files")


def by_turns(bench, name, program):
    """A call of ours does not wait long for a background process that is not its own, and pgBackRest's next call may then take
    from its own one what that is about to move: seen once in some 60 runs. It says so with 55, and is asked again."""
    words = (bench, name, "--archive-get-queue-max=4MiB")
    if program == OURS:
        return get(*words)
    ended = get(*words, program=program, codes=(0, 55))
    if ended.code == 55:
        expect("unable to move missing source" in ended.text, "why", ended)
        ended = get(*words, program=program)
    return ended


def at_once(_bench):
    """The next one comes while the background process of the one before may still run."""


@test("async: the spool goes from pgBackRest to pgbraid and back in the middle of a queue", "2.45", idle,
      short=True)
@test("async: the spool goes from pgBackRest 2.60.0 to pgbraid and back in the middle of a queue",
      "2.60.0", idle)
@test("async: the spool goes to pgBackRest 2.60.0 and back in the middle of a batch", "2.60.0", at_once)
def handed_over(bench, version, between):
    peer = PEER if version == "2.45" else later_peer(version)
    prepared(bench, **ASYNC, archive_push_batch_size="3MiB")
    names = waiting(bench, range(1, 13))
    for i, name in enumerate(names):
        # Each batch has three: begun by one, asked for and gone on with by the other.
        ended = push(bench, name, program=OURS if i // 2 % 2 else peer)
        expect("asynchronously" in ended.text, "through the spool", ended)
        between(bench)
    idle(bench)
    all_archived(bench, names)
    for i, name in enumerate(names):
        ended = by_turns(bench, name, OURS if i // 2 % 2 else peer)
        expect("found" in ended.text, "it is there", ended)
        between(bench)
    idle(bench)
    for program in (OURS, peer):
        get(bench, segment(13), program=program, codes=(1,))
    idle(bench)


@test("async: errors are told to who waits, and gone when their cause is", short=True)
@hostile("WAL segments")
def errors(bench):
    prepared(bench, **ASYNC)
    names = waiting(bench, range(1, 4))
    stanza = bench.repo / "archive" / STANZA
    stanza.rename(stanza.with_name("gone"))
    ended = push(bench, names[0], codes=(103,))
    expect("unable to find a valid repository" in ended.text, "the reason", ended)
    idle(bench)
    equal([path.name for path in part(bench, "out").iterdir()], ["global.error"], "files")
    get(bench, names[0], "--archive-timeout=5", codes=(103,))
    idle(bench)
    stanza.with_name("gone").rename(stanza)
    data = bytearray((bench.cluster.data / "pg_wal" / names[0]).read_bytes())
    (bench.cluster.data / "pg_wal" / names[0]).write_bytes(data[:1000])
    ended = push(bench, names[0], codes=(44,))
    idle(bench)
    (bench.cluster.data / "pg_wal" / names[0]).write_bytes(data)
    for name in names:
        push(bench, name)
    all_archived(bench, names)


@test("async: one of two repositories fails")
def two_repositories(bench):
    prepared(bench, **ASYNC, repo2_path=bench.dir / "repo2")
    names = waiting(bench, range(1, 6))
    stanza = bench.dir / "repo2/archive" / STANZA
    stanza.rename(stanza.with_name("gone"))
    ended = push(bench, names[0], codes=(104,))
    expect("repo2: [FileMissingError]" in ended.text, "the reason", ended)
    idle(bench)
    all_archived(bench, names[:1])
    stanza.with_name("gone").rename(stanza)
    ended = push(bench, names[0])
    expect("already exists in the repo1 archive with the same checksum" in ended.text, "a warning", ended)
    for name in names[1:]:
        push(bench, name)
    all_archived(bench, names)
    all_archived(bench, names, "repo2")
    # Ahead of a recovery one is enough, and none says that WAL ends while the other cannot be asked.
    shutil.rmtree(bench.repo / "archive")
    for name in names:
        get(bench, name)
    get(bench, segment(6), "--archive-timeout=5", codes=(103,))
    idle(bench)


@test("async: more than archive-push-queue-max is given up")
def queue_limit(bench):
    prepared(bench, **ASYNC, archive_push_queue_max="2MiB")
    names = waiting(bench, range(1, 5))
    for name in names:
        ended = push(bench, name)
        expect(f"dropped WAL file '{name}' because archive queue exceeded 2MB" in ended.text,
               "a warning", ended)
        idle(bench)
        if len(list((bench.cluster.data / "pg_wal/archive_status").glob("*.ready"))) == 0:
            break
    equal(archived(bench), {}, "archived")


@test("async: an answer about an older file of the same name archives nothing", OURS, short=True)
@test("async: an answer of pgBackRest about an older file archives nothing", PEER)
@hostile("WAL segments", 2)
def stale_answers(bench, program):
    """A cluster comes back to where it was (a copy of its files, no restore) while answers lie in
    the spool: PostgreSQL must not throw away what nobody archived."""
    prepared(bench, **ASYNC)
    names = waiting(bench, range(1, 4))
    push(bench, names[0], program=program)
    lab.wait_for(lambda: len(list(part(bench, "out").glob("*.ok"))) == 3, "all are answered")
    idle(bench)
    shutil.rmtree(bench.repo / "archive" / STANZA / "15-1/0000000100000000")
    time.sleep(0.02)  # Times of files have steps of some milliseconds.
    waiting(bench, range(2, 4), b"other %d")
    for name in names[1:]:
        push(bench, name)
    all_archived(bench, names[1:])
    idle(bench)


@test("async: background processes and calls that are killed lose nothing", 20, short=True)
@test("async: background processes and calls that are killed lose nothing, often", 120, slow=True)
def killed(bench, count):
    prepared(bench, **ASYNC, repo2_path=bench.dir / "repo2", archive_push_batch_size="8MiB")
    names = waiting(bench, range(1, count + 1))
    chance = random.Random(7)
    for name in names:
        while True:
            call = lab.spawn(bench.argv(OURS, "archive-push",
                                        bench.cluster.data / "pg_wal" / name), bench.dir / "push.log")
            fate = chance.random()
            if fate < 0.3:
                time.sleep(chance.random() * 0.15)
                lab.kill_group(call)
            elif fate < 0.6:
                time.sleep(chance.random() * 0.15)
                for process in background(bench):
                    os.kill(process, signal.SIGKILL)
            if call.wait(timeout=60) == 0:
                break
        status = bench.cluster.data / "pg_wal/archive_status"
        (status / f"{name}.ready").rename(status / f"{name}.done")
        # What PostgreSQL was told is archived is so at that moment.
        all_archived(bench, [name])
        all_archived(bench, [name], "repo2")
    idle(bench)
    for name in names:
        get(bench, name)
        if chance.random() < 0.3:
            for process in background(bench):
                os.kill(process, signal.SIGKILL)
    idle(bench)


@test("async: a full spool means archiving in the call")
def full_spool(bench):
    if not lab.SMALL_FILE_SYSTEM:
        raise Skip("there is no file system of a few MiB")
    spool = lab.SMALL_FILE_SYSTEM / "spool"
    prepared(bench, **ASYNC, spool_path=spool)
    names = waiting(bench, range(1, 3))
    filler = lab.SMALL_FILE_SYSTEM / "filler"
    try:
        spool.mkdir()
        with open(filler, "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        for name in names:
            ended = push(bench, name)
            expect("is archived synchronously" in ended.text, "a warning", ended)
            ended = get(bench, name)
            expect("is fetched synchronously" in ended.text, "a warning", ended)
        all_archived(bench, names)
    finally:
        filler.unlink(missing_ok=True)
        idle(bench)
        shutil.rmtree(spool, ignore_errors=True)


@test("async: a spool that cannot be written, or that others may write, is said at once")
@hostile("modes, owners and directories of others", 2)
def bad_spool(bench):
    prepared(bench, **ASYNC)
    names = waiting(bench, range(1, 3))
    out = part(bench, "out")
    out.mkdir(parents=True)
    out.chmod(0o777)
    push(bench, names[0], codes=(83,))
    if os.geteuid() != 0:
        out.chmod(0o550)
        ended = push(bench, names[0], codes=(64,))
        expect(ended.seconds < 10 and "unable to write into" in ended.text, "at once", ended)
    out.chmod(0o750)
    push(bench, names[0])
    idle(bench)


@test("async: a stop file keeps WAL here")
def stop_file(bench):
    prepared(bench, **ASYNC)
    names = waiting(bench, (1,))
    (bench.dir / "lock").mkdir(exist_ok=True)
    (bench.dir / "lock" / f"{STANZA}.stop").touch()
    push(bench, names[0], codes=(62,))
    (bench.dir / "lock" / f"{STANZA}.stop").unlink()
    push(bench, names[0])
    idle(bench)


@test("async: a passphrase of the environment reaches the background process", short=True)
def secret_environment(bench):
    secret = {"PGBACKREST_REPO1_CIPHER_TYPE": "aes-256-cbc",
              "PGBACKREST_REPO1_CIPHER_PASS": lab.PASSPHRASE}
    bench.configure(**ASYNC)
    bench.ours("stanza-create", "--no-online", env=secret)
    names = waiting(bench, range(1, 3))
    for name in names:
        bench.ours("archive-push", f"pg_wal/{name}", cwd=bench.cluster.data, env=secret)
    idle(bench)
    for name in names:
        ended = bench.ours("archive-get", name, bench.dir / "got", env=secret)
        expect("asynchronously" in ended.text, "through the spool", ended)
        equal(lab.sha1(bench.dir / "got"), lab.sha1(bench.cluster.data / "pg_wal" / name), name)
    idle(bench)


@test("async: WAL is fetched ahead, and once more when it came later", short=True)
def fetched_ahead(bench):
    prepared(bench, **ASYNC, archive_get_queue_max="4MiB")
    names = waiting(bench, range(1, 8))
    for name in names:
        push(bench, name)
    idle(bench)
    expect("asynchronously" in get(bench, names[0]).text, "through the spool")
    idle(bench)
    equal(sorted(path.name for path in part(bench, "in").iterdir()), names[1:4], "fetched")
    for name in names[1:]:
        ended = get(bench, name)
        expect("asynchronously" in ended.text, "through the spool", ended)
        idle(bench)
    get(bench, segment(8), codes=(1,))
    idle(bench)
    names = waiting(bench, (8,))
    push(bench, names[0])
    get(bench, names[0])
    idle(bench)


@test("async: a repository that hangs holds up one background process, not each")
def left_aside(bench):
    prepared(bench, **ASYNC, archive_get_queue_max="4MiB", repo2_path=bench.dir / "repo2")
    names = waiting(bench, range(1, 17))
    for name in names:
        push(bench, name)
    idle(bench)
    ssh = bench.dir / "ssh"
    # Two threads of one process may each ask.
    lab.put_script(ssh, f"#!/bin/sh\necho $PPID >> {bench.dir}/asked\nexec sleep 600\n")
    bench.configure(cmd_ssh=ssh, repo1_host="other-host", repo1_host_user="somebody")
    aside = part(bench, "repo1.aside")
    # At the end of the archive all are asked.
    for name in names[:6]:
        if aside.exists():
            os.utime(aside) # However slow this machine is: its half minute is not over.
        expect("asynchronously" in get(bench, name).text, "through the spool")
        idle(bench)
    equal(len(set((bench.dir / "asked").read_text().split())), 1, "processes that asked")
    # Half a minute later it has another try.
    os.utime(aside, (0, 0))
    for name in names[6:10]:
        if aside.stat().st_mtime > 0:
            os.utime(aside)
        expect("asynchronously" in get(bench, name).text, "through the spool")
        idle(bench)
    equal(len(set((bench.dir / "asked").read_text().split())), 2, "processes that asked")


@test("async: damaged and foreign files of the spool are not delivered", short=True)
@hostile("WAL segments", 4)
def damaged_spool(bench):
    prepared(bench, **ASYNC, archive_get_queue_max="4MiB")
    names = waiting(bench, range(1, 6))
    for name in names:
        push(bench, name)
    idle(bench)
    get(bench, names[0])
    idle(bench)
    spooled = part(bench, "in")
    (spooled / names[1]).write_bytes((spooled / names[2]).read_bytes())
    (spooled / names[2]).write_bytes(b"")
    (spooled / names[3]).unlink()
    (spooled / names[3]).symlink_to(bench.cluster.data / "pg_wal" / names[0])
    (spooled / f"{names[4]}.error").write_bytes(b"\x00" * 100)
    for name in names[1:]:
        get(bench, name)
        idle(bench)


def generate_wal(cluster, stop):
    """A small load until somebody says stop, with segments that end early."""
    while not stop():
        cluster.sql("insert into grown select i, repeat(md5(i::text), 20) from generate_series(1, 400) i;"
                    "select pg_switch_wal()")


@test("async: a server under load, kills in between, and a recovery to its end", 40)
def load_and_recovery(bench, segments):
    bench.ready(**ASYNC, archive_push_batch_size="8MiB", archive_get_queue_max="8MiB")
    bench.cluster.sql("create table grown (i int, t text)")
    bench.ours("backup")
    chance = random.Random(11)
    kept = {}
    folder = bench.cluster.data / "pg_wal"
    rounds = 0
    while len(kept) < segments and rounds < 20 * segments:
        rounds += 1
        generate_wal(bench.cluster, iter([False, True]).__next__)
        for path in folder.glob("*[0-9A-F]"):
            if len(path.name) == 24 and (folder / "archive_status" / f"{path.name}.ready").exists():
                kept.setdefault(path.name, lab.sha1(path))
        if chance.random() < 0.3:
            for process in background(bench):
                os.kill(process, signal.SIGKILL)
    count = bench.cluster.sql("select count(*) from grown")
    bench.cluster.switch_and_wait_archived()
    idle(bench)
    there = archived(bench)
    equal({name: there.get(name) for name in kept}, kept, "what was generated is what is archived")
    bench.cluster.stop()
    target = bench.restore(OURS, bench.dir / "r")
    bench.start_restored(target)
    equal(target.sql("select count(*) from grown"), count, "rows")
    idle(bench)


@test("async: a repository behind ssh", "ssh")
@test("async: a repository behind TLS", "tls")
@test("async: a repository on SFTP", "sftp")
def behind_a_network(bench, way):
    settings = {**ASYNC, "archive_get_queue_max": "4MiB"}
    if way == "sftp":
        bench.cipher = ""
        bench.configure(**SftpServer(bench).options(**settings))
    else:
        {"ssh": over_ssh, "tls": over_tls}[way](bench, "repo", {"repo1-path": bench.repo}, **settings)
    bench.ours("stanza-create", "--no-online")
    names = waiting(bench, range(1, 9))
    for name in names:
        push(bench, name)
    idle(bench)
    all_archived(bench, names)
    for name in names:
        ended = get(bench, name)
        expect("found" in ended.text, "it is there", ended)
    idle(bench)
    get(bench, segment(9), codes=(1,))
    idle(bench)
