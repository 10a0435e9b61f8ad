# What a restore looks at before it changes anything: WAL, tablespaces of others, bad pages, time.
# SPDX-License-Identifier: MIT
import time

import lab
from case import test
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


@test("graph: 64 workers and many small files do with 1024 descriptors, backup and restore")
def few_descriptors(bench):
    bench.configure(repo1_cipher_type="aes-256-cbc", repo1_cipher_pass=lab.PASSPHRASE,
                    compress_type="none", process_max="64")
    many = bench.cluster.data / "many"
    many.mkdir(mode=0o700)
    for number in range(1500):
        (many / f"f{number}").write_bytes(b"%d" % number * 100)
    bench.ours("stanza-create", "--no-online")
    narrow = ["prlimit", "--nofile=1024:1024"]
    low = ["prlimit", "--nofile=256:1024"]
    for name, limits in (("narrow", narrow), ("soft", low)):
        home = bench.dir / name
        (home / "pg").mkdir(parents=True, mode=0o700)
        (home / "linked").mkdir(mode=0o700)
        ended = lab.run([*limits, *bench.argv(OURS, "backup", "--no-online", "--type=full")],
                        limit_s=600)
        expect("open files: at most" in ended.text and "of 1024" in ended.text,
               "the budget is printed", ended)
        ended = lab.run([*limits, *bench.argv(
            OURS, "restore", f"--pg1-path={home / 'pg'}", f"--tablespace-map-all={home / 'ts'}",
            "--link-all", "--type=none")], limit_s=600)
        expect("of 1024" in ended.text, "the budget is printed", ended)
        equal((home / "pg/many/f1499").read_bytes(), b"1499" * 100, "a file of many")
