# The installed program: a small front that answers for the spool, and the full program behind it.
# SPDX-License-Identifier: MIT
import datetime
import os
import pathlib
import re
import shutil

import lab
import spooled
from case import test
from installed import full_of, installed
from lab import FRONT, STANZA, Skip, equal, expect, run
from later_peer import later_peer
from other_host import over_ssh
from wal_files import make_wal, prepared, segment

ASYNC = spooled.ASYNC


def plain(text):
    """Without what differs from run to run."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", "TIME", text.decode())
    text = re.sub(r"\(\d+ms\)", "(MS)", text)
    return re.sub(r"--exec-id=\d+-[0-9a-f]{8}", "--exec-id=ID", text)


def first_time(ended):
    """When the first line of the log says that it was written."""
    return datetime.datetime.fromisoformat(re.search(rb"^[\d-]{10} [\d:.]{12}", ended.out, re.M)[0].decode())


def same_words(bench, front, *words, **more):
    """The front and the full program end alike and say the same; returns what the front did."""
    ours, full = (run([program, *words], codes=None, **more) for program in (front, full_of(front)))
    equal(ours.code, full.code, f"exit status of {words}")
    for said, wanted in ((ours.out, full.out), (ours.err, full.err)):
        # Hints name the program as it was called.
        equal(plain(said), plain(wanted).replace(full_of(front), front), f"words of {words}")
    return ours


@test("front: it is complete in itself", cluster=False)
def links_nothing(bench):
    said = run(["readelf", "-d", FRONT]).text
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", said)
    if any("san.so" in name for name in needed):
        raise Skip("sanitizers come as shared libraries")
    equal(needed, [], "libraries that it loads")
    expect("no dynamic section" in said.lower(), "it has no dynamic linker", said)
    # A static program must not look for names of users: the C library loads others for it.
    symbols = run(["readelf", "-sW", FRONT]).text
    expect(" main\n" in symbols, "readelf lists symbols")
    equal(re.findall(r"\bgetpw\w+|\bgetaddrinfo\b", symbols), [], "what asks the system for names")


@test("front: whatever is wrong, it says what the full program says")
def same_errors(bench):
    front = installed(bench)
    prepared(bench, **ASYNC)
    good = bench.conf.read_text()
    name = segment(1)
    path = f"pg_wal/{name}"
    make_wal(bench, name)
    at = {"cwd": bench.cluster.data}
    bench.ours("archive-push", path, **at)  # Then it is there for the one as for the other.
    config = f"--config={bench.conf}"
    call = (config, f"--stanza={STANZA}", "archive-push")
    for words in ([], ["help"], ["help", "archive-push"], ["version"], ["no-such-command"], [config, "archive-push", path],
                  [*call], [*call, path, "more"], [*call, "--no-such-option", path],
                  [*call, "--archive-timeout=never", path], [*call, "/elsewhere/nothing"],
                  [*call, "pg_wal/no-segment"], [*call[:2], "archive-get", name],
                  [*call[:2], "archive-get", "nothing", "/tmp/x"],
                  [*call[:2], "archive-get", "00000009.history", str(bench.dir / "got")],
                  ["--config=/nowhere", *call[1:], path], [*call[:2], "info"]):
        same_words(bench, front, *words, **at)
    for more in ("no-such-option=y", "compress-type=rar", "pg1-host=elsewhere", "no equals sign",
                 "repo1-cipher-type=aes-256-cbc", "spool-path=relative"):
        bench.conf.write_text(good + more + "\n")
        same_words(bench, front, *call, path, **at)
        same_words(bench, front, *call[:2], "archive-get", name, bench.dir / "got", **at)
    bench.conf.write_text(good)
    bench.conf.chmod(0)
    ended = same_words(bench, front, *call, path, **at)
    bench.conf.chmod(0o640)
    expect(ended.code != 0 or os.getuid() == 0, "a configuration that cannot be read is an error", ended)
    (bench.dir / "lock").mkdir(exist_ok=True)
    (bench.dir / "lock" / f"{STANZA}.stop").touch()
    expect("[062]" in same_words(bench, front, *call, path, **at).text, "somebody said stop")


@test("front: its answers are the full program's to the letter")
def same_answers(bench):
    front = installed(bench)
    prepared(bench, **ASYNC, log_level_console="debug", log_level_file="debug")
    (bench.dir / "log").mkdir(exist_ok=True)
    name, = spooled.waiting(bench, (1,))
    out = spooled.part(bench, "out")
    out.mkdir(parents=True)
    call = (f"--config={bench.conf}", f"--stanza={STANZA}", "archive-push", f"pg_wal/{name}")
    at = {"cwd": bench.cluster.data}
    for text in ("", "0\nsomething to know\n", "25\nput there by hand\n"):
        (out / f"{name}.ok").write_text(text)
        ended = same_words(bench, front, *call, **at)
        expect(ended.code == 0 and "asynchronously" in ended.text, "archived", ended)
    equal((out / f"{name}.ok").exists(), True, "an answer stays for who asks again")
    for zone in ("UTC0", "Asia/Kolkata"):
        told = [first_time(run([program, *call], env={"TZ": zone}, **at)) for program in (front, full_of(front))]
        expect(abs(told[1] - told[0]) < datetime.timedelta(minutes=2), f"local time in {zone}", told)
    ended = same_words(bench, front, *call, "--log-level-file=info", **at)
    lines = (bench.dir / "log" / f"{STANZA}-archive-push.log").read_text()
    one, other = re.findall(r"PROCESS START-+\n(.*?)(?:\n\n-|\Z)", lines, re.S)
    equal(plain(one.strip().encode()), plain(other.strip().encode()), "log files")


@test("front: PostgreSQL's WAL goes through the spool and comes back", short=True)
def queue(bench):
    front = installed(bench)
    prepared(bench, **ASYNC, archive_get_queue_max="4MiB")
    names = spooled.waiting(bench, range(1, 8))
    ended = spooled.push(bench, names[0], program=front)
    expect(f"pushed WAL file '{names[0]}' to the archive asynchronously" in ended.text, "said", ended)
    equal(ended.text.count("command begin"), 1, "begin lines")
    spooled.idle(bench)
    for name in names[1:]:
        spooled.push(bench, name, "--archive-timeout=1", program=front)
    spooled.all_archived(bench, names)
    for name in names:
        ended = spooled.get(bench, name, program=front)
        expect("asynchronously" in ended.text, "through the spool", ended)
        spooled.idle(bench)
    spooled.get(bench, segment(8), program=front, codes=(1,))
    spooled.idle(bench)
    equal(list((bench.dir / "lock").glob("*")), [], "locks")


@test("front: a server archives through it, and recovers through it")
def server(bench):
    front = installed(bench)
    bench.ready(front, pusher=front, **ASYNC, archive_get_queue_max="8MiB")
    bench.cluster.sql("create table grown (i int, t text)")
    bench.call(front, "check")
    bench.call(front, "backup")
    for _ in range(6):
        bench.cluster.sql("insert into grown select i, repeat(md5(i::text), 20) from generate_series(1, 400) i;"
                          "select pg_switch_wal()")
    bench.cluster.switch_and_wait_archived()
    spooled.idle(bench)
    expect(list(spooled.part(bench, "out").glob("*.ok")), "the spool was used")
    bench.cluster.stop()
    target = bench.restore(front, bench.dir / "r")
    expect(f"{front} " in (target.data / "postgresql.auto.conf").read_text(), "restore_command names the front")
    bench.start_restored(target)
    equal(target.sql("select count(*) from grown"), "2400", "rows")
    expect(spooled.part(bench, "in").is_dir(), "the spool was used")
    spooled.idle(bench)


@test("front: it shares the spool with pgBackRest 2.60.0 in the middle of a queue")
def shared(bench):
    front, peer = installed(bench), later_peer("2.60.0")
    prepared(bench, **ASYNC, archive_push_batch_size="3MiB", archive_get_queue_max="4MiB")
    names = spooled.waiting(bench, range(1, 13))
    for i, name in enumerate(names):
        ended = spooled.push(bench, name, program=front if i // 2 % 2 else peer)
        expect("asynchronously" in ended.text, "through the spool", ended)
        spooled.idle(bench)
    spooled.all_archived(bench, names)
    for i, name in enumerate(names):
        spooled.get(bench, name, program=front if i // 2 % 2 else peer)
        spooled.idle(bench)


@test("front: what the spool does not have the full program goes on with, as one command")
def gone_on(bench):
    front = installed(bench)
    prepared(bench, **ASYNC)
    name = segment(1)
    make_wal(bench, name)  # Nobody waits for it: no background process would find it.
    call = (f"--config={bench.conf}", f"--stanza={STANZA}", "--log-level-file=info", "archive-push",
            f"pg_wal/{name}")
    (bench.dir / "log").mkdir(exist_ok=True)
    ended = run([front, *call], cwd=bench.cluster.data)
    lines = [re.sub(r"^.*INFO: ", "", line) for line in ended.text.splitlines()]
    equal([line.split(" ")[0:3] for line in lines],
          [["archive-push", "command", "begin"], ["pushed", "WAL", "file"],
           ["archive-push", "command", "end:"]], "lines")
    equal(lines[1], f"pushed WAL file '{name}' to the archive", "it was archived at once")
    spooled.all_archived(bench, [name])
    log = (bench.dir / "log" / f"{STANZA}-archive-push.log").read_text()
    equal((log.count("PROCESS START"), log.count("INFO:")), (1, 3), "one banner, and the same lines")
    # What such a command leaves to others in its environment means nothing to them.
    ended = run([full_of(front), *call], cwd=bench.cluster.data,
                env={"_PGBRAID_BEGUN": f"{os.getpid()} 1 {os.getpid()}-0badcafe"})
    expect("command begin" in ended.text and "0badcafe" not in ended.text, "a command of its own", ended)
    ended = run([front, *call], cwd=bench.cluster.data, env={"_PGBRAID_BEGUN": "1 1 1-0badcafe"})
    equal(ended.text.count("command begin"), 1, "begin lines")


@test("front: an error of the archive ends the command that the front began")
def gone_on_to_an_error(bench):
    front = installed(bench)
    prepared(bench, **ASYNC)
    make_wal(bench, segment(1))
    shutil.rmtree(bench.repo)
    ended = run([front, f"--config={bench.conf}", f"--stanza={STANZA}", "archive-push",
                 f"pg_wal/{segment(1)}"], codes=(103,), cwd=bench.cluster.data)
    expect("aborted with exception [103]" in ended.text, "its end line", ended)


@test("front: without the full program it says so")
def alone(bench):
    front = installed(bench)
    prepared(bench, **ASYNC)
    name, = spooled.waiting(bench, (1,))
    os.unlink(full_of(front))
    for words in (["version"], ["backup"], [f"--config={bench.conf}", f"--stanza={STANZA}", "info"]):
        ended = run([front, *words], codes=(102,))
        expect(f"unable to start '{full_of(front)}'" in ended.text and "Install both" in ended.text,
               "what is missing, and what to do", ended)
    # What the spool knows it tells all the same.
    out = spooled.part(bench, "out")
    out.mkdir(parents=True)
    (out / f"{name}.ok").touch()
    spooled.push(bench, name, program=front)


@test("front: without /proc, too, it becomes its own full program and no other", cluster=False, root=True)
def no_proc(bench):
    front = pathlib.Path(installed(bench))
    here = bench.dir / "elsewhere/here"
    here.mkdir(parents=True)
    planted = here.parent / "libexec/pgbraid/pgbraid"
    planted.parent.mkdir(parents=True)
    lab.put_script(planted, "#!/bin/sh\necho planted\n")
    apart = ["unshare", "--mount", "sh", "-c"]
    if run([*apart, "mount -t tmpfs none /proc"], codes=None).code != 0:
        raise Skip("nothing may be mounted")
    ended = run([*apart, "mount -t tmpfs none /proc && pgbraid version"], cwd=here,
                env={"PATH": f"{front.parent}:{os.environ['PATH']}"})
    expect(ended.out.startswith(b"pgbraid "), "its own", ended)


@test("front: called as pgbackrest it says its version like one", cluster=False)
def other_name(bench):
    front = installed(bench)
    link = bench.dir / "pgbackrest"
    link.symlink_to(front)
    equal(run([link, "version"]).out, b"pgBackRest 2.60.0\n", "version")
    expect(run([front, "version"]).out.startswith(b"pgbraid "), "under its own name")


@test("front: other processes are told the name that users know")
def names(bench):
    front = installed(bench)
    over_ssh(bench, "repo", {"repo1-path": bench.repo})
    bench.conf.write_text(re.sub("repo1-host-cmd=.*\n", "", bench.conf.read_text()))
    log = bench.dir / "ssh.log"
    before = log.read_text() if log.exists() else ""
    for program in (front, full_of(front)):
        run([program, f"--config={bench.conf}", f"--stanza={STANZA}", "info"], codes=None)
        told = log.read_text()[len(before):]
        before += told
        expect(f" {front} " in told, "the words for ssh", told)
    shown = run([full_of(front), "help", "restore", "cmd"]).text
    expect(front in shown and full_of(front) not in shown, "the default of 'cmd'", shown)
