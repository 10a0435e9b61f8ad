# Repositories that PostgreSQL does not wait for: archive-require, and the journal of what they have yet to get.
# SPDX-License-Identifier: MIT
import json
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
from other_host import FAKE_SSH, OtherHost
from spooled import archived, background, idle
from wal_files import make_wal, prepared, segment

SYNC = {"compress_type": "lz4", "archive_require": "1"}
ASYNC = {**SYNC, "archive_async": "y"}
ENCRYPTED = {"repo1_cipher_type": "aes-256-cbc", "repo1_cipher_pass": lab.PASSPHRASE,
             "repo2_cipher_type": "aes-256-cbc", "repo2_cipher_pass": "another one, and long"}


def two(bench, **settings):
    return prepared(bench, repo2_path=bench.dir / "repo2", **settings)


def journal(bench, repo=2):
    return bench.dir / "spool/journal" / STANZA / f"repo{repo}"


def kept(bench, repo=2):
    """Names of the WAL files that wait, oldest first; each must have the content its name says."""
    found = []
    for path in sorted(journal(bench, repo).glob("*")):
        name, _, checksum = path.name.partition("-")
        if len(checksum) == 40:
            equal(lab.sha1(path), checksum, f"content of {path.name}")
            found.append(name)
    return found


def gaps(bench, repo=2):
    return sorted(path.name for path in journal(bench, repo).glob("*.gap"))


def due(bench, repo=2):
    """As if the pause after a failure were over."""
    (journal(bench, repo) / "hold").unlink(missing_ok=True)


def down(bench, repo="repo2"):
    stanza = bench.dir / repo / "archive" / STANZA
    stanza.rename(stanza.with_name("gone"))


def up(bench, repo="repo2"):
    stanza = bench.dir / repo / "archive" / STANZA
    stanza.with_name("gone").rename(stanza)


def make(bench, numbers):
    """Segments that PostgreSQL waits for; returns the SHA-1 of each by name."""
    made = {}
    for number in numbers:
        name = segment(number)
        make_wal(bench, name, b"wal %d" % number)
        (bench.cluster.data / "pg_wal/archive_status" / f"{name}.ready").touch()
        made[name] = lab.sha1(bench.cluster.data / "pg_wal" / name)
    return made


def push(bench, name, *words, program=OURS, codes=(0,), recycle=True):
    """As PostgreSQL does: a file that is archived is used again for other WAL."""
    ended = bench.call(program, "archive-push", *words, f"pg_wal/{name}", codes=codes,
                       cwd=bench.cluster.data)
    if ended.code == 0:
        status = bench.cluster.data / "pg_wal/archive_status"
        (status / f"{name}.ready").rename(status / f"{name}.done")
        if recycle:
            with open(bench.cluster.data / "pg_wal" / name, "r+b", buffering=0) as file:
                file.write(b"\xee" * (1 << 20))
    return ended


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
    ssh.write_text(f"#!/bin/sh\necho asked >> {bench.dir}/asked\nexec sleep 600\n")
    ssh.chmod(0o755)
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
    ssh.write_text(FAKE_SSH.format(log=bench.dir / "ssh.log"))
    ssh.chmod(0o755)
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


@test("require: kills in between lose nothing", SYNC, 25, short=True)
@test("require: kills in between lose nothing, asynchronously", ASYNC, 25, short=True)
@test("require: kills in between lose nothing, often", SYNC, 120)
def killed(bench, settings, count):
    two(bench, **settings)
    chance = random.Random(5)
    made = {}
    is_up = True
    for number in range(1, count + 1):
        if chance.random() < 0.3:
            (down if is_up else up)(bench)
            is_up = not is_up
            if is_up:
                due(bench)
        made.update(make(bench, (number,)))
        name = segment(number)
        while True:
            call = lab.spawn(bench.argv(OURS, "archive-push", bench.cluster.data / "pg_wal" / name),
                             bench.dir / "push.log")
            fate = chance.random()
            if fate < 0.5:
                time.sleep(chance.random() * 0.2)
                victims = background(bench) if fate < 0.25 else []
                for process in victims:
                    os.kill(process, signal.SIGKILL)
                if not victims:
                    lab.kill_group(call)
            if call.wait(timeout=60) == 0:
                break
        # What PostgreSQL was told is so at that moment.
        equal(archived(bench, "repo").get(name), made[name], f"{name} in repo1")
        expect(name in kept(bench) or (is_up and archived(bench, "repo2").get(name) == made[name]),
               f"{name} is kept or in repo2")
        status = bench.cluster.data / "pg_wal/archive_status"
        (status / f"{name}.ready").rename(status / f"{name}.done")
        (bench.cluster.data / "pg_wal" / name).unlink()
    if not is_up:
        up(bench)
    while kept(bench):
        number += 1
        due(bench)
        made.update(make(bench, (number,)))
        push(bench, segment(number))
        idle(bench)
    equal(archived(bench, "repo"), made, "repo1 has all")
    equal(archived(bench, "repo2"), made, "repo2 has all")
    equal(gaps(bench), [], "gaps")


@test("require: what exceeds archive-journal-max is a gap, which is told; others go on", short=True)
def limit(bench):
    two(bench, **SYNC, archive_journal_max="3MiB")
    made = make(bench, range(1, 8))
    names = list(made)
    down(bench)
    texts = [push(bench, name).text for name in names]
    equal([text.count(f"WARN: repo2 will have a gap from WAL file '{names[3]}' on") for text in texts],
          [0, 0, 0, 1, 0, 0, 0], "warnings")
    equal(kept(bench), names[:3], "kept")
    equal(gaps(bench), [f"{names[3]}-{names[6]}.gap"], "gaps")
    equal(archived(bench, "repo"), made, "repo1 has all")
    up(bench)
    due(bench)
    made.update(make(bench, (8,)))
    push(bench, segment(8))
    equal(sorted(archived(bench, "repo2")), [*names[:3], segment(8)], "repo2")
    equal(gaps(bench), [f"{names[3]}-{names[6]}.gap"], "gaps")
    # What the documentation says of a gap that does not matter any more.
    subprocess.run(f"rm {bench.dir}/spool/journal/{STANZA}/repo2/*.gap", shell=True, check=True)
    equal(gaps(bench), [], "gaps")


@test("require: a full disk under the journal is a gap")
def full_disk(bench):
    if not lab.SMALL_FILE_SYSTEM:
        raise Skip("there is no file system of a few MiB")
    spool = lab.SMALL_FILE_SYSTEM / "spool"
    two(bench, **SYNC, spool_path=spool)
    made = make(bench, range(1, 4))
    down(bench)
    hostile("full disks")
    filler = lab.SMALL_FILE_SYSTEM / "filler"
    place = spool / "journal" / STANZA / "repo2"
    try:
        place.mkdir(parents=True)
        with open(filler, "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        for name in made:
            push(bench, name)
        equal([path.name for path in place.glob("*.gap")], [f"{segment(1)}-{segment(3)}.gap"], "gaps")
        equal(archived(bench, "repo"), made, "repo1 has all")
    finally:
        filler.unlink(missing_ok=True)
        shutil.rmtree(spool, ignore_errors=True)


@test("require: a journal that cannot be written keeps WAL with PostgreSQL, one of others is refused")
def bad_journal(bench):
    two(bench, **SYNC)
    made = make(bench, range(1, 4))
    hostile("modes, owners and directories of others", 2)
    down(bench)
    push(bench, segment(1))
    place = journal(bench)
    due(bench)
    if os.geteuid() != 0:
        place.chmod(0o550)
        ended = push(bench, segment(2), codes=(104,))
        expect("can neither be stored nor kept" in ended.text, "the reason", ended)
        place.chmod(0o750)
    push(bench, segment(2))
    place.chmod(0o777)
    push(bench, segment(3), codes=(83,))
    place.chmod(0o750)
    push(bench, segment(3))
    up(bench)
    due(bench)
    made.update(make(bench, (4,)))
    push(bench, segment(4))
    equal(archived(bench, "repo2"), made, "repo2 has all")


@test("require: what is wrong in the journal is left aside, and stops nothing", short=True)
def damaged(bench):
    two(bench, **SYNC)
    made = make(bench, range(1, 7))
    names = list(made)
    down(bench)
    for name in names[:5]:
        push(bench, name)
    place = journal(bench)
    hostile("WAL segments", 4)
    files = [next(place.glob(f"{name}-*")) for name in names[:5]]
    with open(files[0], "r+b") as cut:
        cut.truncate(1000)
    with open(files[1], "r+b") as changed:
        changed.seek(1 << 19)
        changed.write(b"damage")
    # Of another cluster, and right by its name.
    foreign = bench.cluster.data / make_wal(bench, segment(9), b"foreign", system=4711)
    shutil.copy(foreign, place / f"{segment(9)}-{lab.sha1(foreign)}")
    files[3].unlink()
    files[3].symlink_to(foreign)
    up(bench)
    due(bench)
    push(bench, names[5], recycle=False)
    due(bench)
    make(bench, (7,))
    push(bench, segment(7))
    equal(sorted(archived(bench, "repo2")), [names[2], names[4], names[5], segment(7)], "repo2")
    equal(sorted(path.name for path in place.glob("*.aside")),
          sorted([f"{files[0].name}.aside", f"{files[1].name}.aside",
                  f"{segment(9)}-{lab.sha1(foreign)}.aside"]), "aside")
    equal(gaps(bench), [f"{names[0]}-{names[1]}.gap", f"{segment(9)}-{segment(9)}.gap"], "gaps")


@test("require: other content in a repository is left aside, and stops nothing")
def other_content(bench):
    two(bench, **SYNC)
    bench.configure(archive_require="2")
    other = make(bench, (2,))
    push(bench, segment(2), "--archive-require=2")
    shutil.rmtree(bench.dir / "repo/archive" / STANZA / "15-1")
    bench.configure(archive_require="1")
    hostile("WAL segments")
    down(bench)
    names = [segment(number) for number in range(1, 4)]
    made = {}
    for number, name in enumerate(names, 1):
        make_wal(bench, name, b"different %d" % number)
        (bench.cluster.data / "pg_wal/archive_status" / f"{name}.ready").touch()
        made[name] = lab.sha1(bench.cluster.data / "pg_wal" / name)
        push(bench, name)
    up(bench)
    due(bench)
    made.update(make(bench, (4,)))
    ended = push(bench, segment(4))
    expect("WARN: repo2 does not get WAL file" in ended.text, "told", ended)
    equal(archived(bench, "repo"), made, "repo1 has all")
    equal(archived(bench, "repo2"), {**made, **other}, "repo2 has the rest")
    equal(gaps(bench), [], "gaps")


@test("require: two at once empty one journal")
def two_at_once(bench):
    two(bench, **SYNC)
    made = make(bench, range(1, 5))
    down(bench)
    for name in made:
        push(bench, name)
    up(bench)
    due(bench)
    made.update(make(bench, (5, 6)))
    calls = [lab.spawn(bench.argv(OURS, "archive-push", bench.cluster.data / "pg_wal" / segment(number)),
                       bench.dir / f"push{number}.log") for number in (5, 6)]
    for call in calls:
        equal(call.wait(timeout=60), 0, "exit status")
    due(bench)
    made.update(make(bench, (7,)))
    push(bench, segment(7))
    equal(archived(bench, "repo2"), made, "repo2 has all")
    equal(kept(bench), [], "kept")


@test("require: pgBackRest leaves the journal alone", "2.45")
@test("require: pgBackRest 2.60.0 leaves the journal alone", "2.60.0", short=True)
def peers_spool(bench, version):
    peer = PEER if version == "2.45" else later_peer(version)
    two(bench, **ASYNC)
    made = make(bench, range(1, 4))
    down(bench)
    for name in made:
        push(bench, name)
        idle(bench)
    up(bench)
    # pgBackRest does not know the options.
    bench.configure(archive_require=None)
    before = sorted(path.name for path in journal(bench).iterdir())
    made.update(make(bench, range(4, 7)))
    for name in list(made)[3:]:
        expect("asynchronously" in push(bench, name, program=peer).text, "through the spool")
    idle(bench)
    for name in list(made)[3:]:
        bench.call(peer, "archive-get", name, bench.dir / "got")
    idle(bench)
    equal(sorted(path.name for path in journal(bench).iterdir()), before, "the journal")
    bench.configure(archive_require="1")
    due(bench)
    made.update(make(bench, (7,)))
    push(bench, segment(7))
    idle(bench)
    equal(archived(bench, "repo2"), made, "repo2 has all")


@test("require: PostgreSQL uses its segments again, and what is kept stays as it was", SYNC)
@test("require: the same, asynchronously, with a recovery out of what was kept", ASYNC, short=True)
def recycled(bench, settings):
    bench.ready(repo2_path=bench.dir / "repo2", **settings)
    bench.cluster.sql("create table grown (i int, t text)")
    bench.ours("backup", "--repo=2")
    down(bench)
    folder = bench.cluster.data / "pg_wal"
    inodes = {}
    again = 0
    for _ in range(12):
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
    # The segment of the check goes to the required one, and only a warning is said of the other.
    ended = bench.ours("check", "--archive-timeout=5")
    for text in (f"WARN: repo2: 3 WAL file(s) wait for it from {kept(bench)[0]} on",
                 f"WARN: repo2: has no WAL from {first} to ", "WARN: repo2, which is not required: ["):
        expect(text in ended.text, text, ended)
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
