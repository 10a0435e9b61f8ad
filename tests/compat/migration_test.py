# The page on migration, typed line by line: to pgbraid and back to pgBackRest.
# SPDX-License-Identifier: MIT
import json

import lab
from case import test
from lab import OURS, PEER, STANZA, equal, expect
from typed_page import start_as_installed, type_lines

PAGE = lab.SOURCE / "cli" / "MIGRATION.md"


def backups(bench, program):
    shown = bench.call(program, "info", "--output=json").json()[0]
    equal(shown["status"]["code"], 0, f"the status that {program} shows")
    return [backup["label"] for backup in shown["backup"]]


@test("migration: the lines of the page work, there and back, and nothing is lost")
def there_and_back(bench):
    bench.ready(PEER, PEER)
    bench.cluster.sql("alter system set archive_command = "
                      f"'{bench.push_command(PEER)}'")
    start_as_installed(bench)
    bench.peer("backup")

    said = type_lines(bench, PAGE, "There")
    equal(said["~/pgbackrest version"].out, b"pgBackRest 2.60.0\n", "what the link answers")
    shown = json.loads(said["~/pgbackrest --output=json info"].out)
    equal(shown[0]["name"], STANZA, "the stanza that the link shows")
    equal(len(backups(bench, PEER)), 2, "backups that pgBackRest sees")

    bench.cluster.sql("insert into small values (1001, 'in between')")
    type_lines(bench, PAGE, "Back")
    labels = backups(bench, OURS)
    equal(len(labels), 3, "backups that pgbraid sees")
    expect(labels[2].startswith(labels[1] + "_"), "the incremental one stands on ours", labels)

    bench.cluster.sql("insert into small values (1002, 'after all')")
    bench.cluster.switch_and_wait_archived()
    wanted = bench.cluster.fingerprint()
    bench.cluster.stop()
    for name, program, label in (("r1", PEER, labels[1]), ("r2", OURS, labels[1]),
                                 ("r3", PEER, labels[2])):
        restored = bench.restore(program, bench.dir / name, f"--set={label}")
        bench.start_restored(restored)
        equal(restored.fingerprint(), wanted, f"the data after the restore of {label}")
        restored.stop()
