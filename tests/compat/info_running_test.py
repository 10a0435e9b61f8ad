# `info` of a backup that runs: each program tells of its own and of the other's, in the same words.
# SPDX-License-Identifier: MIT
import os
import signal

import lab
import paused
from case import test
from info_test import Pair
from lab import OURS, STANZA, equal, expect
from later_peer import later_peer


def paused_peer(bench, peer):
    """A backup by pgBackRest, stopped in its longest file."""
    known = bench.labels()
    process = lab.spawn(bench.argv(peer, "backup", "--type=full"), bench.dir / "backup.log")
    lab.wait_for(lambda: paused.copying(bench, known) or process.poll() is not None,
                 "the copy begins", 60, 0.002)
    os.killpg(process.pid, signal.SIGSTOP)
    expect(process.poll() is None, "the backup was caught in its middle", paused.log_of(bench))
    return process


def as_both_tell(bench, process):
    pair = Pair(bench)
    try:
        for words in ((), (f"--stanza={STANZA}",), ("--detail-level=progress",)):
            text = pair.ask(*words)
            expect("backup/expire running" in text, "progress", text)
            pair.ask(*words, "--output=json")
    finally:
        paused.finish(bench, process)
    expect("running" not in pair.ask(), "nobody has the lock any more")


@test("info: a backup of ours that runs, as pgBackRest 2.60.0 tells of it")
def ours_runs(bench):
    paused.slow_backup(bench)
    as_both_tell(bench, paused.paused_backup(bench))


@test("info: a backup of pgBackRest 2.60.0 that runs", slow=True)
def peer_runs(bench):
    peer = later_peer("2.60.0")
    paused.slow_backup(bench)
    as_both_tell(bench, paused_peer(bench, peer))
    labels = bench.completed_labels()
    equal([one["label"] for one in lab.run(bench.argv(OURS, "info", "--output=json")).json()[0]
           ["backup"]], labels, "what was made")
