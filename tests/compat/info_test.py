# The text of `info`, to the letter what pgBackRest 2.60.0 prints of the same repositories.
# SPDX-License-Identifier: MIT
import difflib
import fcntl
import json
import os
import re
import shutil

import crafted
import golden
import lab
from case import test
from hostile import hostile
from lab import OURS, STANZA, equal, expect
from later_peer import later_peer

WITHOUT_FORMAT_6 = "abcdefghijk"


class Pair:
    """Both programs, asked the same of the same repositories.

    `unlike`: their archives differ, which we tell and the peer does not (archive_lag_test.py)."""

    def __init__(self, bench, unlike=False):
        self.bench, self.peer, self.asked = bench, later_peer("2.60.0"), 0
        self.unlike = unlike

    def configure(self, *repositories):
        """Writes the configuration: (path, settings) for each repository."""
        lines = ["[global]", f"lock-path={self.bench.dir / 'lock'}", "log-level-file=off"]
        for key, (path, settings) in enumerate(repositories, 1):
            lines.append(f"repo{key}-path={path}")
            lines += [f"{name.replace('repo1', f'repo{key}')}={value}"
                      for name, value in settings.items()]
        lines += ["", f"[{STANZA}]", "pg1-path=/nowhere"]
        self.bench.conf.write_text("\n".join(lines) + "\n")

    def ask(self, *words, what=""):
        answers = []
        for program in (OURS, self.peer):
            ended = lab.run([program, f"--config={self.bench.conf}", "info", *words], codes=None)
            answers.append((ended.code, ended.out.decode()))
        if self.unlike:
            answers[0] = (answers[0][0], without_lag(answers[0][1]))
        ours, theirs = ((f"exit {code}\n{text}").splitlines() for code, text in answers)
        difference = "\n".join(difflib.unified_diff(theirs, ours, "2.60.0", "ours", lineterm=""))
        expect(not difference, f"info {' '.join(words)} {what}", difference)
        self.asked += 1
        return answers[0][1]

    def ask_all_ways(self, what=""):
        """Plain, of the stanza, of each backup, of each type, briefly; the backups as JSON, too."""
        self.ask(what=what)
        self.ask("--output=json", what=what)
        self.ask(f"--stanza={STANZA}", what=what)
        self.ask("--detail-level=progress", what=what)
        for kind in ("full", "diff", "incr"):
            self.ask(f"--stanza={STANZA}", f"--type={kind}", what=what)
        listed = lab.run([self.peer, f"--config={self.bench.conf}", "info", "--output=json"])
        for stanza in listed.json():
            for backup in stanza["backup"]:
                key = backup["database"]["repo-key"]
                for words in ((), (f"--repo={key}",)):
                    of_set = (f"--stanza={stanza['name']}", f"--set={backup['label']}", *words)
                    self.ask(*of_set, what=what)
                    self.ask(*of_set, "--output=json", what=what)


def without_lag(text):
    """Of either kind of output."""
    text = re.sub(r"\n    wal archived so far\n(        repo\d+: .*\n)+", "", text)
    return re.sub(r'"archive-lag":\[[^]]*\],', "", text)


def repository(bench, letter, name):
    """A golden set as directory `name`; its path and settings."""
    bench.repo = bench.dir / name
    side = golden.unpack(bench, letter)
    known = dict(line.split("=", 1) for line in side["repo-config"])
    return bench.repo, {key: value for key, value in known.items() if "cipher" in key}


def info_file(path, kind="backup"):
    return path / kind / STANZA / f"{kind}.info"


def each_backup(path, change):
    """Applies `change(number, fields)` to every entry of backup.info."""
    def edit(text):
        lines, number, section = [], 0, ""
        for line in text.splitlines():
            section = line if line.startswith("[") else section
            if section == "[backup:current]" and "=" in line:
                label, value = line.split("=", 1)
                fields = json.loads(value)
                fields = change(number, fields)
                number += 1
                if fields is None:
                    continue
                line = f"{label}={json.dumps(fields, separators=(',', ':'), sort_keys=True)}"
            lines.append(line)
        return "\n".join(lines) + "\n"
    crafted.rewrite_info(info_file(path), edit)


def golden_set(bench, letter):
    pair = Pair(bench)
    pair.configure(repository(bench, letter, "r1"))
    pair.ask_all_ways(letter)


for one in WITHOUT_FORMAT_6:
    test(f"info: text as pgBackRest 2.60.0 prints it: golden set {one}", one,
         cluster=False)(golden_set)


@test("info: text of nothing, of an unknown stanza, of an unknown backup", cluster=False)
def nothing(bench):
    pair = Pair(bench)
    (bench.dir / "empty").mkdir()
    a = repository(bench, "a", "a")
    for repositories in ([(bench.dir / "none", {})], [(bench.dir / "empty", {})],
                         [(bench.dir / "none", {}), (bench.dir / "empty", {})], [a],
                         [a, (bench.dir / "empty", {})], [(bench.dir / "empty", {}), a]):
        pair.configure(*repositories)
        for words in ((), (f"--stanza={STANZA}",), ("--stanza=other",),
                      (f"--stanza={STANZA}", "--set=20200101-000000F"), ("--repo=1",)):
            pair.ask(*words)
            pair.ask(*words, "--output=json")


@test("info: text of several repositories", cluster=False, slow=True)
def several_repositories(bench):
    pair = Pair(bench)
    a, g, f = (repository(bench, letter, letter) for letter in "agf")
    fewer, none = bench.dir / "fewer", bench.dir / "none-left"
    same = (bench.dir / "same", f[1])
    shutil.copytree(f[0], same[0], symlinks=True)
    for copy in (fewer, none):
        shutil.copytree(a[0], copy, symlinks=True)
    each_backup(fewer, lambda number, fields: fields if number == 0 else None)
    each_backup(none, lambda number, fields: None)
    wrong = (f[0], {**f[1], "repo1-cipher-pass": "wrong"})
    for repositories in ((a, (fewer, {})), ((fewer, {}), a), (a, (none, {})), ((none, {}),),
                         (a, g), (a, f), (f, same), (f, (none, {})), (a, (fewer, {}), (none, {}))):
        pair.configure(*repositories)
        pair.ask_all_ways(repositories)
    for repositories in ((a, wrong), (wrong, a), (wrong,)):
        pair.configure(*repositories)
        text = lab.run([OURS, f"--config={bench.conf}", "info"]).out.decode()
        expect("error (other)" in text and "[CryptoError]" in text, "the wrong passphrase", text)


@test("info: text of several stanzas, and of what is missing in one", cluster=False)
def several_stanzas(bench):
    pair = Pair(bench)
    path, settings = repository(bench, "a", "a")
    for kind in ("archive", "backup"):
        for name in ("another", "zz-last"):
            shutil.copytree(path / kind / STANZA, path / kind / name, symlinks=True)
    pair.configure((path, settings))
    pair.ask_all_ways("three stanzas")
    for name in ("backup.info", "backup.info.copy"):
        (path / "backup/another" / name).unlink()
    pair.ask_all_ways("no backup.info")
    shutil.rmtree(path / "archive" / STANZA / "15-1")
    pair.ask_all_ways("no WAL")
    (path / "backup/only-a-directory").mkdir()
    pair.ask_all_ways("an empty directory")


@test("info: text of sizes, times, annotations, offline backups and page errors", cluster=False)
def fields(bench):
    pair = Pair(bench)
    path, settings = repository(bench, "a", "a")
    pair.configure((path, settings))
    mega = 1 << 20
    sizes = [0, 1, 1023, 1024, 1025, 1126, 1127, 10239, 10240, 10241, 1024 * 1024 - 1, mega,
             mega + 1, 22 * mega + 33000, 22 * mega + 104857, 22 * mega + 104858, 23 * mega - 1,
             23 * mega - 53000, (1 << 30) - 1, 1 << 30, 5 * (1 << 30) + 53687092, 1 << 40,
             (1 << 40) * 1023 + 5, (1 << 50) - 1, 1 << 50, (1 << 50) * 900 + 1]
    for size in sizes:
        each_backup(path, lambda number, fields: {
            **fields, "backup-info-size": size, "backup-info-repo-size-delta": size,
            "backup-info-repo-size": size, "backup-info-size-delta": size})
        pair.ask(what=f"size {size}")
    each_backup(path, lambda number, fields: {
        **fields, "backup-error": number % 2 == 0,
        "backup-annotation": {"key": "one value", "a": "quote \" and \\ slash", "z": "last"},
        "backup-timestamp-start": 1700000000 + number, "backup-timestamp-stop": 1719792000})
    pair.ask_all_ways("errors and annotations")
    each_backup(path, lambda number, fields: {
        key: None if key.startswith("backup-archive-st") else value
        for key, value in fields.items() if not key.startswith("backup-lsn")})
    pair.ask_all_ways("offline")


@test("info: text while a backup, an expire or a restore holds its lock", cluster=False, slow=True)
def locks(bench):
    pair = Pair(bench)
    a, b = repository(bench, "a", "a"), repository(bench, "a", "b")
    pair.configure(a, b)
    (bench.dir / "lock").mkdir()
    held = []
    for name, content in (("demo-backup-1", {"sz": 1000000, "szCplt": 333333}),
                          ("demo-backup-2", {}), ("demo-restore-1", {"sz": 7, "szCplt": 1})):
        file = open(bench.dir / "lock" / f"{name}.lock", "w", encoding="utf-8")
        held.append(file)
        file.write(json.dumps({"execId": "1-2", "pid": os.getpid(), **content}))
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        pair.ask_all_ways(name)


@test("info: text while somebody holds a lock where something is wrong", cluster=False)
def locks_and_errors(bench):
    pair = Pair(bench)
    a, g = repository(bench, "a", "a"), repository(bench, "g", "g")
    none, lost = (bench.dir / "none-left", {}), (bench.dir / "lost", {})
    for copy, _ in (none, lost):
        shutil.copytree(a[0], copy, symlinks=True)
    each_backup(none[0], lambda number, fields: None)
    for name in ("backup.info", "backup.info.copy"):
        (lost[0] / "backup" / STANZA / name).unlink()
    (bench.dir / "lock").mkdir()
    with open(bench.dir / "lock/demo-backup-1.lock", "w", encoding="utf-8") as file:
        file.write(json.dumps({"execId": "1-2", "pid": os.getpid(), "sz": 3000, "szCplt": 1000}))
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        # Where the first repository has no backup.info the peer does not look at locks.
        for repositories in ([none], [a, none], [none, a], [a, g], [a, lost]):
            pair.configure(*repositories)
            for words in ((f"--stanza={STANZA}",), (f"--stanza={STANZA}", "--output=json"),
                          (f"--stanza={STANZA}", "--detail-level=progress"),
                          (f"--stanza={STANZA}", "--set=20200101-000000F")):
                pair.ask(*words, what=repositories)


@test("info: what a repository says neither steers a terminal nor breaks the JSON", cluster=False)
def hostile_repository(bench):
    path, _ = repository(bench, "a", "a")
    bench.conf.write_text(f"[global]\nrepo1-path={path}\nlog-level-file=off\n"
                          f"lock-path={bench.dir / 'lock'}\n")
    hostile_text = "\x1b]0;title\x07\x1b[2J\r\n\x7f\x9b end"
    each_backup(path, lambda number, fields: {
        **fields, "backup-annotation": {hostile_text: hostile_text}})

    def ask(*words):
        return lab.run([OURS, f"--config={bench.conf}", "info", *words])

    with hostile("control characters and line feeds"):
        label = ask("--output=json").json()[0]["backup"][0]["label"]
        ended = ask(f"--stanza={STANZA}", f"--set={label}")
        expect(" end" in ended.text and lab.printable(ended.out + ended.err), "text only", ended)
    # None of these is the name of a stanza.
    for name in ("\x1b[2Jx", "line\nfeed", "carriage\rreturn", ".hidden", "a:b"):
        for kind in ("archive", "backup"):
            shutil.copytree(path / kind / STANZA, path / kind / name, symlinks=True)
        with hostile("control characters and line feeds"):
            equal([one["name"] for one in ask("--output=json").json()], [STANZA], "stanzas")
            ended = ask()
            expect(ended.text.count("stanza: ") == 1 and lab.printable(ended.out + ended.err),
                   "one stanza, text only", ended)
