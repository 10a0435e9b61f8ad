# What goes away while it is copied: the database's doing, or a loss.
# SPDX-License-Identifier: MIT
import os

from case import test
from paused import finish, log_of, paused_backup, slow_backup, verified
from lab import equal, expect
from other_host import over_ssh
from remote_test import begin_there

REMOVED = "were removed by the database"


def tablespace_path(bench):
    return next((bench.cluster.home / "ts").glob("PG_*"))


def lose_tablespace(bench, *words):
    """The directory of a live tablespace goes away in the middle of a backup."""
    process = paused_backup(bench, *words)
    there = tablespace_path(bench)
    away = bench.dir / "away"
    there.rename(away)
    finish(bench, process, codes=(73,))
    away.rename(there)
    expect("went away while it was copied" in log_of(bench) and str(there) in log_of(bench),
           "the log names it", log_of(bench))
    equal(bench.completed_labels(), [], "backups")  # What was copied is left to the next one.


@test("vanish: a tablespace that goes away ends the backup, files", {})
@test("vanish: a tablespace that goes away ends the backup, bundles",
      {"repo1_bundle": "y", "repo1_bundle_limit": "512KiB", "repo1_bundle_size": "1MiB"}, slow=True)
def tablespace(bench, settings):
    slow_backup(bench, **settings)
    lose_tablespace(bench)
    bench.ours("backup")
    verified(bench, bench.completed_labels())


@test("vanish: a tablespace of another host that goes away ends the backup", slow=True)
def tablespace_there(bench):
    other = over_ssh(bench, "pg", {"repo1-path": bench.repo, "spool-path": bench.dir / "spool"},
                     compress_type="bz2", process_max="1")
    begin_there(bench, other)
    (bench.cluster.data / "odd names/noise").write_bytes(os.urandom(12 << 20))
    lose_tablespace(bench)
    bench.ours("backup")


@test("vanish: a directory of a live database ends the backup", slow=True)
def database_path(bench):
    slow_backup(bench)
    bench.cluster.sql("create database other")
    oid = bench.cluster.sql("select oid from pg_database where datname = 'other'")
    process = paused_backup(bench)
    there, away = bench.cluster.data / "base" / oid, bench.dir / "away"
    there.rename(away)
    finish(bench, process, codes=(73,))
    away.rename(there)
    expect(f"base/{oid}' went away" in log_of(bench), "the log names it", log_of(bench))


@test("vanish: what is dropped during the backup is no loss")
def dropped(bench):
    slow_backup(bench)
    cluster = bench.cluster
    (cluster.home / "ts2").mkdir(mode=0o700)
    cluster.sql("create database other")
    cluster.sql(f"create tablespace other_ts location '{cluster.home / 'ts2'}'")
    cluster.sql("create table elsewhere tablespace other_ts as select generate_series(1, 500) i")
    cluster.sql("checkpoint")
    process = paused_backup(bench)
    cluster.sql("drop table elsewhere")
    cluster.sql("checkpoint")
    cluster.sql("drop tablespace other_ts")
    cluster.sql("drop database other")
    finish(bench, process)
    expect(REMOVED in log_of(bench), "the log counts the files", log_of(bench))
    verified(bench, bench.completed_labels())


@test("vanish: a backup without losses says nothing of them")
def nothing(bench):
    bench.ready()
    expect(REMOVED not in bench.ours("backup").text, "no line about removed files")
