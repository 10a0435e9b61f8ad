# Restore over chains of full, differential and incremental backups, of ours and of pgBackRest.
# SPDX-License-Identifier: MIT
import re
import time

import lab
import trees
from case import test
from lab import OURS, PEER, equal, expect

TYPES = ("full", "diff", "incr", "incr", "diff", "incr")


def chain(bench, program, **settings):
    """One backup of each of TYPES. Returns for each its label, rows, and a time and LSN after it."""
    bench.ready(**settings)
    cluster = bench.cluster
    cluster.sql("create table steps (id int)")
    made = []
    for number, kind in enumerate(TYPES):
        cluster.sql(f"insert into steps select {number} from generate_series(1, 1000)")
        cluster.sql(f"create table only_{number} as select {number} as id")
        if number > 0:
            cluster.sql(f"drop table only_{number - 1}")
        cluster.sql("checkpoint")
        bench.call(program, "backup", f"--type={kind}")
        time.sleep(1.1)  # Stop times have seconds.
        made.append({"label": bench.completed_labels()[-1], "rows": str(1000 * (number + 1)),
                     "time": cluster.sql("select clock_timestamp()"),
                     "lsn": cluster.sql("select pg_current_wal_insert_lsn()")})
        expect(made[-1]["label"][-1] == kind[0].upper(), f"the backup is {kind}", made)
    cluster.switch_and_wait_archived()
    return made


def chosen(ended):
    return re.search(r"restore backup set (\S+?)(,|\s|$)", ended.text)[1]


def every_label(bench, program, settings):
    for one in chain(bench, program, **settings):
        ours, peer = bench.dir / f"ours-{one['label']}", bench.dir / f"peer-{one['label']}"
        words = (f"--set={one['label']}", "--type=immediate", "--target-action=promote",
                 "--archive-mode=off")
        target = bench.restore(OURS, ours, *words)
        bench.restore(PEER, peer, *words)
        trees.compare_trees(ours, peer, f"restore of {one['label']}", ignored=trees.SIGNAL_FILES)
        bench.start_restored(target)
        equal(target.sql("select count(*) from steps"), one["rows"], f"rows of {one['label']}")
        target.stop("immediate")


def targets(bench, program, settings):
    """The set that a time or an LSN leads to is the one that pgBackRest takes."""
    made = chain(bench, program, **settings)
    for number, one in enumerate(made):
        for kind in ("time", "lsn"):
            home = bench.dir / f"{kind}-{number}"
            words = (f"--type={kind}", f"--target={one[kind]}", "--target-action=promote",
                     "--archive-mode=off")
            ended = bench.restore_run(OURS, home, *words)
            equal(chosen(ended), one["label"], f"the set for {words}")
            other = bench.restore_run(PEER, bench.dir / f"{kind}-{number}-peer", *words)
            equal(chosen(other), one["label"], f"the peer's set for {words}")
            if number in (0, 3):
                target = lab.Cluster(home)
                bench.started.append(target)
                bench.start_restored(target)
                equal(target.sql("select count(*) from steps"), one["rows"], f"rows at {words}")
                target.stop("immediate")


for who in (OURS, PEER):
    whose = "ours" if who == OURS else "of pgBackRest"
    for name, settings in (
            ("gz", {"compress_type": "gz"}),
            ("bundles, encrypted", {"compress_type": "lz4", "repo1_bundle": "y",
                                    "repo1_cipher_type": "aes-256-cbc",
                                    "repo1_cipher_pass": lab.PASSPHRASE})):
        test(f"restore chain: every label restores as with pgBackRest: {whose}, {name}", who,
             settings, slow=who == PEER or name == "gz")(every_label)
    test(f"restore chain: times and LSNs lead to the set that pgBackRest takes: {whose}", who,
         {"compress_type": "gz"}, slow=True)(targets)


@test("restore chain: hard links of pgBackRest", slow=True)
def hard_links(bench):
    every_label(bench, PEER, {"compress_type": "gz", "repo1_hardlink": "y"})


@test("restore chain: delta goes from any label to any other", slow=True)
def delta_between(bench):
    made = chain(bench, OURS, compress_type="gz")
    home = bench.dir / "r"
    for number in (0, 5, 2, 4, 1):
        label = made[number]["label"]
        fresh = bench.dir / f"fresh-{label}"
        bench.restore(OURS, fresh, "--type=none", f"--set={label}")
        bench.restore_run(OURS, home, "--type=none", f"--set={label}", "--delta")
        trees.compare_trees(home, fresh, f"delta to {label} against a fresh restore")


def killed(bench, first, second):
    """A restore that is killed, at whatever time, is completed by the other tool, and only with
    delta."""
    made = chain(bench, OURS, compress_type="bz2")
    label = made[3]["label"]
    fresh = bench.dir / "fresh"
    bench.restore(OURS, fresh, "--type=none", f"--set={label}")
    kills = 0
    for number, delay_s in enumerate((0.02, 0.06, 0.1, 0.2, 0.3, 0.5, 0.8)):
        home = bench.dir / f"r{number}"
        (home / "linked").mkdir(parents=True, mode=0o700)
        (home / "pg").mkdir(mode=0o700)
        words = [f"--pg1-path={home / 'pg'}", "--type=none", f"--tablespace-map-all={home / 'ts'}",
                 "--link-all", "--process-max=1", f"--set={label}"]
        process = lab.spawn(bench.argv(first, "restore", *words), bench.dir / f"log{number}")
        time.sleep(delay_s)
        lab.kill_group(process)
        if process.wait() == 0:
            continue
        kills += 1
        expect(not (home / "pg/global/pg_control").exists(), "no pg_control after a kill")
        if (home / "pg/PG_VERSION").exists():
            bench.ours("restore", *words, codes=(40,))
        delta = ["--delta"] if any((home / "pg").iterdir()) else []
        ended = bench.call(second, "restore", *words, *delta, codes=None)
        if ended.code != 0:  # Killed before there was a mark: then there is nothing to keep.
            expect(second == PEER or ended.code == 40, "what a delta restore may say", ended)
            continue
        trees.compare_trees(home, fresh, f"completed after {delay_s} s", ignored=trees.SIGNAL_FILES)
    expect(kills > 0, "some restore was killed")


test("restore chain: killed, then completed by ours", OURS, OURS, slow=True)(killed)
test("restore chain: killed, then completed by pgBackRest", OURS, PEER, slow=True)(killed)
test("restore chain: pgBackRest killed, then completed by ours", PEER, OURS, slow=True)(killed)


@test("restore chain: an incremental backup on a second timeline over one of the first", slow=True)
def over_timelines(bench):
    made = chain(bench, OURS, compress_type="gz")
    bench.cluster.stop()
    second = bench.restore(OURS, bench.dir / "second")
    bench.cluster = second
    bench.configure()
    bench.start()
    second.wait_promoted()
    second.sql("insert into steps values (-1)")
    bench.ours("backup", "--type=incr")
    label = bench.completed_labels()[-1]
    expect(label.startswith(made[0]["label"] + "_"), "the backup is incremental", label)
    second.sql("insert into steps values (-2)")
    second.switch_and_wait_archived()
    for name, words, wanted in (
            ("newest", (), 6002), ("set", (f"--set={label}", "--type=immediate",
                                           "--target-action=promote"), 6001),
            ("first", (f"--set={made[5]['label']}", "--target-timeline=current"), 6000),
            ("across", (f"--set={made[2]['label']}",), 6002)):
        target = bench.restore(OURS, bench.dir / name, "--archive-mode=off", *words)
        bench.start_restored(target)
        equal(target.sql("select count(*) from steps"), str(wanted), f"rows of {name}")
        target.stop("immediate")
