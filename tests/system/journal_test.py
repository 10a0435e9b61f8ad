# The journal of what a repository has yet to get: what it keeps, where it ends, and what is wrong in it.
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
from journaled import ASYNC, SYNC, down, due, gaps, journal, kept, make, push, two, up
from lab import OURS, PEER, STANZA, Skip, equal, expect
from later_peer import later_peer
from spooled import archived, background, idle
from wal_files import make_wal, segment


@test("journal: kills in between lose nothing", SYNC, 25, short=True)
@test("journal: kills in between lose nothing, asynchronously", ASYNC, 25, short=True)
@test("journal: kills in between lose nothing, often", SYNC, 120, slow=True)
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


@test("journal: what exceeds archive-journal-max is a gap, which is told; others go on", short=True)
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


@test("journal: a full disk under the journal is a gap")
def full_disk(bench):
    if not lab.SMALL_FILE_SYSTEM:
        raise Skip("there is no file system of a few MiB")
    spool = lab.SMALL_FILE_SYSTEM / "spool"
    two(bench, **SYNC, spool_path=spool)
    made = make(bench, range(1, 4))
    down(bench)
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


@test("journal: a journal that cannot be written keeps WAL with PostgreSQL, one of others is refused")
@hostile("modes, owners and directories of others", 2)
def bad_journal(bench):
    two(bench, **SYNC)
    made = make(bench, range(1, 4))
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


@test("journal: what is wrong in the journal is left aside, and stops nothing", short=True)
@hostile("WAL segments", 4)
def damaged(bench):
    two(bench, **SYNC)
    made = make(bench, range(1, 7))
    names = list(made)
    down(bench)
    for name in names[:5]:
        push(bench, name)
    place = journal(bench)
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


@test("journal: other content in a repository is left aside, and stops nothing")
@hostile("WAL segments")
def other_content(bench):
    two(bench, **SYNC)
    bench.configure(archive_require="2")
    other = make(bench, (2,))
    push(bench, segment(2), "--archive-require=2")
    shutil.rmtree(bench.dir / "repo/archive" / STANZA / "15-1")
    bench.configure(archive_require="1")
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


@test("journal: two at once empty one journal")
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


@test("journal: pgBackRest leaves the journal alone", "2.45")
@test("journal: pgBackRest 2.60.0 leaves the journal alone", "2.60.0", short=True)
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
