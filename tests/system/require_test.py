# Repositories that PostgreSQL does not wait for: archive-require.
# SPDX-License-Identifier: MIT
import json
import shutil
import subprocess

import lab
from case import test
from journaled import ASYNC, SYNC, down, due, gaps, journal, kept, make, push, two, up
from lab import OURS, equal, expect
from later_peer import later_peer
from other_host import FAKE_SSH, OtherHost
from spooled import archived, idle
from wal_files import segment

ENCRYPTED = {"repo1_cipher_type": "aes-256-cbc", "repo1_cipher_pass": lab.PASSPHRASE,
             "repo2_cipher_type": "aes-256-cbc", "repo2_cipher_pass": "another one, and long"}


def delivered(bench, made, program):
    """Each of them, read by that program out of each repository."""
    target = bench.dir / "got"
    for repo in ("1", "2"):
        for name, checksum in made.items():
            target.unlink(missing_ok=True)
            bench.call(program, "archive-get", "--no-archive-async", f"--repo={repo}", name, target)
            equal(lab.sha1(target), checksum, f"{name} of repo{repo}")


@test("require: one that is down holds nobody up, and has all in order when it is back", SYNC,
      short=True)
@test("require: the same, asynchronously", ASYNC, short=True)
@test("require: the same, encrypted", {**SYNC, **ENCRYPTED})
@test("require: the same, asynchronously and encrypted", {**ASYNC, **ENCRYPTED})
def down_and_back(bench, settings):
    two(bench, **settings)
    made = make(bench, range(1, 7))
    names = list(made)
    push(bench, names[0])
    idle(bench)
    equal(sorted(archived(bench, "repo2")), names[:6 if "archive_async" in settings else 1], "at first")
    down(bench)
    made.update(make(bench, range(7, 13)))
    names = list(made)
    for name in names[1:]:
        ended = push(bench, name)
        idle(bench)
    equal(archived(bench, "repo"), made, "repo1 has all")
    missing = names[6 if "archive_async" in settings else 1:]
    equal(kept(bench), missing, "kept for repo2")
    up(bench)
    due(bench)
    made.update(make(bench, range(13, 20)))
    for name in list(made)[12:]:
        ended = push(bench, name)
        idle(bench)
    equal(kept(bench), [], "kept for repo2")
    equal(gaps(bench), [], "gaps")
    equal(archived(bench, "repo2"), made, "repo2 has all")
    equal(archived(bench, "repo"), made, "repo1 has all")
    delivered(bench, made, later_peer("2.60.0"))


@test("require: the first failure is told, what comes meanwhile asks nobody")
def told_once(bench):
    two(bench, **SYNC)
    made = make(bench, range(1, 4))
    down(bench)
    texts = [push(bench, name).text for name in made]
    equal([text.count("WARN: repo2 does not take WAL") for text in texts], [1, 0, 0], "warnings")
    expect("repo2 is left alone for now" in texts[1], "why", texts[1])
    up(bench)
    due(bench)
    made.update(make(bench, (4,)))
    expect("pushed 3 WAL file(s) from the journal to repo2" in push(bench, segment(4)).text, "told")
    equal(archived(bench, "repo2"), made, "repo2 has all")


@test("require: one that hangs costs one call seconds, and the next ones nothing", short=True)
def hanging(bench):
    two(bench, **SYNC)
    made = make(bench, range(1, 4))
    ssh = bench.dir / "ssh"
    lab.put_script(ssh, f"#!/bin/sh\necho asked >> {bench.dir}/asked\nexec sleep 600\n")
    bench.configure(cmd_ssh=ssh, repo2_host="other-host", repo2_host_user="somebody")
    for name in made:
        ended = push(bench, name)
        expect(ended.seconds < 20, "nobody waits for it", ended)
    equal((bench.dir / "asked").read_text().count("asked"), 1, "how often it was asked")
    equal(kept(bench), list(made), "kept for repo2")
    equal(archived(bench, "repo"), made, "repo1 has all")
    left = subprocess.run(["pgrep", "-f", "--", str(ssh)], capture_output=True, text=True).stdout
    equal(left, "", "children that are left")


@test("require: one behind ssh that comes and goes", SYNC)
@test("require: the same, asynchronously", ASYNC)
def behind_ssh(bench, settings):
    OtherHost(bench, {"repo2-path": bench.dir / "repo2"})
    ssh = bench.dir / "ssh"
    lab.put_script(ssh, FAKE_SSH.format(log=bench.dir / "ssh.log"))
    two(bench, cmd_ssh=ssh, **settings)
    bench.configure(repo2_host="other-host", repo2_host_user="somebody", repo2_host_cmd=OURS,
                    repo2_host_config=bench.dir / "other/pgbackrest.conf")
    made = {}
    for number in range(1, 16):
        made.update(make(bench, (number,)))
        if number == 6:
            ssh.rename(bench.dir / "away")
        if number == 11:
            (bench.dir / "away").rename(ssh)
            due(bench)
        push(bench, segment(number))
        idle(bench)
        if 6 <= number < 11:
            equal(kept(bench), [segment(one) for one in range(6, number + 1)], "kept for repo2")
    equal(kept(bench), [], "kept for repo2")
    for repo in ("repo", "repo2"):
        equal(archived(bench, repo), made, repo)


@test("require: required ones are required, and told as ever")
def required(bench):
    two(bench, **SYNC)
    made = make(bench, range(1, 3))
    down(bench, "repo")
    push(bench, segment(1), codes=(103,))
    equal(archived(bench, "repo2"), {}, "repo2")
    up(bench, "repo")
    bench.configure(archive_require="1,2")
    down(bench)
    ended = push(bench, segment(1), codes=(104,))
    expect("repo2: [FileMissingError]" in ended.text, "the reason", ended)
    equal(kept(bench), [], "kept")
    up(bench)
    for name in made:
        push(bench, name)
    for wrong in ("3", "1,", "repo1", "0"):
        bench.configure(archive_require=wrong)
        ended = bench.call(OURS, "archive-push", segment(1), codes=(32,), cwd=bench.cluster.data)
        expect("HINT: " in ended.text and "here 1,2" in ended.text, "the hint", ended)


@test("require: what waits for one that becomes required is stored")
def becomes_required(bench):
    two(bench, **SYNC)
    made = make(bench, range(1, 4))
    down(bench)
    for name in made:
        push(bench, name)
    up(bench)
    bench.configure(archive_require=None)
    due(bench)
    made.update(make(bench, (4,)))
    push(bench, segment(4))
    equal(archived(bench, "repo2"), made, "repo2 has all")
    equal(kept(bench), [], "kept")


@test("require: PostgreSQL uses its segments again, and what is kept stays as it was", SYNC, slow=True)
@test("require: the same, asynchronously, with a recovery out of what was kept", ASYNC)
def recycled(bench, settings):
    bench.ready(repo2_path=bench.dir / "repo2", **settings)
    bench.cluster.sql("create table grown (i int, t text)")
    bench.ours("backup", "--repo=2")
    down(bench)
    folder = bench.cluster.data / "pg_wal"
    inodes = {}
    again = 0
    # How many PostgreSQL uses again depends on how far archiving had come at each checkpoint.
    for round_number in range(40):
        if round_number >= 12 and again > 5:
            break
        bench.cluster.sql("insert into grown select i, repeat(md5(i::text), 20) from "
                          "generate_series(1, 2000) i; select pg_switch_wal()")
        bench.cluster.switch_and_wait_archived()
        bench.cluster.sql("checkpoint")
        for path in folder.glob("0000*[0-9A-F]"):
            number = path.stat().st_ino
            again += inodes.get(number, path.name) != path.name
            inodes[number] = path.name
    expect(again > 5, "PostgreSQL used its files again", again)
    count = bench.cluster.sql("select count(*) from grown")
    idle(bench)
    expect(len(kept(bench)) > 5, "kept for repo2", kept(bench))
    up(bench)
    for _ in range(20):
        due(bench)
        bench.cluster.switch_and_wait_archived()
        idle(bench)
        if not kept(bench):
            break
        bench.cluster.sql("insert into grown values (0, 'more')")
    equal(kept(bench), [], "kept for repo2")
    bench.cluster.stop()
    idle(bench)
    first = min(archived(bench, "repo2"))
    equal({name: sum for name, sum in archived(bench, "repo").items() if name >= first},
          archived(bench, "repo2"), "both have the same")
    shutil.rmtree(bench.repo)
    target = bench.restore(OURS, bench.dir / "r", "--repo=2")
    bench.start_restored(target)
    expect(int(target.sql("select count(*) from grown where i > 0")) >= int(count), "recovered")


@test("require: info and check tell what waits and what is missing", short=True)
def shown(bench):
    bench.ready(repo2_path=bench.dir / "repo2", **SYNC, archive_journal_max="3MiB")
    words = bench.ours("info").text
    expect("kept" not in words, "nothing is kept", words)
    fine = bench.ours("check")
    expect("WARN: repo2" not in fine.text, "nothing to tell", fine)
    down(bench)
    names = [bench.cluster.switch_and_wait_archived()]
    while not gaps(bench):
        bench.cluster.sql("create table if not exists grown (i int); insert into grown values (1)")
        names.append(bench.cluster.switch_and_wait_archived())
    first, last = gaps(bench)[0].removesuffix(".gap").split("-")
    up(bench)
    words = bench.ours("info").text
    expect(f"repo2: {len(kept(bench))} file(s) wait, 3MB, since " in words, "what waits", words)
    expect(f": {first}/{last}\n" in words, "the gap", words)
    expect("repo2: takes no wal since " in words, "why", words)
    told = json.loads(bench.ours("info", "--output=json").text)[0]["archive-journal"][0]
    equal([told["repo-key"], told["count"], told["size"]], [2, 3, 3 << 20], "what waits")
    equal([told["wal"]["start"], told["gap"][0]["wal"]],
          [kept(bench)[0], {"start": first, "stop": last}], "WAL")
    # The segment of the check goes to the required one, and only a warning is said of the other, which
    # does not take what waits meanwhile.
    down(bench)
    ended = bench.ours("check", "--archive-timeout=5")
    for text in (f"WARN: repo2: 3 WAL file(s) wait for it from {kept(bench)[0]} on",
                 f"WARN: repo2: has no WAL from {first} to ", "WARN: repo2, which is not required: ["):
        expect(text in ended.text, text, ended)
    up(bench)
    due(bench)
    bench.cluster.sql("insert into grown values (1)")
    bench.cluster.switch_and_wait_archived()
    words = bench.ours("info").text
    expect("wait" not in words and "repo2: gap since" in words, "the gap is left", words)
    for path in journal(bench).glob("*.gap"):
        path.unlink()
    expect("kept" not in bench.ours("info").text, "nothing is kept")
    fine = bench.ours("check")
    expect("WARN: repo2" not in fine.text, "nothing to tell", fine)


@test("require: check says what is wrong with one that is not required, and where WAL cannot be kept")
def checked(bench):
    bench.ready(repo2_path=bench.dir / "repo2", **SYNC)
    shutil.rmtree(bench.dir / "repo2")
    ended = bench.ours("check")
    expect("WARN: repo2, which is not required: [FileMissingError]" in ended.text, "told", ended)
    place = bench.dir / "spool"
    place.chmod(0o777)
    # PostgreSQL cannot archive while that is so.
    ended = bench.ours("check", codes=(82,))
    expect("repo2: spool path '" in ended.text and "Set spool-path to" in ended.text, "why", ended)
    place.chmod(0o750)
    bench.configure(archive_require=None)
    bench.ours("check", codes=(55,))
