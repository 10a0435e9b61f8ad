# Several repositories when one of them cannot be asked, or says nothing at all: who gets the WAL, what
# a recovery is told, and what the other commands do.
# SPDX-License-Identifier: MIT
import signal
import socket

import lab
from case import test
from hostile import hostile
from lab import OURS, STANZA, equal, expect
from other_host import Authority, over_ssh
from wal_files import SEGMENT_BYTES, make_wal, segment

# The way to the host of repo1, which a file closes.
GATE = """#!/bin/sh
case "$(cat {state})" in
  gone) echo "ssh: connect to host other-host port 22: No route to host" >&2; exit 255;;
  silent) exec sleep 100000;;
esac
while [ $# -gt 1 ]; do shift; done
exec sh -c "$1"
"""
STOPPED = 200  # What makes PostgreSQL stop, where an error would end the recovery.


class Way:
    """To the host of repo1: open, gone (ssh fails at once) or silent (it never answers)."""

    def __init__(self, bench, **settings):
        self.file = bench.dir / "way"
        self.set("open")
        settings = {"repo2_path": bench.dir / "repo2", "repo2_retention_full": "9",
                    "archive_timeout": "2", "io_timeout": "30", **settings}
        over_ssh(bench, "repo", {"repo1-path": bench.repo}, **settings)
        lab.put_script(bench.dir / "ssh", GATE.format(state=self.file))

    def set(self, state):
        self.file.write_text(state)


def prepared(bench, **settings):
    """A stanza in both repositories, without a running server."""
    way = Way(bench, **settings)
    bench.ours("stanza-create", "--no-online")
    return way


def push(bench, name, codes=(0,), **more):
    return bench.ours("archive-push", make_wal(bench, name), codes=codes, cwd=bench.cluster.data,
                      **more)


def get(bench, name, *words, codes=(0,), **more):
    target = bench.dir / "got"
    target.unlink(missing_ok=True)
    ended = bench.ours("archive-get", *words, name, target, codes=codes, **more)
    expect(target.exists() == (ended.code == 0), "the file is there when the exit status is 0", ended)
    return ended


def stored(bench, name, repo="repo2"):
    found = (bench.dir / repo / "archive" / STANZA / "15-1").glob(f"*/{name}-*")
    return [path for path in found if not path.name.endswith(".tmp")]


@test("repositories: WAL goes to the one that can be reached, and 104 names the other")
def push_to_one(bench):
    way = prepared(bench)
    way.set("gone")
    ended = push(bench, segment(1), codes=104)
    expect("repo1: [" in ended.text and "No route to host" in ended.text, "repo1 is named", ended)
    expect("repo2: [" not in ended.text, "repo2 is not", ended)
    equal(len(stored(bench, segment(1))), 1, "the segment in repo2")
    way.set("open")
    push(bench, segment(1))
    equal(len(stored(bench, segment(1), "repo")), 1, "the segment in repo1")


@test("repositories: WAL and history come from the one that can be reached, with a warning")
def get_from_one(bench):
    way = prepared(bench)
    push(bench, segment(1))
    (bench.cluster.data / "pg_wal/00000002.history").write_text("1\t0/1\tx\n")
    bench.ours("archive-push", "pg_wal/00000002.history", cwd=bench.cluster.data)
    way.set("gone")
    for name in (segment(1), "00000002.history"):
        ended = get(bench, name)
        expect("WARN: repo1: [" in ended.text, "warns of repo1", ended)
        expect("found" in ended.text and "repo2" in ended.text, "it comes from repo2", ended)


@test("repositories: one that never answers holds up neither push nor get")
def silent(bench):
    # Whoever waited for repo1 would wait longer than a command of the tests may last.
    way = prepared(bench, io_timeout="3000", archive_timeout="3000")
    push(bench, segment(1))
    way.set("silent")
    ended = get(bench, segment(1))
    expect("WARN: repo1: [" in ended.text, "warns of repo1", ended)
    make_wal(bench, segment(2))
    pushing = lab.spawn(bench.argv(OURS, "archive-push",
                                   bench.cluster.data / "pg_wal" / segment(2)), bench.dir / "push.log")
    try:
        lab.wait_for(lambda: stored(bench, segment(2)), "the segment is in repo2", 120)
        equal(pushing.poll(), None, "the push, which repo1 owes an answer,")
    finally:
        lab.kill_group(pushing)
        pushing.wait()
    get(bench, segment(2))


@test("repositories: a TLS server that accepts and says nothing holds up nobody")
@hostile("requests and answers between hosts")
def silent_tls(bench):
    authority = Authority(bench.dir / "tls").issue("client")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        bench.configure(archive_timeout="3000", io_timeout="3000")
        bench.ours("stanza-create", "--no-online")
        push(bench, segment(1))
        bench.configure(repo2_host="localhost", repo2_host_type="tls", repo2_retention_full="9",
                        repo2_host_port=listener.getsockname()[1],
                        **{f"repo2_host_{name}": path
                           for name, path in authority.files("client").items()})
        get(bench, segment(1))
        ended = bench.ours("archive-get", segment(1), bench.dir / "again", "--repo=1")
        expect("WARN" not in ended.text, "who was not asked is not talked about", ended)


@test("repositories: an SFTP server that accepts and says nothing holds up nobody")
@hostile("answers of an SFTP server")
def silent_sftp(bench):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        bench.configure(archive_timeout="3000", io_timeout="3000")
        bench.ours("stanza-create", "--no-online")
        push(bench, segment(1))
        bench.configure(repo2_type="sftp", repo2_path="/x", repo2_sftp_host="localhost",
                        repo2_sftp_host_port=listener.getsockname()[1], repo2_sftp_host_user="nobody",
                        repo2_sftp_private_key_file=bench.dir / "key", repo2_retention_full="9",
                        repo2_sftp_host_key_hash_type="sha256",
                        repo2_sftp_host_key_check_type="none")
        get(bench, segment(1))


@test("repositories: 'not found' is only said when all of them were asked")
def not_found(bench):
    way = prepared(bench)
    push(bench, segment(1))
    get(bench, segment(2), codes=1)
    way.set("gone")
    for name in (segment(2), "00000002.history"):
        ended = get(bench, name, codes=103)
        expect("not every repository could be asked" in ended.text, "says why", ended)
        expect("repo1: [" in ended.text and "repo2: [" not in ended.text, "names repo1", ended)
    get(bench, segment(2), "--repo=2", codes=1)
    way.set("open")
    get(bench, segment(2), codes=1)


@test("repositories: archive-get tries on until the host is back")
def tries_on(bench):
    way = prepared(bench, archive_timeout="100")
    push(bench, segment(1))
    stored(bench, segment(1))[0].unlink()
    way.set("gone")
    target = bench.dir / "late"
    getting = lab.spawn(bench.argv(OURS, "archive-get", segment(1), target), bench.dir / "get.log")
    try:
        lab.wait_for(lambda: "trying again" in (bench.dir / "get.log").read_text(), "it tries again")
        way.set("open")
        equal(getting.wait(timeout=100), 0, "exit status")
    finally:
        lab.kill_group(getting)
    equal(target.stat().st_size, SEGMENT_BYTES, "bytes of the segment")


@test("repositories: an error of the archive stops a recovery that would promote, and no standby")
def stop_status(bench):
    way = prepared(bench)
    push(bench, segment(1))
    data = bench.cluster.data
    way.set("gone")
    (data / "recovery.signal").touch()
    ended = get(bench, segment(2), codes=STOPPED)
    expect("HINT: " in ended.text and "--repo=" in ended.text and "--no-recovery-stop" in ended.text,
           "says how to go on", ended)
    get(bench, segment(2), "--no-recovery-stop", codes=103)
    get(bench, segment(2), "--repo=2", codes=1)
    get(bench, segment(2), "--repo=1", codes=STOPPED)
    # Which timeline recovery follows is told by those that answer, if any does.
    get(bench, "00000002.history", codes=103)
    get(bench, "00000002.history", "--repo=1", codes=STOPPED)
    (data / "standby.signal").touch()
    ended = get(bench, segment(2), codes=103)
    expect("trying again" not in ended.text, "a standby asks again by itself", ended)
    for signal_file in ("recovery.signal", "standby.signal"):
        (data / signal_file).unlink()
    for mode, code in (("", STOPPED), ("standby_mode = 'off'\n", STOPPED), ("standby_mode = on\n", 103)):
        (data / "recovery.conf").write_text("restore_command = 'x'\n" + mode)
        get(bench, segment(2), codes=code)


@test("repositories: whatever error ends archive-get, it stops a recovery that would promote")
def any_error(bench):
    bench.configure(compress_type="none")
    bench.ours("stanza-create", "--no-online")
    push(bench, segment(1))
    data = bench.cluster.data
    path = stored(bench, segment(1), "repo")[0]
    call = {"cwd": data, "codes": STOPPED}
    (data / "recovery.signal").touch()
    get(bench, segment(1))
    get(bench, segment(2), codes=1)
    twin = path.with_name(segment(1) + "-" + "0" * 40)
    twin.write_bytes(path.read_bytes())
    expect("[045]" in get(bench, segment(1), **call).text, "two contents of one segment")
    twin.unlink()
    path.write_bytes(b"damaged" + path.read_bytes())
    expect("[042]" in get(bench, segment(1), **call).text, "a damaged segment")
    path.chmod(0)
    get(bench, segment(1), **call)
    info = bench.repo / "archive" / STANZA / "archive.info"
    for file in (info, info.with_name("archive.info.copy")):
        file.unlink()
    expect("[103]" in get(bench, segment(1), **call).text, "no archive.info")
    # Before there are any options.
    expect("[031]" in get(bench, segment(1), "--no-such-option", **call).text, "an unknown option")
    bench.conf.write_text("[global\nrepo1-path=/x\n")
    get(bench, segment(1), **call)
    bench.conf.unlink()
    get(bench, segment(1), **call)
    (data / "recovery.signal").unlink()
    expect(get(bench, segment(1), cwd=data, codes=None).code < 126, "without a recovery: as ever")


@test("repositories: a signal to archive-get does not end the recovery either")
def signalled(bench):
    way = prepared(bench, archive_timeout="100")
    way.set("gone")
    (bench.cluster.data / "recovery.signal").touch()
    getting = lab.spawn(bench.argv(OURS, "archive-get", segment(1), bench.dir / "x"),
                        bench.dir / "get.log")
    try:
        lab.wait_for(lambda: "trying again" in (bench.dir / "get.log").read_text(), "it tries again")
        getting.send_signal(signal.SIGTERM)
        equal(getting.wait(timeout=60), STOPPED, "exit status")
    finally:
        lab.kill_group(getting)


def six_tables(bench):
    """Backups in both repositories, then six tables, each with a segment of its own, and a restore
    point. Returns the segments."""
    bench.start()
    bench.ours("stanza-create")
    for repo in (1, 2):
        bench.ours("backup", f"--repo={repo}")
    names = []
    for number in range(6):
        bench.cluster.sql(f"create table t{number} as select {number} as id")
        names.append(bench.cluster.switch_and_wait_archived())
    bench.cluster.sql("select pg_create_restore_point('here')")
    bench.cluster.sql("create table too_late as select 1 as id")
    bench.cluster.switch_and_wait_archived()
    # PostgreSQL 15 and later ask for a segment while they are still busy with the one before it.
    bench.cluster.sql("create table much_later as select 1 as id")
    bench.cluster.switch_and_wait_archived()
    bench.cluster.stop()
    # A repository that is gone stays so: a recovery need not wait long for it.
    bench.conf.write_text(bench.conf.read_text().replace("archive-timeout=60", "archive-timeout=3"))
    return names


def tables(target):
    return target.sql("select string_agg(relname, ' ' order by relname) from pg_class "
                      "where relname ~ '^t[0-9]$|^too_late$'")


ALL_SIX = "t0 t1 t2 t3 t4 t5"
TO_HERE = ("--type=name", "--target=here", "--target-action=promote")


@test("repositories: a restore to a point in time needs only the one that can be reached", slow=True)
def point_in_time(bench):
    way = Way(bench, archive_timeout="60")
    six_tables(bench)
    way.set("gone")
    ended = bench.restore_run(OURS, bench.dir / "r", *TO_HERE)
    expect("WARN: repo1: [" in ended.text, "says that repo1 does not answer", ended)
    expect("restore with --repo=2" in ended.text, "says beforehand what to do", ended)
    expect("repo2: restore backup set" in ended.text, "restores from repo2", ended)
    target = lab.Cluster(bench.dir / "r")
    bench.started.append(target)
    bench.start_restored(target)
    equal(tables(target), ALL_SIX, "tables")


@test("repositories: PostgreSQL does not promote where WAL may be in one that cannot be asked")
def no_promotion(bench):
    way = Way(bench, archive_timeout="60")
    names = six_tables(bench)
    for name in names[3:]:
        for path in stored(bench, name):
            path.unlink()
    target = bench.restore(OURS, bench.dir / "r", "--repo=2", "--log-level-console=warn", *TO_HERE)
    # Both are asked for WAL.
    auto = target.data / "postgresql.auto.conf"
    auto.write_text(auto.read_text().replace("--repo=2 ", ""))
    way.set("gone")
    target.start(archive_command="", wait=False)
    lab.wait_for(lambda: "database system is shut down" in target.log(), "it stops", 120)
    expect("FATAL" in target.log() and "--no-recovery-stop" in target.log(), "says why", target.log())
    expect((target.data / "recovery.signal").exists(), "the recovery is not over", target.log())
    way.set("open")
    lab.wait_for(lambda: not target.running(), "it is gone")
    bench.start_restored(target)
    equal(tables(target), ALL_SIX, "tables")


@test("repositories: check looks at all of them and says all")
def check_all(bench):
    way = Way(bench, archive_timeout="20")
    bench.start()
    bench.ours("stanza-create")
    bench.ours("check")
    way.set("gone")
    ended = bench.ours("check", codes=None)
    expect(ended.code not in (0, 1), "an error", ended)
    expect("repo1: " in ended.text and "No route to host" in ended.text, "says it of repo1", ended)
    expect("successfully archived" in ended.text and "on repo2" in ended.text, "repo2 is checked", ended)


@test("repositories: check needs no cluster that is rebuilt while another one is there")
def check_member(bench):
    bench.ready()
    (bench.dir / "rebuilt").mkdir(mode=0o700)
    text = bench.conf.read_text().replace("pg1-", "pg2-").replace(
        f"[{STANZA}]\n", f"[{STANZA}]\npg1-path={bench.dir / 'rebuilt'}\npg1-port=1\n")
    conf = bench.dir / "two.conf"
    conf.write_text(text)
    conf.chmod(0o640)
    ended = lab.run([OURS, f"--config={conf}", f"--stanza={STANZA}", "check"], codes=None)
    equal(ended.code, 0, f"exit status of\n{ended.text}")
    expect("WARN: unable to check pg1" in ended.text, "says it of pg1", ended)


@test("repositories: stanza-create goes on to the next one")
def create_rest(bench):
    way = Way(bench)
    way.set("gone")
    ended = bench.ours("stanza-create", "--no-online", codes=None)
    expect(ended.code not in (0, 1), "an error", ended)
    expect("repo1: " in ended.text and "No route to host" in ended.text, "says it of repo1", ended)
    expect((bench.dir / "repo2/archive" / STANZA / "archive.info").exists(), "repo2 has the stanza")
    way.set("open")
    bench.ours("stanza-create", "--no-online")
    expect((bench.repo / "archive" / STANZA / "archive.info").exists(), "repo1 has it, too")


@test("repositories: info shows those that answer")
def info(bench):
    way = Way(bench, archive_timeout="60")
    bench.start()
    bench.ours("stanza-create")
    bench.ours("backup", "--repo=2")
    way.set("gone")
    for words in ((), (f"--stanza={STANZA}",)):
        ended = lab.run([OURS, f"--config={bench.conf}", *words, "info", "--output=json"])
        shown = ended.json()
        equal([one["database"]["repo-key"] for one in shown[0]["backup"]], [2], "backups of")
        equal([one["status"]["code"] for one in shown[0]["repo"]], [99, 0], "status of repo1 and repo2")
        expect(b"WARN: repo1: [" in ended.err, "warns beside the output", ended)
