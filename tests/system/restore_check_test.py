# What a restore looks at before it changes anything: WAL, tablespaces of others, bad pages, time.
# SPDX-License-Identifier: MIT
import time

import lab
from case import test
from hostile import hostile
from lab import OURS, equal, expect


def untouched(home, names):
    found = sorted(path.name for path in (home / "pg").iterdir())
    equal(found, names, f"what is in {home / 'pg'}")


def refused(bench, home, code, *words):
    before = sorted(path.name for path in (home / "pg").iterdir()) if (home / "pg").exists() else []
    ended = bench.restore_run(OURS, home, *words, codes=(code,))
    expect("Nothing was changed" in ended.text, "the refusal says that nothing was changed", ended)
    untouched(home, before)
    return ended


def as_toml(bench):
    """The configuration of the Lab as a TOML file."""
    lines = ["[global]"]
    for name, value in bench.settings.items():
        plain = str(value).isdigit() and name != "archive-timeout"
        lines.append(f"{name} = {value if plain else repr(str(value))}".replace("'y'", "true"))
    lines += ["[demo]" if lab.STANZA == "demo" else f"[{lab.STANZA}]",
              f"pg1-path = '{bench.cluster.data}'"]
    bench.conf = bench.dir / "pgbraid.toml"
    bench.conf.write_text("\n".join(lines) + "\n")


def remove_wal(bench, name):
    found = [path for path in bench.wal_files() if path.name.startswith(name)]
    expect(found, f"{name} is archived")
    for path in found:
        path.unlink()


def start_of(bench):
    text = (bench.label_dir() / "backup.manifest").read_text()
    line = [line for line in text.splitlines() if line.startswith("backup-archive-start=")][0]
    return line.split('"')[1]


@test("restore check: WAL of the backup that is in no archive is said before anything changes")
def backup_wal(bench):
    bench.ready()
    bench.ours("backup")
    remove_wal(bench, start_of(bench))
    ended = bench.restore_run(OURS, bench.dir / "warned")
    expect(f"WAL segment {start_of(bench)} is in no archive" in ended.text, "the WARN", ended)
    ended = refused(bench, bench.dir / "refused", 55, "--restore-check=refuse")
    expect(start_of(bench) in ended.text, "the refusal names the segment", ended)
    # Where the WAL comes from elsewhere nobody is kept from restoring.
    for number, words in enumerate((("--type=standby",), ("--type=none",),
                                    ("--recovery-option=restore-command=false",))):
        bench.restore_run(OURS, bench.dir / f"else{number}", "--restore-check=refuse", *words)
    as_toml(bench)
    refused(bench, bench.dir / "toml", 55)
    bench.restore_run(OURS, bench.dir / "toml", "--restore-check=warn")


@test("restore check: a second repository that has the WAL is enough")
def second_archive(bench):
    bench.configure(repo2_path=bench.dir / "repo2", repo2_retention_full="9")
    bench.ready()
    bench.ours("backup", "--repo=1")
    remove_wal(bench, start_of(bench))
    ended = bench.restore_run(OURS, bench.dir / "both", "--restore-check=refuse")
    expect("is in no archive" not in ended.text, "nothing is missing", ended)
    refused(bench, bench.dir / "one", 55, "--restore-check=refuse", "--repo=1")


@test("restore check: a gap of the archive and targets behind it are told", slow=True)
def gap(bench):
    bench.ready()
    cluster = bench.cluster
    cluster.sql("create table steps (id int)")
    bench.ours("backup")
    time.sleep(1.1)  # A target must be a second after the backup's end.
    marks, names = [], []
    for number in range(4):
        marks.append((cluster.sql("select clock_timestamp()"),
                      cluster.sql("select pg_current_wal_insert_lsn()")))
        time.sleep(1.1)  # What the archive knows of time has a resolution of a second.
        cluster.sql(f"insert into steps values ({number})")
        names.append(cluster.switch_and_wait_archived())
        time.sleep(1.1)
    ended = bench.restore_run(OURS, bench.dir / "whole")
    expect("is missing in the archive" not in ended.text, "no gap is invented", ended)
    remove_wal(bench, names[1])
    told = f"WAL segment {names[1]} is missing in the archive"
    for name, words, wanted in (
            ("default", (), True), ("standby", ("--type=standby",), True),
            ("immediate", ("--type=immediate",), False),
            ("lsn-before", ("--type=lsn", f"--target={marks[0][1]}"), False),
            ("lsn-after", ("--type=lsn", f"--target={marks[3][1]}"), True),
            ("time-before", ("--type=time", f"--target={marks[0][0]}"), False),
            ("time-after", ("--type=time", f"--target={marks[3][0]}"), True),
            ("xid", ("--type=xid", "--target=99999"), True)):
        ended = bench.restore_run(OURS, bench.dir / name, "--restore-check=refuse", *words)
        equal(told in ended.text, wanted, f"whether the gap is told with {name}")


@test("restore check: a target in the future, or behind the archive, is told")
def future(bench):
    bench.ready()
    bench.ours("backup")
    ended = bench.restore_run(OURS, bench.dir / "t", "--type=time",
                              "--target=2999-01-01 00:00:00+00")
    expect("lies in the future" in ended.text, "the WARN", ended)
    ended = bench.restore_run(OURS, bench.dir / "l", "--type=lsn", "--target=FF/0")
    expect("behind the last WAL segment in the archive" in ended.text, "the WARN", ended)


@test("restore: a target without a zone means one moment for pgbraid and for PostgreSQL")
def zone(bench):
    bench.cluster.set_options(timezone="'America/New_York'")
    bench.ready()
    cluster = bench.cluster
    cluster.sql("create table keep as select 1 i")
    bench.ours("backup")
    time.sleep(1.1)
    # Neither the zone of the server nor that of this process.
    here = {"TZ": "Asia/Kolkata"}
    target = cluster.sql("select to_char(clock_timestamp() at time zone 'Asia/Kolkata', "
                         "'YYYY-MM-DD HH24:MI:SS.US')")
    time.sleep(1.1)
    cluster.sql("drop table keep")
    cluster.switch_and_wait_archived()
    restored = bench.restore(OURS, bench.dir / "r", "--archive-mode=off", "--type=time",
                             f"--target={target}", "--target-action=promote", env=here)
    conf = (bench.dir / "r/pg/postgresql.auto.conf").read_text()
    expect(f"recovery_target_time = '{target}+05:30'" in conf, "the zone is written out", conf)
    bench.start_restored(restored)
    equal(restored.sql("select i from keep"), "1", "the table of the target time")


@test("restore check: delta cleans no tablespace that PGDATA has no link to")
def foreign_tablespace(bench):
    bench.ready()
    bench.ours("backup")
    home = bench.dir / "r"
    bench.restore(OURS, home, "--type=none")
    theirs = bench.cluster.home / "ts"
    stranger = next(theirs.glob("PG_*")) / "stranger"
    stranger.write_text("of the other cluster")
    words = ("--type=none", "--delta", f"--tablespace-map=far_ts={theirs}")
    with hostile("modes, owners and directories of others"):
        ended = refused(bench, home, 40, "--restore-check=refuse", *words)
        expect(str(theirs) in ended.text, "the refusal names the directory", ended)
        expect(stranger.exists(), "nothing is removed there")
    # One's own, and one that is empty, are no reason to doubt.
    bench.restore_run(OURS, home, "--type=none", "--delta", "--restore-check=refuse")
    (bench.dir / "fresh").mkdir(mode=0o700)
    bench.restore_run(OURS, home, "--type=none", "--delta", "--restore-check=refuse",
                      f"--tablespace-map=far_ts={bench.dir / 'fresh'}")
    ended = bench.restore_run(OURS, home, *words)
    expect("may be another cluster's" in ended.text, "the WARN", ended)
    expect(not stranger.exists(), "with a WARN it is cleaned, as pgBackRest does")


@test("restore check: linked directories of another cluster are seen as well")
def foreign_link(bench):
    bench.ready()
    bench.ours("backup")
    home = bench.dir / "r"
    bench.restore(OURS, home, "--type=none")
    theirs = bench.cluster.home / "linked/folder"
    words = ("--type=none", "--delta", "--restore-check=refuse")
    with hostile("modes, owners and directories of others", 2):
        refused(bench, home, 40, *words, f"--link-map=folder_link={theirs}")
        refused(bench, home, 40, *words,
                f"--link-map=extra_link.conf={theirs.parent / 'extra.conf'}")
    bench.restore_run(OURS, home, *words)


@test("restore check: bad pages of the backup end a restore before it begins")
def bad_pages(bench):
    bench.ready()
    cluster = bench.cluster
    home = bench.dir / "r"
    bench.ours("backup")
    bench.restore(OURS, home, "--type=none")
    path = cluster.sql("select pg_relation_filepath('big')")
    cluster.stop()
    with open(cluster.data / path, "r+b") as file:
        file.seek(3 * 8192 + 5000)
        file.write(b"zz")
    bench.ours("backup", "--no-online", "--checksum-page", "--type=full")
    for place, words in ((home, ("--delta",)), (bench.dir / "fresh", ())):
        ended = refused(bench, place, 26, "--type=none", *words)
        expect(f"invalid page checksum(s) found in file {place / 'pg' / path}" in ended.text,
               "the file is named", ended)
    expect((home / "pg/global/pg_control").exists(), "the cluster that was there can be started")
    ended = bench.restore_run(OURS, home, "--type=none", "--delta", "--no-checksum-page-error")
    lines = ended.text.splitlines()
    summary = [at for at, line in enumerate(lines)
               if "restore command encountered page checksum error(s) in 1 file(s)" in line]
    expect(summary and len(lines) - summary[0] <= 3, "the last lines say it again", ended)
    expect(f"invalid page checksum(s) found in file {home / 'pg' / path}" in ended.text,
           "the file is named", ended)
    # What is there already and stays is no error, as in pgBackRest.
    ended = bench.restore_run(OURS, home, "--type=none", "--delta")
    expect("page checksum" not in ended.text, "nothing is said of what stays", ended)


@test("restore check: where the stanza was never made there is no backup: error 75")
def no_stanza(bench):
    bench.configure()
    ended = bench.restore_run(OURS, bench.dir / "r", codes=(75,))
    expect("no backup set found to restore" in ended.text, "the words of pgBackRest", ended)
