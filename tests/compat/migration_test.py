# The page on migration, typed line by line: to pgbraid and back to pgBackRest.
# SPDX-License-Identifier: MIT
import json
import os
import re
import shutil

import lab
from case import test
from lab import OURS, PEER, STANZA, equal, expect, run

PAGE = lab.SOURCE / "cli" / "MIGRATION.md"


def typed_lines(section):
    """The indented lines of one section of the page: what a reader types."""
    text = PAGE.read_text().split(f"\n## {section}\n")[1].split("\n## ")[0]
    return [line.strip() for line in text.splitlines() if re.match(r" {4,}(?! )", line) and
            re.match(r"(pgbraid|pgbackrest|psql|ln|rm|~/pgbackrest) ", line.strip())]


def programs(bench):
    """Both programs under their names, finding the configuration where users have it by default."""
    place = bench.dir / "bin"
    place.mkdir(exist_ok=True)
    shutil.copy(OURS, place / "pgbraid.real")
    for name, program in (("pgbraid", place / "pgbraid.real"), ("pgbackrest", PEER)):
        path = place / name
        path.write_text(f"#!/bin/sh\nPGBACKREST_CONFIG='{bench.conf}' exec {program} \"$@\"\n")
        path.chmod(0o755)
    return place


def type_lines(bench, section):
    place = programs(bench)
    home = bench.dir / "home"
    home.mkdir(exist_ok=True)
    env = {"HOME": str(home), "PATH": f"{place}:{os.environ['PATH']}", "PGHOST": bench.cluster.home,
           "PGUSER": "postgres", "PGDATABASE": "postgres", "PGBACKREST_CONFIG": str(bench.conf)}
    lines = typed_lines(section)
    expect(len(lines) > 5, "the page has lines to type", lines)
    said = {}
    for line in lines:
        # The server that runs archive_command has a PATH of its own.
        here = line if "alter system" not in line else re.sub(
            r"'(pgbraid|pgbackrest) ", lambda found: f"'{place}/{found[1]} ", line)
        here = here.replace("command -v pgbraid", f"echo {place}/pgbraid.real")
        said[line] = run(["bash", "-c", here], env={**env, "PGHOST": str(bench.cluster.home)})
    return said


def backups(bench, program):
    shown = bench.call(program, "info", "--output=json").json()[0]
    equal(shown["status"]["code"], 0, f"the status that {program} shows")
    return [backup["label"] for backup in shown["backup"]]


@test("migration: the lines of the page work, there and back, and nothing is lost")
def there_and_back(bench):
    bench.ready(PEER, PEER)
    bench.cluster.sql("alter system set archive_command = "
                      f"'{bench.push_command(PEER)}'")
    bench.cluster.stop()
    bench.cluster.set_options(unix_socket_directories=f"'{bench.cluster.home}'")
    run([lab.PG_BIN / "pg_ctl", "-D", bench.cluster.data, "-l", bench.cluster.home / "server.log",
         "-t", "60", "-w", "start"])
    bench.peer("backup")

    said = type_lines(bench, "There")
    equal(said["~/pgbackrest version"].out, b"pgBackRest 2.60.0\n", "what the link answers")
    shown = json.loads(said["~/pgbackrest --output=json info"].out)
    equal(shown[0]["name"], STANZA, "the stanza that the link shows")
    equal(len(backups(bench, PEER)), 2, "backups that pgBackRest sees")

    bench.cluster.sql("insert into small values (1001, 'in between')")
    type_lines(bench, "Back")
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
