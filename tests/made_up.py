# Made-up stanzas: info files, manifests and WAL names as real ones, but hardly any data.
# SPDX-License-Identifier: MIT
import json
import os
import random
import shutil

import crafted
from lab import STANZA

SUM = "dafbf44355254f826b129cecc7a094e4a6b4009e"
HEAD = {"backrest-format": 5, "backrest-version": "2.45"}
VERSIONS = {"db-catalog-version": 202209061, "db-control-version": 1300}
BACKUP_OPTIONS = {"option-archive-check": True, "option-archive-copy": False,
                  "option-compress": True, "option-hardlink": False, "option-online": True}
LISTED_OPTIONS = {**BACKUP_OPTIONS, "option-backup-standby": False, "option-checksum-page": True}


def segment(timeline, number):
    return f"{timeline:08X}{number // 256:08X}{number % 256:08X}"


def info_text(sections):
    """An info file with a right checksum; values are written as JSON with sorted members."""
    parts = []
    for name, lines in sections:
        if lines:
            shown = "".join(f"{key}={json.dumps(value, separators=(',', ':'), sort_keys=True)}\n"
                            for key, value in sorted(lines.items()))
            parts.append(f"[{name}]\n{shown}")
    text = "\n".join(parts)
    return text + f'\n[backrest]\nbackrest-checksum="{crafted.info_checksum(text)}"\n'


def write(path, text="x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def write_pair(path, text):
    write(path, text)
    write(path.with_name(path.name + ".copy"), text)


class Stanza:
    """What happened to a stanza: clusters one after the other, each with WAL and backups."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.clusters = self.random.choice([1, 1, 2, 3])
        self.backups, self.archive = [], []
        self.hour = 0
        for cluster in range(1, self.clusters + 1):
            self.live(cluster)

    def live(self, cluster):
        timeline, number = 1, self.random.randrange(1, 300)
        chain = []
        for _ in range(self.random.randrange(0, 60)):
            self.wal(cluster, segment(timeline, number), self.random.choice([".gz", "", ".zst"]))
            event = self.random.random()
            if event < 0.2:
                number, chain = self.back_up(cluster, timeline, number, chain)
            elif event < 0.25:
                self.wal(cluster, segment(timeline, number + 1) + ".partial", ".gz")
                timeline += 1
                self.archive.append(f"15-{cluster}/{timeline:08X}.history")
            number += self.random.choice([1, 1, 1, 1, 40, 200])

    def wal(self, cluster, name, extension):
        self.archive.append(f"15-{cluster}/{name[:16]}/{name}-{SUM}{extension}")

    def back_up(self, cluster, timeline, number, chain):
        self.hour += 1
        time = f"202601{1 + self.hour // 20:02}-{self.hour % 20:02}0000"
        kind = self.random.choice(["full", "diff", "incr"]) if chain else "full"
        start = stop = segment(timeline, number)
        self.archive.append(f"15-{cluster}/{start[:16]}/{start}.00000028.backup")
        if self.random.random() < 0.3:
            number += 1
            stop = segment(timeline, number)
            self.wal(cluster, stop, ".gz")
        if self.random.random() < 0.05:
            start = stop = None  # offline
        chain = {"full": [], "diff": chain[:1], "incr": chain}[kind]
        label = time + "F" if kind == "full" else f"{chain[0]}_{time}{kind[0].upper()}"
        self.backups.append({"label": label, "type": kind, "prior": chain[-1] if chain else None,
                             "cluster": cluster, "start": start, "stop": stop,
                             "reference": list(chain)})
        return number, chain + [label]

    def write(self, root):
        shutil.rmtree(root, ignore_errors=True)
        current = {"db-id": self.clusters, "db-system-id": 1000 + self.clusters,
                   "db-version": "15"}
        known = range(1, self.clusters + 1)
        write_pair(root / "archive" / STANZA / "archive.info", info_text([
            ("backrest", HEAD), ("db", current),
            ("db:history", {str(i): {"db-id": 1000 + i, "db-version": "15"} for i in known})]))
        write_pair(root / "backup" / STANZA / "backup.info", info_text([
            ("backrest", HEAD),
            ("backup:current", {one["label"]: self.listed(one) for one in self.backups}),
            ("db", {**current, **VERSIONS}),
            ("db:history", {str(i): {"db-system-id": 1000 + i, "db-version": "15", **VERSIONS}
                            for i in known})]))
        for one in self.backups:
            folder = root / "backup" / STANZA / one["label"]
            write_pair(folder / "backup.manifest", self.manifest(one))
            write(folder / "pg_data/x.gz")
        for name in self.archive:
            write(root / "archive" / STANZA / name)
        if self.backups:  # older than all, and nobody has touched it for long
            folder = root / "backup" / STANZA / "20250301-000000F"
            write(folder / "backup.manifest.copy")
            for path in (folder / "backup.manifest.copy", folder):
                os.utime(path, (1, 1))

    def listed(self, one):
        line = {**HEAD, **LISTED_OPTIONS, "backup-archive-start": one["start"],
                "backup-archive-stop": one["stop"], "backup-error": False,
                "backup-info-repo-size": 1, "backup-info-repo-size-delta": 1,
                "backup-info-size": 1, "backup-info-size-delta": 1, "backup-timestamp-start": 1,
                "backup-timestamp-stop": 2, "backup-type": one["type"], "db-id": one["cluster"]}
        if one["prior"]:
            line.update({"backup-prior": one["prior"], "backup-reference": one["reference"]})
        return line

    def manifest(self, one):
        backup = {"backup-label": one["label"], "backup-type": one["type"],
                  "backup-reference": ",".join(one["reference"] + [one["label"]]),
                  "backup-timestamp-copy-start": 1, "backup-timestamp-start": 1,
                  "backup-timestamp-stop": 2}
        if one["prior"]:
            backup["backup-prior"] = one["prior"]
        owner = {"group": "p", "user": "p"}
        return info_text([
            ("backrest", HEAD), ("backup", backup),
            ("backup:db", {**VERSIONS, "db-id": one["cluster"],
                           "db-system-id": 1000 + one["cluster"], "db-version": "15"}),
            ("backup:option", {**BACKUP_OPTIONS, "option-compress-type": "gz"}),
            ("backup:target", {"pg_data": {"path": "/x", "type": "path"},
                               **one.get("targets", {})}),
            ("db", one.get("databases", {})),
            ("target:file", {"pg_data/x": {"checksum": "58" * 20, "repo-size": 1, "size": 1,
                                           "timestamp": 1}, **one.get("files", {})}),
            ("target:file:default", {**owner, "mode": "0600"}),
            ("target:link", one.get("links", {})),
            ("target:link:default", owner if one.get("links") else {}),
            ("target:path", {name: {} for name in ["pg_data", *one.get("paths", [])]}),
            ("target:path:default", {**owner, "mode": "0700"})])
