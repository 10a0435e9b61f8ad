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
