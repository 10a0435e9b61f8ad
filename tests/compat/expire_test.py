# expire leaves the same files as pgBackRest, on made-up repositories of many shapes.
# SPDX-License-Identifier: MIT
"""Several clusters, timelines, gaps, dependents, leftovers. A failing test prints its seed."""
import os
import random
import re

from case import test
from lab import OURS, PEER, STANZA, equal, expect
from made_up import Stanza, write


def files_below(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def listed_backups(root):
    text = (root / "backup" / STANZA / "backup.info").read_text()
    return [line for line in text.splitlines() if line.startswith("2026")]


def lines_of(ended, root):
    """The log without frames and details. The peer tells the last of removed directories as the
    first one, so the start of a removal is left out."""
    lines = [re.sub(r"^P00 +", "", line).replace(str(root), "") for line in ended.text.splitlines()]
    return [re.sub(r"start = \w+, ", "", line) for line in lines
            if line.startswith("INFO: repo1: ")]


def compare(bench, seed):
    stanza = Stanza(seed)
    full, archive = random.Random(seed).choice([(1, None), (1, 1), (2, 1), (2, None), (3, 2)])
    ends = {}
    for program in (OURS, PEER):
        root = bench.dir / ("ours" if program == OURS else "peer")
        stanza.write(root)
        bench.configure(repo1_path=root, log_timestamp="n", repo1_retention_full=full,
                        repo1_retention_archive=archive)
        call = bench.ours if program == OURS else bench.peer
        ends[program] = (files_below(root), listed_backups(root), lines_of(call("expire"), root))
    for index, what in enumerate(("files", "backup.info", "log")):
        equal(ends[OURS][index], ends[PEER][index], f"{what} with seed {seed}")


@test("expire: leaves what pgBackRest leaves, on made-up repositories", cluster=False)
def leaves_the_same(bench):
    for seed in range(20):
        compare(bench, seed)


@test("expire: leaves what pgBackRest leaves, on many more", cluster=False, slow=True)
def leaves_the_same_often(bench):
    for seed in range(1000, 1400):
        compare(bench, seed)


@test("expire: --dry-run tells the same and changes nothing", cluster=False)
def dry_run(bench):
    root = bench.dir / "repo"
    for seed in range(5):
        stanza = Stanza(seed)
        stanza.write(root)
        before = files_below(root)
        bench.configure(log_timestamp="n", repo1_retention_full=1, repo1_retention_archive=1)
        told = bench.ours("expire", "--dry-run")
        equal(files_below(root), before, f"files after --dry-run with seed {seed}")
        equal(lines_of(told, root), [], "lines without the mark of a dry run")
        told.out = told.out.replace(b"[DRY-RUN] ", b"")
        equal(lines_of(told, root), lines_of(bench.ours("expire"), root), "what is told")


@test("expire: a backup in progress elsewhere stays", cluster=False)
def in_progress(bench):
    root = bench.dir / "repo"
    stanza = Stanza(2)
    stanza.write(root)
    folder = root / "backup" / STANZA
    newest, other = (folder / label / "backup.manifest.copy"
                     for label in ("20270101-000000F", "20260101-000000F"))
    for copy in (newest, other):
        write(copy)
    for path in (newest, newest.parent):
        os.utime(path, (1, 1))
    bench.configure(repo1_retention_full=1)
    bench.ours("expire")
    expect(newest.exists(), "the newest directory with a manifest copy only")
    expect(other.exists(), "one in which something has just changed")
    for path in (other, other.parent):
        os.utime(path, (1, 1))
    bench.ours("expire")
    expect(newest.exists() and not other.exists(), "once it is old, only the newest stays")


@test("expire: an error in one repository does not stop the others", cluster=False)
def one_of_two(bench):
    root = bench.dir / "repo"
    stanza = next(stanza for stanza in map(Stanza, range(100))
                  if sum(one["type"] == "full" for one in stanza.backups) > 1)
    stanza.write(root)
    empty = bench.dir / "empty"
    empty.mkdir()
    bench.configure(repo1_path=empty, repo2_path=root, repo2_retention_full=1)
    ended = bench.ours("expire", codes=(104,))
    expect("repo1" in ended.text and "archive.info" not in ended.text, "the failure is told", ended)
    equal(sum(label[-1] == "F" for label in bench.completed_labels()), 1, "full backups in repo2")


@test("expire: a history of manifests is that of its repository", cluster=False)
def history_of_two(bench):
    """The listing of one repository decides nothing in another one."""
    chosen = [stanza for stanza in map(Stanza, range(100))
              if sum(one["type"] == "full" for one in stanza.backups) > 1][:2]
    roots = [bench.dir / "repo", bench.dir / "repo2"]
    names = ["2019", "2018"]
    for stanza, root, year in zip(chosen, roots, names):
        stanza.write(root)
        write(root / "backup" / STANZA / "backup.history" / year / f"{year}0101-000000F.manifest.gz")
    kept = roots[0] / "backup" / STANZA / "backup.history" / "2019" / "20190101-000000F.manifest.gz"
    gone = roots[1] / "backup" / STANZA / "backup.history" / "2018" / "20180101-000000F.manifest.gz"
    bench.configure(repo1_retention_full=9, repo2_path=roots[1], repo2_retention_full=9,
                    repo2_retention_history=0)
    ended = bench.ours("expire")
    expect(kept.exists() and not gone.exists(), "only repo2 has a retention of its history", ended)
    expect("repo2: remove expired backup history" in ended.text, "it says where", ended)
