# Restore: types and targets of recovery, delta and force, tablespaces and links.
# SPDX-License-Identifier: MIT
import os
import time

import lab
import trees
from case import test
from lab import OURS, PEER, equal, expect

COUNT = "select count(*) from steps"


def with_steps(bench, **settings):
    """A backup, then three committed steps; returns what restore targets can name."""
    bench.ready(**settings)
    cluster = bench.cluster
    cluster.sql("create table steps (id int)")
    bench.ours("backup")
    time.sleep(1.1)
    marks = {}
    cluster.sql("insert into steps values (1)")
    time.sleep(0.1)
    marks["time"] = cluster.sql("select clock_timestamp()")
    marks["lsn"] = cluster.sql("select pg_current_wal_insert_lsn()")
    cluster.sql("select pg_create_restore_point('after one')")
    time.sleep(0.1)
    marks["xid"] = cluster.sql("with x as (insert into steps values (2)) select pg_current_xact_id()")
    cluster.sql("insert into steps values (3)")
    cluster.switch_and_wait_archived()
    return marks


def restored_count(bench, home, *words, program=OURS):
    target = bench.restore(program, home, "--archive-mode=off", *words)
    bench.start_restored(target)
    count = target.sql(COUNT)
    target.stop("immediate")
    return count


def auto_conf(home):
    return (home / "pg/postgresql.auto.conf").read_text()


@test("restore: to a time, a name, an LSN, a transaction, the end and the earliest point")
def point_in_time(bench):
    marks = with_steps(bench)
    promote = "--target-action=promote"
    for name, words, wanted in (
            ("time", ("--type=time", f"--target={marks['time']}", promote), "1"),
            ("name", ("--type=name", "--target=after one", promote), "1"),
            ("lsn", ("--type=lsn", f"--target={marks['lsn']}", promote), "1"),
            ("xid", ("--type=xid", f"--target={marks['xid']}", promote), "2"),
            ("xid-exclusive", ("--type=xid", f"--target={marks['xid']}", "--target-exclusive",
                               promote), "1"),
            ("immediate", ("--type=immediate", promote), "0"),
            ("default", (), "3")):
        equal(restored_count(bench, bench.dir / name, *words), wanted, f"steps after {name}")


@test("restore: recovery settings are those that pgBackRest writes", slow=True)
def recovery_settings(bench):
    marks = with_steps(bench)
    for name, words in (
            ("time", ("--type=time", f"--target={marks['time']}", "--target-exclusive",
                      "--target-timeline=current")),
            ("name", ("--type=name", "--target=after one", "--target-action=shutdown")),
            ("lsn", ("--type=lsn", f"--target={marks['lsn']}")),
            ("immediate", ("--type=immediate",)),
            ("standby", ("--type=standby", "--recovery-option=primary-conninfo=host=x",
                         "--recovery-option=recovery-end-command=true")),
            ("default", ("--archive-mode=off",))):
        texts = []
        for program in (OURS, PEER):
            home = bench.dir / name
            bench.restore(program, home, *words)
            texts.append([line for line in auto_conf(home).splitlines()
                          if line and not line.startswith(("#", "restore_command"))])
            texts[-1].append(sorted(f.name for f in (home / "pg").glob("*.signal")))
            expect("restore_command = '" in auto_conf(home) and "archive-get %f" in auto_conf(home),
                   "restore_command is set")
            lab.run(["rm", "-rf", home])
        equal(texts[0], texts[1], f"settings and signal files for {name}")


@test("restore: old recovery targets in postgresql.auto.conf are commented out")
def old_targets(bench):
    bench.ready()
    with open(bench.cluster.data / "postgresql.auto.conf", "a") as conf:
        conf.write("recovery_target_name = 'long ago'\nwork_mem = '5MB'\n")
    bench.ours("backup")
    home = bench.dir / "r"
    target = bench.restore(OURS, home, "--archive-mode=off")
    lines = auto_conf(home).splitlines()
    expect("recovery_target_name = 'long ago'" not in lines and "work_mem = '5MB'" in lines,
           "the old target is out, other settings stay", auto_conf(home))
    bench.start_restored(target)


@test("restore: none writes no recovery settings, preserve keeps those that are there")
def none_and_preserve(bench):
    with_steps(bench)
    home = bench.dir / "r"
    bench.restore(OURS, home, "--type=none")
    expect("restore_command" not in auto_conf(home), "none writes no restore_command")
    expect(not list((home / "pg").glob("*.signal")), "none writes no signal file")
    (home / "pg/postgresql.auto.conf").write_text("work_mem = '7MB'\n")
    (home / "pg/standby.signal").touch()
    bench.restore(OURS, home, "--type=preserve", "--delta")
    equal(auto_conf(home), "work_mem = '7MB'\n", "the preserved settings")
    expect((home / "pg/standby.signal").exists(), "the preserved signal file")


@test("restore: a standby follows the archive")
def standby(bench):
    with_steps(bench)
    target = bench.restore(OURS, bench.dir / "r", "--type=standby", "--archive-mode=off")
    target.start(archive_command="")
    target.wait_sql(COUNT, "3")
    bench.cluster.sql("insert into steps values (4)")
    bench.cluster.switch_and_wait_archived()
    target.wait_sql(COUNT, "4")
    equal(target.sql("select pg_is_in_recovery()"), "t", "the standby is in recovery")


@test("restore: a target before every backup is error 75, a bad one 29")
def impossible_targets(bench):
    with_steps(bench)
    for words, codes in ((("--type=time", "--target=2001-01-01 00:00:00+00"), (75,)),
                         (("--type=lsn", "--target=0/1"), (75,)),
                         (("--type=time", "--target=soon"), (29, 32)),
                         (("--set=20200101-000000F",), (75,)),
                         (("--type=time",), (37, 31)),
                         (("--target=x",), (31,)),
                         (("--target-timeline=77", "--type=default"), (55, 58))):
        bench.restore_run(OURS, bench.dir / "r", *words, codes=codes)
        expect(not any((bench.dir / "r/pg").iterdir()), f"{words} leaves the target alone")


@test("restore: an older set by name, the newest without")
def chosen_set(bench):
    bench.ready()
    bench.cluster.sql("create table steps (id int)")
    labels = []
    for number in range(2):
        bench.ours("backup")
        labels.append(bench.completed_labels()[-1])
        bench.cluster.sql(f"insert into steps values ({number})")
    bench.cluster.switch_and_wait_archived()
    for words, label in (((f"--set={labels[0]}",), labels[0]), ((), labels[1])):
        ended = bench.restore_run(OURS, bench.dir / f"r{label}", "--type=none", *words)
        expect(label in ended.text, "the log names the set", ended)


@test("restore: delta mends what differs, removes what is not in the backup, keeps the rest")
def delta(bench):
    bench.ready()
    bench.ours("backup")
    home, fresh = bench.dir / "r", bench.dir / "fresh"
    bench.restore(OURS, home, "--type=none")
    bench.restore(OURS, fresh, "--type=none")
    untouched = home / "pg/odd names/three megabytes"
    inode = untouched.stat().st_ino
    changed = home / "pg/base/1/1259"
    data = bytearray(changed.read_bytes())
    data[100] ^= 0xFF
    changed.write_bytes(data)
    os.utime(changed, (changed.stat().st_atime, (fresh / "pg/base/1/1259").stat().st_mtime))
    (home / "pg/PG_VERSION").chmod(0o644)
    (home / "pg/stranger").write_text("not in the backup")
    (home / "pg/strange folder").mkdir()
    (home / "pg/strange folder/x").touch()
    (home / "pg/global/pg_filenode.map").unlink()
    (home / "pg/odd names/with space").write_bytes(b"y" * 9000)
    ended = bench.restore_run(OURS, home, "--type=none", "--delta")
    trees.compare_trees(home, fresh, "delta restore against a fresh one")
    equal(untouched.stat().st_ino, inode, "the inode of an unchanged file")
    expect("stranger" in ended.text or "remove" in ended.text, "the log speaks of removals", ended)


@test("restore: delta over files that may only be read, some of which are to change")
def read_only(bench):
    """pgBackRest ends with 41 there."""
    bench.configure(compress_type="none")
    names = ("a=b", "with space", "three megabytes")
    for name in names:
        (bench.cluster.data / "odd names" / name).chmod(0o400)
    bench.ours("stanza-create", "--no-online")
    for kind, words in (("files", ()), ("bundles", ("--repo1-bundle",))):
        bench.ours("backup", "--no-online", "--type=full", *words)
        home = bench.dir / kind
        bench.restore(OURS, home, "--type=none")
        for name in names[1:]:
            there = home / "pg/odd names" / name
            there.chmod(0o600)
            there.write_bytes(b"z" + there.read_bytes()[1:])
            there.chmod(0o400)
        bench.restore(OURS, home, "--type=none", "--delta")
        for name in names:
            one, other = home / "pg/odd names" / name, bench.cluster.data / "odd names" / name
            equal(one.read_bytes(), other.read_bytes(), f"'{name}' of {kind}")
            equal(one.stat().st_mode & 0o777, 0o400, f"the mode of '{name}'")


@test("restore: delta with force trusts size and time")
def force(bench):
    bench.ready()
    bench.ours("backup")
    home, fresh = bench.dir / "r", bench.dir / "fresh"
    bench.restore(OURS, home, "--type=none")
    bench.restore(OURS, fresh, "--type=none")
    longer = home / "pg/PG_VERSION"
    longer.write_bytes(b"15\n and more")
    (home / "pg/stranger").touch()
    bench.restore_run(OURS, home, "--type=none", "--delta", "--force")
    trees.compare_trees(home, fresh, "forced restore against a fresh one")
    (home / "pg/stranger").touch()
    bench.restore_run(OURS, home, "--type=none", "--force")
    trees.compare_trees(home, fresh, "restore with force alone against a fresh one")


@test("restore: delta onto something that is no cluster is refused")
def delta_elsewhere(bench):
    bench.ready()
    bench.ours("backup")
    home = bench.dir / "r"
    (home / "pg").mkdir(parents=True, mode=0o700)
    (home / "pg/precious").write_text("mine")
    bench.restore_run(OURS, home, "--type=none", "--delta", codes=(40,))
    equal((home / "pg/precious").read_text(), "mine", "the foreign file")


@test("restore: an interrupted restore leaves no pg_control and can be continued with delta")
def interrupted(bench):
    bench.ready(compress_type="bz2")
    bench.ours("backup")
    home, fresh = bench.dir / "r", bench.dir / "fresh"
    bench.restore(OURS, fresh, "--type=none")
    for delay_s in (0.01, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.15, 0.25, 0.35):
        (home / "pg").mkdir(parents=True, exist_ok=True, mode=0o700)
        words = bench.argv(OURS, "restore", f"--pg1-path={home / 'pg'}", "--type=none", "--delta",
                           f"--tablespace-map-all={home / 'ts'}", "--link-all", "--process-max=1")
        (home / "linked").mkdir(mode=0o700, exist_ok=True)
        process = lab.spawn(words, bench.dir / "restore.log")
        time.sleep(delay_s)
        lab.kill_group(process)
        code = process.wait()
        expect(code in (0, -9), f"the next restore goes on, exit {code}",
               (bench.dir / "restore.log").read_text())
        if code != 0:
            expect(not (home / "pg/global/pg_control").exists(), "no pg_control after a kill")
    bench.restore_run(OURS, home, "--type=none", "--delta")
    trees.compare_trees(home, fresh, "continued restore against a fresh one")


@test("restore: tablespace-map by name and by oid, unknown names are error 76")
def tablespaces(bench):
    bench.ready()
    oid = bench.cluster.sql("select oid from pg_tablespace where spcname = 'far_ts'")
    bench.ours("backup")
    for key in ("far_ts", oid):
        home = bench.dir / f"by-{key}"
        (home / "pg").mkdir(parents=True, mode=0o700)
        bench.ours("restore", f"--pg1-path={home / 'pg'}", "--archive-mode=off",
                   f"--tablespace-map={key}={home / 'there'}")
        equal(os.readlink(home / "pg/pg_tblspc" / oid), str(home / "there"), f"link by {key}")
        target = lab.Cluster(home)
        bench.started.append(target)
        bench.start_restored(target)
        equal(target.sql("select count(*) from far"), "9000", "rows in the moved tablespace")
        target.stop()
    bench.restore_run(OURS, bench.dir / "x", "--tablespace-map=nothing=/tmp/x", codes=(76,))


@test("restore: a tablespace directory that is occupied is error 40")
def occupied_tablespace(bench):
    bench.ready()
    bench.ours("backup")
    home = bench.dir / "r"
    (home / "pg").mkdir(parents=True, mode=0o700)
    # Without a map the tablespace goes where the original still lies.
    ended = bench.ours("restore", f"--pg1-path={home / 'pg'}", "--type=none", codes=(40,))
    expect(str(bench.cluster.home / "ts") in ended.text, "the message names the place", ended)
    expect(not any((home / "pg").iterdir()), "the refusal leaves the target alone")


@test("restore: links by link-map, by link-all, and as plain files; pgBackRest does the same")
def links(bench):
    bench.ready()
    bench.ours("backup")
    for name, words in (
            ("plain", ()),
            ("all", ("--link-all",)),
            ("map", ("--link-map=folder_link={home}/linked/other", "--link-map=extra_link.conf="
                     "{home}/linked/moved.conf")),
            ("new", ("--link-map=odd names={home}/linked/odd",))):
        homes = []
        for program in (OURS, PEER):
            home = bench.dir / f"{name}-{'ours' if program == OURS else 'peer'}"
            (home / "linked").mkdir(parents=True, mode=0o700)
            bench.restore(program, home, "--type=none", *(word.format(home=home) for word in words),
                          links=False)
            homes.append(home)
        trees.compare_trees(homes[0], homes[1], f"links: {name}", ignored=trees.SIGNAL_FILES)
    bench.restore_run(OURS, bench.dir / "x", "--link-map=nothing=/tmp/x", codes=(78,))


@test("restore: a chain of timelines: restored, promoted, archived, restored again")
def timelines(bench, **settings):
    bench.ready(**settings)
    bench.cluster.sql("create table steps (id int)")
    bench.ours("backup")
    bench.cluster.sql("insert into steps values (1)")
    bench.cluster.switch_and_wait_archived()
    bench.cluster.stop()
    second = bench.restore(OURS, bench.dir / "second")
    bench.cluster = second
    bench.configure()
    bench.start()
    second.wait_promoted()
    second.sql("insert into steps values (2)")
    second.switch_and_wait_archived()
    bench.ours("check")
    equal(restored_count(bench, bench.dir / "third"), "2", "steps on the second timeline")
    equal(restored_count(bench, bench.dir / "fourth", "--target-timeline=current"), "1",
          "steps on the first timeline")
    bench.ours("backup")
    equal(restored_count(bench, bench.dir / "fifth"), "2", "steps after a backup of timeline 2")


@test("restore: a chain of timelines from an encrypted repository", slow=True)
def encrypted_timelines(bench):
    timelines(bench, repo1_cipher_type="aes-256-cbc", repo1_cipher_pass=lab.PASSPHRASE)


@test("restore: a dry run and explain=json tell what the restore then does, and change nothing")
def dry_run(bench):
    bench.ready(compress_type="gz")
    bench.ours("backup")
    full = bench.completed_labels()[-1]
    bench.cluster.sql("create table more as select generate_series(1, 5000) as id")
    bench.cluster.sql("checkpoint")
    bench.ours("backup", "--type=incr")
    home = bench.dir / "r"
    bench.restore(OURS, home, "--type=none", f"--set={full}")
    (home / "pg/stranger").touch()
    before = trees.tree(home)
    words = ("--type=none", "--delta")
    text = bench.restore_run(OURS, home, *words, "--dry-run", "--log-level-console=off").text
    told = bench.restore_run(OURS, home, *words, "--explain=json",
                             "--log-level-console=off").json()
    equal(trees.tree(home), before, "the target after two dry runs")
    expect(not (home / "pg/backup.manifest").exists(), "no mark of a restore")
    by_path = {entry["path"]: entry for entry in told["entry"]}
    equal(by_path[str(home / "pg/stranger")]["action"], "remove", "the stranger")
    equal(by_path[str(home / "pg/odd names/three megabytes")]["action"], "keep", "what is there")
    expect(f"remove  {home / 'pg/stranger'}\n" in text, "the text tells of the stranger", text)
    expect(set(told["from"]) <= {full, told["backup"]} and told["backup"] in told["from"],
           "files come from both backups", told["from"])
    log = bench.restore_run(OURS, home, *words).text
    for path, entry in by_path.items():
        if entry["action"] == "keep":
            expect(f"restore file {path} - exists and matches backup" in log, f"{path} is kept", log)
        if entry["action"] == "restore" and not path.endswith("/pg_control"):
            expect(f"restore file {path} (" in log, f"{path} is restored", log)
    expect(not (home / "pg/stranger").exists(), "the restore removes the stranger")
