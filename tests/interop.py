# What pgBackRest and we make of the same repository, wherever it lies.
# SPDX-License-Identifier: MIT
import re

from lab import OURS, equal, expect
import trees


def labels(bench, program=OURS):
    listed = bench.call(program, "info", "--output=json", "--log-level-console=warn").json()
    return [one["label"] for one in listed[0]["backup"]]


def valid_for(bench, program, labels):
    """This program finds the backups with these labels valid, no others, and all WAL."""
    text = bench.call(program, "verify", "--output=text", "--verbose",
                      "--log-level-console=warn").text
    found = re.findall(r"backup: (\S+), status: (\w+)", text)
    equal(found, [(label, "valid") for label in labels], text)
    checked = re.search(r"total WAL checked: (\d+), total valid WAL: (\d+)", text)
    expect(checked and checked[1] == checked[2] != "0", "verify saw only valid WAL", text)


def same_restores(bench, program, label):
    """We and this program restore the same files."""
    words = (f"--set={label}", "--type=none", "--archive-mode=off")
    homes = [bench.restore(one, bench.dir / f"{label}-{number}", *words)
             for number, one in enumerate((OURS, program))]
    trees.compare_trees(homes[0].home, homes[1].home, f"restores of {label}",
                        ignored=trees.SIGNAL_FILES)


def replayed(bench, program, home):
    """A restore by this program that replays all WAL has the data of the cluster."""
    target = bench.restore(program, bench.dir / home, "--archive-mode=off")
    bench.start_restored(target)
    equal(target.fingerprint(), bench.cluster.fingerprint(), f"data restored by {program}")
    target.stop("immediate")


def chain_of_three(bench, peer):
    """We make a full, a diff and an incr backup, which the peer takes for valid, and their WAL can be replayed."""
    bench.ours("backup")
    bench.cluster.sql("create table later as select i, repeat('x', 1000) t "
                      "from generate_series(1, 10000) i")
    bench.ours("backup", "--type=diff")
    bench.cluster.sql("insert into later values (0)")
    bench.ours("backup", "--type=incr")
    equal(len(labels(bench)), 3, "backups")
    valid_for(bench, peer, labels(bench))
    bench.cluster.switch_and_wait_archived()
    replayed(bench, OURS, "r1")


def continued_by_us(bench, peer):
    """The peer makes a full and a diff backup; both restore the same of them, and our incr is one for both."""
    bench.call(peer, "backup")
    bench.cluster.sql("insert into small select i, 'after' from generate_series(2000, 2100) i")
    bench.call(peer, "backup", "--type=diff")
    bench.cluster.switch_and_wait_archived()
    for label in labels(bench):
        same_restores(bench, peer, label)
    bench.ours("backup", "--type=incr")
    equal(labels(bench, peer), labels(bench), "backups in info")
    valid_for(bench, peer, labels(bench))
    bench.cluster.switch_and_wait_archived()
    replayed(bench, peer, "back")
