# kill -9 at any time, of either program: what the next command of either one makes of it.
# SPDX-License-Identifier: MIT
import os
import random
import shutil
import time

import lab
from case import test
from lab import OURS, PEER, STANZA, Failure, equal, expect
from made_up import Stanza, segment
from paused import no_session, verified

ROUNDS = 12


def files_below(root):
    """All files but those to which a killed program had not given their names yet."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*")
                  if path.is_file() and not path.is_symlink()
                  and not path.name.endswith(".pgbackrest.tmp"))


def age(root):
    """For us a young directory without a manifest may be a backup that another host makes."""
    for path in (root / "backup" / STANZA).rglob("*"):
        os.utime(path, (1, time.time() - 3600), follow_symlinks=False)


def listed_in(root):
    lines = (root / "backup" / STANZA / "backup.info").read_text().splitlines()
    return [line.split("=")[0] for line in lines if line.startswith("2026")]


def much_to_expire():
    """A stanza of one cluster with many full backups, and WAL of before them that takes time to remove."""
    stanza = next(stanza for stanza in map(Stanza, range(1000)) if stanza.clusters == 1
                  and sum(one["type"] == "full" for one in stanza.backups) > 4)
    for number in range(1, 100):
        name = segment(1, number)
        stanza.archive += [f"15-1/{name[:16]}/{name}-{twin:040x}.gz" for twin in range(12)]
    return stanza


def killed_after(bench, program, words, delay_s):
    """Whether the command was ended by the kill, not by itself."""
    process = lab.spawn(bench.argv(program, *words), bench.dir / "killed.log")
    time.sleep(delay_s)
    lab.kill_group(process)
    return process.wait() != 0


def expire_rounds(bench, first):
    """An expire that is killed, then one of either program: the same is left as without a kill."""
    start, root = bench.dir / "start", bench.repo
    much_to_expire().write(start)
    bench.configure(repo1_retention_full=1, repo1_retention_archive=1)

    def begin():
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(start, root, symlinks=True)

    begin()
    length_s = bench.call(first, "expire").seconds
    untouched, wanted = files_below(start), (files_below(root), listed_in(root))
    halfway, number = 0, 0
    while number < ROUNDS or (halfway == 0 and number < 8 * ROUNDS):
        begin()
        # Later and later, then the same again in half of the time: it may be faster than at first.
        delay_s = (number % ROUNDS + 1) / ROUNDS * length_s / (number // ROUNDS + 1)
        killed = killed_after(bench, first, ("expire",), delay_s)
        halfway += killed and files_below(root) not in (untouched, wanted[0])
        for call in (OURS, PEER):
            there = bench.call(call, "info", "--output=json").json()[0]
            equal({one["label"] for one in there["backup"]}, set(listed_in(root)),
                  f"backups in info after a kill, by {call}")
        second = (OURS, PEER)[number % 2]
        age(root)
        bench.call(second, "expire")
        equal((files_below(root), listed_in(root)), wanted, f"left in round {number}, by {second}")
        number += 1
    expect(halfway > 0, "some expire was killed in its middle")


test("kill: an expire of ours, then one of either program", OURS, cluster=False)(expire_rounds)
test("kill: an expire of pgBackRest, then one of either program", PEER,
     cluster=False, slow=True)(expire_rounds)


@test("kill: backups of both programs in turn, then one of the other")
def backup_rounds(bench):
    bench.ready(compress_type="lz4", process_max="2", repo1_retention_full="99", repo1_bundle="y")
    started = time.monotonic()
    bench.ours("backup")
    length_s = time.monotonic() - started
    seed = int.from_bytes(os.urandom(4), "big")
    chance = random.Random(seed)
    try:
        for number in range(6):
            first, second = (OURS, PEER) if number % 2 == 0 else (PEER, OURS)
            kind = chance.choice(("full", "diff", "incr"))
            bench.cluster.sql(f"insert into small select i, 'more' from generate_series("
                              f"{1000 * number + 1000}, {1000 * number + 1200}) i")
            known = bench.completed_labels()
            killed_after(bench, first, ("backup", f"--type={kind}"), chance.uniform(0.1, 1.1) * length_s)
            no_session(bench)
            bench.call(second, "backup", "--type=incr")
            labels = bench.completed_labels()
            expect(set(known) < set(labels), "nothing is lost, and one is new", (known, labels))
            verified(bench, labels)
        latest = bench.completed_labels()[-1]
        for program in (OURS, PEER):
            target = bench.restore(program, bench.dir / os.path.basename(program), "--archive-mode=off")
            bench.start_restored(target)
            equal(target.fingerprint(), bench.cluster.fingerprint(), f"data of {latest}")
            target.stop("immediate")
    except Failure as failure:
        raise Failure(f"seed {seed}: {failure}") from failure
