# expire of chains leaves what pgBackRest 2.60.0 leaves, whatever retention says and whoever asks.
# SPDX-License-Identifier: MIT
"""Made-up repositories of full, diff and incr backups. A failing test prints its seed."""
import os
import random
import re
import shutil
import time

import lab
from case import test
from lab import OURS, STANZA, equal, expect
from later_peer import later_peer
from made_up import SUM, Stanza, segment, write
from other_host import over_ssh

DAY_S = 86400


def stamp(days_ago):
    """The time in a label, in the middle of a day so that it is on no border."""
    return time.strftime("%Y%m%d-%H%M%S", time.localtime(time.time() - int((days_ago + .5) * DAY_S)))


class Chains(Stanza):
    """Besides: times, page errors, manifests of the past, what could be resumed, and `latest`."""

    def __init__(self, seed):
        super().__init__(seed)
        ages = sorted((self.random.randrange(0, 60) for _ in self.backups), reverse=True)
        self.now = int(time.time())
        for one, age in zip(self.backups, ages):
            one["stop-s"] = self.now - age * DAY_S - DAY_S // 2
            one["errors"] = self.random.random() < 0.15
        self.past = [stamp(self.random.randrange(0, 900)) + "F" for _ in range(12)]
        self.past += [f"{label}_{stamp(5)}I" for label in self.past[:3]]
        self.resumable = self.backups and self.random.random() < 0.3

    def listed(self, one):
        return {**super().listed(one), "backup-error": one["errors"],
                "backup-timestamp-start": one["stop-s"] - 60,
                "backup-timestamp-stop": one["stop-s"]}

    def write(self, root):
        super().write(root)
        backups = root / "backup" / STANZA
        for label in self.past + [one["label"] for one in self.backups]:
            write(backups / "backup.history" / label[:4] / f"{label}.manifest.gz")
        if self.backups:
            (backups / "latest").symlink_to(self.backups[-1]["label"])
        if self.resumable:
            self.write_resumable(backups)

    def write_resumable(self, backups):
        full = max(one["label"] for one in self.backups if one["type"] == "full")
        of_set = [one for one in self.backups if one["label"].startswith(full)]
        base = of_set[self.now % len(of_set)]
        label = f"{full}_20260301-000000I"
        folder = backups / label
        write(folder / "backup.manifest.copy", self.manifest(
            {**base, "label": label, "type": "incr", "prior": base["label"],
             "reference": base["reference"] + [base["label"]]}))
        for path in (folder / "backup.manifest.copy", folder):
            os.utime(path, (1, 1))

    def options(self):
        """Retention as settings of repo1, and words of the command line."""
        any_of, chance = self.random.choice, self.random.random
        by_time = chance() < 0.4
        settings = {
            "full-type": "time" if by_time else any_of(["count", None]),
            "full": None if chance() < 0.1 else self.random.randrange(1, 50 if by_time else 5),
            "diff": any_of([None, 1, 2, 3]),
            "archive-type": any_of([None, "full", "diff", "incr"]),
            "archive": any_of([None, 1, 2, 3, 5]),
            "history": any_of([None, None, 0, 10, 100, 400, 1000])}
        words = []
        if chance() < 0.3 and self.backups:
            label = any_of([one["label"] for one in self.backups] + ["20260101-000000F"])
            # Which last backups are taken all the same is not the same in both.
            words = [f"--set={label}", "--no-checksum-page-error"]
        elif chance() < 0.15:
            words = ["--oldest"]
        if chance() < 0.2:
            words.append("--archive-expire-before=" + self.any_segment())
        if chance() < 0.15:
            words.append("--dry-run")
        if chance() < 0.3 and "--no-checksum-page-error" not in words:
            words.append("--no-checksum-page-error")
        return {f"repo1_retention_{name.replace('-', '_')}": value
                for name, value in settings.items()}, words

    def any_segment(self):
        names = [name for name in self.archive if SUM in name and "partial" not in name]
        return self.random.choice(names).split("/")[2][:24] if names else segment(1, 1)


def files_below(root):
    """Files by name, links by where they lead."""
    return {str(path.relative_to(root)) + (f" -> {os.readlink(path)}" if path.is_symlink() else "")
            for path in root.rglob("*") if path.is_symlink() or path.is_file()}


def lines_of(ended, root):
    """What was said of the repository: why and what was removed, warnings and errors."""
    lines = [re.sub(r"^P00 +", "", line).replace(str(root), "") for line in ended.text.splitlines()]
    return [line.replace("WARN: repo1: backup 2", "WARN: backup 2")
            for line in lines if line.startswith(("INFO", "WARN", "ERROR"))
            and "command begin" not in line and "command end" not in line]


def listed_in(root):
    lines = (root / "backup" / STANZA / "backup.info").read_text().splitlines()
    return [line for line in lines if re.match(r"\d{8}-\d{6}F", line)]


def expire_with(program, bench, stanza, settings, words):
    root = bench.dir / ("ours" if program == OURS else "peer")
    stanza.write(root)
    bench.configure(repo1_path=root, log_timestamp="n", **settings)
    before = files_below(root)
    call = lab.run(bench.argv(program, "expire", *words), codes=None)
    return before, files_below(root), listed_in(root), lines_of(call, root), call


def without_history(files):
    return {name for name in files if "backup.history" not in name}


def kept_timelines(before, words):
    """Histories of timelines from which --archive-expire-before keeps WAL. The peer asks only the
    backups."""
    asked = [word.split("=")[1][:8] for word in words if word.startswith("--archive-expire")]
    return {name for name in before if asked and name.endswith(".history")
            and name.split("/")[-1][:8] >= asked[0]}


def untold(lines):
    """Without the removal of timeline histories, which is not always the same."""
    return [line for line in lines if "remove history file" not in line]


def compare(bench, peer, seed):
    stanza = Chains(seed)
    settings, words = stanza.options()
    what = f"with seed {seed}, {settings}, {words}"
    _, left, listed, said, ended = expire_with(OURS, bench, stanza, settings, words)
    before, peer_left, peer_listed, peer_said, peer_ended = expire_with(peer, bench, stanza,
                                                                         settings, words)
    shown = f"{ended}\n{peer_ended}"
    equal(ended.code, peer_ended.code, f"exit {what}\n{shown}")
    peer_left |= left & kept_timelines(before, words)
    different = without_history(left) ^ without_history(peer_left)
    expect(not different, f"files {what}: {sorted(different)}", shown)
    equal(listed, peer_listed, f"backup.info {what}")
    # The peer takes manifests of listed backups with their year.
    kept = {name for name in before if "backup.history" in name
            and any(f"/{line.split('=')[0]}.manifest.gz" in name for line in listed)}
    different = left ^ (peer_left | kept)
    expect(not different, f"history {what}: {sorted(different)}", shown)
    if kept <= peer_left:
        equal(*(untold(lines) for lines in (said, peer_said)), f"log {what}")


@test("expire chains: leaves and tells what pgBackRest 2.60.0 does", cluster=False)
def leaves_the_same(bench):
    peer = later_peer("2.60.0")
    for seed in range(15):
        compare(bench, peer, seed)


@test("expire chains: the same, many times", cluster=False, slow=True)
def leaves_the_same_often(bench):
    peer = later_peer("2.60.0")
    for seed in range(1000, 1300):
        compare(bench, peer, seed)


@test("expire chains: what cannot be asked for", cluster=False)
def refused(bench):
    peer = later_peer("2.60.0")
    for words in (["--set=latest"], ["--set=x/../y"], ["--set=20260101-000000F", "--oldest"],
                  ["--archive-expire-before=00000001"],
                  ["--archive-expire-before=00000001000000000000000a"]):
        results = [expire_with(program, bench, Chains(3), {}, words) for program in (OURS, peer)]
        equal(results[0][4].code, results[1][4].code, f"exit of {words}")
        equal(results[0][3], results[1][3], f"what is said of {words}")
        equal(results[0][1], results[0][0], f"files after {words}")


@test("expire chains: the same of a repository behind ssh", cluster=False)
def behind_ssh(bench):
    for seed in (4, 11, 17, 23):
        stanza = Chains(seed)
        settings, words = stanza.options()
        _, left, listed, said, ended = expire_with(OURS, bench, stanza, settings, words)
        root = bench.dir / "there"
        stanza.write(root)
        shutil.rmtree(bench.dir / "other", ignore_errors=True)
        over_ssh(bench, "repo", {"repo1-path": root}, log_timestamp="n", **settings)
        there = lab.run(bench.argv(OURS, "expire", *words), codes=None)
        what = f"with seed {seed}, {settings}, {words}\n{ended}\n{there}"
        equal(there.code, ended.code, f"exit {what}")
        equal(sorted(files_below(root)), sorted(left), f"files {what}")
        equal(listed_in(root), listed, f"backup.info {what}")
        # A path is told as this host is configured, which has none for that repository.
        different = {re.sub(r"path /.*/archive/", "path /archive/", line)
                     for line in lines_of(there, root)} ^ set(said)
        expect(not different, f"log {what}: {sorted(different)}")
