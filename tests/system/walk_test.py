# The list of files of a backup is the one that pgBackRest makes of the same cluster.
# SPDX-License-Identifier: MIT
import json
import os

import crafted
import crafted
import lab
from case import test
from lab import equal, expect

SECTIONS = ("[backup:target]", "[target:file]", "[target:link]", "[target:path]",
            "[target:file:default]", "[target:path:default]", "[target:link:default]", "[db]")
# What depends on how files are stored, and an obsolete number that nobody reads.
STORAGE_MEMBERS = ("rck", "repo-size", "bni", "bno", "db-last-system-id")


def listing(path):
    """section and name -> members, for everything that the walk decides."""
    found, section = {}, None
    for line in path.read_text().splitlines():
        if line.startswith("[") and line.endswith("]"):
            section = line
        elif line and section in SECTIONS:
            key, value = crafted.split_key(line)
            value = json.loads(value)
            if isinstance(value, dict):
                for name in STORAGE_MEMBERS:
                    value.pop(name, None)
                if value.get("size") == 0:
                    value.pop("checksum", None)
            found[section, key] = value
    return found


def oddities(cluster):
    """Everything that a walk may meet and must decide on."""
    data = cluster.data
    os.rename(data / "pg_xact", cluster.home / "xact")
    (data / "pg_xact").symlink_to("../xact")
    os.rename(data / "pg_wal", cluster.home / "wal")
    (data / "pg_wal").symlink_to(cluster.home / "wal")
    (data / "pg_wal" / "summaries").mkdir()
    (data / "pg_wal" / "summaries" / "1.summary").write_text("s")
    (data / "foreign").mkdir(mode=0o755)
    os.mkfifo(data / "foreign" / "fifo")
    names = ["foreign/pgsql_tmp1", "base/5/t3_123", "base/5/t3_123_fsm.1", "base/5/t_123",
             "base/5/pg_internal.init.77", "base/5/pg_internal.initx", "pg_replslot/left",
             "pg_stat_tmp/x", "postgresql.auto.conf.tmp", "backup_label.old", "recovery.done",
             "backup_manifest.tmp", "tablespace_map.old", "base/5/99999_init", "base/5/99999",
             "base/5/99999_vm", "base/5/999990", "foreign/99999_init", "foreign/99999",
             "global/pg_internal.init", "excluded", "log/a.log"]
    (data / "log").mkdir()
    for name in names:
        (data / name).write_bytes(b"x" * 10)
    (data / "foreign" / "pgsql_tmp1").chmod(0o644)


def compare(bench, words, same_time):
    """Backs up with both programs and compares what they list."""
    bench.peer("backup", "--type=full", *words)
    bench.ours("backup", "--type=full", "--no-expire-auto", *words)
    theirs, ours = (listing(bench.label_dir(label) / "backup.manifest") for label in bench.labels())
    for wanted in (("[target:path]", "pg_tblspc"), ("[target:link]", "pg_data/pg_xact")):
        expect(wanted in theirs, f"the cluster has {wanted}")
    differences = []
    for place in sorted(set(theirs) | set(ours)):
        left, right = theirs.get(place), ours.get(place)
        if not same_time and place[0] == "[target:file]" and left and right:
            left, right = ({name: one.get(name) for name in ("mode", "user", "group", "checksum-page")}
                           for one in (left, right))
        if left != right:
            differences.append(f"{place}: {left} / {right}")
    equal(len(differences), 0, "differences: " + "\n".join(differences[:20]))


@test("walk: an offline backup lists what the peer lists")
def offline(bench):
    bench.configure()
    oddities(bench.cluster)
    bench.ours("stanza-create", "--no-online")
    compare(bench, ["--no-online", "--exclude=excluded", "--exclude=log/"], True)


@test("walk: an online backup lists what the peer lists")
def online(bench):
    bench.configure()
    oddities(bench.cluster)
    bench.start()
    bench.ours("stanza-create")
    compare(bench, ["--exclude=excluded", "--exclude=log/"], False)
