# Restore of some databases: db-include and db-exclude beside pgBackRest, and what the server says.
# SPDX-License-Identifier: MIT
import lab
import trees
from case import test
from lab import OURS, PEER, equal, expect


def with_databases(bench, **settings):
    """Databases app (with a table in a tablespace) and shop; returns their oids."""
    bench.ready(**settings)
    cluster = bench.cluster
    for name in ("app", "shop"):
        cluster.sql(f"create database {name}")
        cluster.sql("create table t as select id, repeat('x', 500) as t from "
                    "generate_series(1, 2000) id", database=name)
    cluster.sql("create table far_t tablespace far_ts as select 1 as id", database="app")
    bench.ours("backup")
    cluster.switch_and_wait_archived()
    return {name: cluster.sql(f"select oid from pg_database where datname = '{name}'")
            for name in ("app", "shop")}


def files_of(home, oid):
    """Those that are no PG_VERSION, in PGDATA and in the tablespace."""
    folders = [home / "pg/base" / oid, *(home / "ts").glob(f"far_ts/PG_*/{oid}")]
    return [path for folder in folders for path in folder.iterdir() if path.name != "PG_VERSION"]


def is_hollow(path):
    info = path.stat()
    return info.st_blocks == 0 and path.read_bytes() == bytes(info.st_size)


@test("restore databases: what is left out is zeros of the right length, as pgBackRest leaves it")
def as_the_peer(bench):
    oids = with_databases(bench)
    for name, words in (("include", ("--db-include=shop",)),
                        ("oid", (f"--db-include={oids['shop']}",)),
                        ("exclude", ("--db-exclude=app",)),
                        ("system", ("--db-exclude=postgres", "--db-exclude=app")),
                        ("all", ("--db-include=app", f"--db-include={oids['shop']}"))):
        ours, peer = bench.dir / f"{name}-ours", bench.dir / f"{name}-peer"
        bench.restore(OURS, ours, "--type=none", *words)
        bench.restore(PEER, peer, "--type=none", *words)
        trees.compare_trees(ours, peer, f"{words}", ignored=trees.SIGNAL_FILES)
        if name != "all":
            left_out = files_of(ours, oids["app"])
            expect(len(left_out) > 100, "the database has files", left_out)
            full = [path for path in left_out if not is_hollow(path)]
            expect(not full, "files that hold or take something", full[:5])
        expect((ours / "pg/base" / oids["app"] / "PG_VERSION").read_text() == "15\n", "PG_VERSION")


@test("restore databases: the cluster runs, and what was left out can be dropped")
def server_drops(bench):
    with_databases(bench, repo1_bundle="y")
    target = bench.restore(OURS, bench.dir / "r", "--db-include=shop", "--archive-mode=off")
    bench.start_restored(target)
    equal(target.sql("select count(*) from t", database="shop"), "2000", "rows of what was included")
    target.sql("select count(*) from pg_class", database="app", codes=(1, 2))
    target.sql("drop database app")
    equal(target.sql("select count(*) from big"), "45000", "rows of the system's database")


@test("restore databases: delta keeps nothing of what is left out", slow=True)
def delta_zeroes(bench):
    oids = with_databases(bench)
    home, fresh = bench.dir / "r", bench.dir / "fresh"
    bench.restore(OURS, home, "--type=none")
    bench.restore(OURS, fresh, "--type=none", "--db-exclude=app")
    for words in (("--delta",), ("--delta", "--force")):
        ended = bench.restore_run(OURS, home, "--type=none", "--db-exclude=app", *words)
        trees.compare_trees(home, fresh, f"{words} against a fresh restore")
        expect(all(is_hollow(path) for path in files_of(home, oids["app"])), "files take no room")
        expect("restore zeroed file" in ended.text, "the log tells of zeroed files", ended)
    bench.restore_run(OURS, home, "--type=none", "--delta")
    whole = bench.dir / "whole"
    bench.restore(OURS, whole, "--type=none")
    trees.compare_trees(home, whole, "delta makes whole what was zeroed")


@test("restore databases: what cannot be is refused before anything is changed, with pgBackRest's code")
def refusals(bench):
    with_databases(bench)
    for words, code in ((("--db-include=nothing",), 80), (("--db-exclude=nothing",), 80),
                        (("--db-include=postgres",), 81), (("--db-include=1",), 81),
                        (("--db-include=app", "--db-exclude=app"), 81)):
        for program in (OURS, PEER):
            home = bench.dir / f"r-{program == OURS}"
            ended = bench.restore_run(program, home, *words, codes=None)
            equal(ended.code, code, f"{program} with {words}: {ended}")
            expect(program == PEER or not any((home / "pg").iterdir()),
                   f"{words} leaves the target alone")


@test("restore databases: stored files of what is left out are not read")
def not_read(bench):
    oids = with_databases(bench)
    for path in (bench.label_dir() / "pg_data/base" / oids["app"]).iterdir():
        if not path.name.startswith("PG_VERSION"):
            path.unlink()
    bench.restore(OURS, bench.dir / "r", "--type=none", "--db-exclude=app")
    bench.restore(OURS, bench.dir / "x", "--type=none", codes=(55,))
