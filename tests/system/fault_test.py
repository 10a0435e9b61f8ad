# What goes wrong while a backup runs: kills, signals, lack of space, files that change.
# SPDX-License-Identifier: MIT
import json
import os
import random
import re
import signal
import time

import crafted
import lab
import trees
from case import test
from lab import OURS, STANZA, Failure, Skip, equal, expect
from paused import finish, log_of, no_session, paused_backup, slow_backup, spawn_backup, verified


def kill_rounds(bench, rounds, **settings):
    # Retention must not take what this test watches.
    bench.ready(compress_type="lz4", process_max="2", repo1_retention_full="99", **settings)
    started = time.monotonic()
    bench.ours("backup")
    length_s = time.monotonic() - started
    keep = bench.completed_labels()
    seed = int.from_bytes(os.urandom(4), "big")
    chance = random.Random(seed)
    try:
        for _ in range(rounds):
            known = listed_labels(bench)
            process = spawn_backup(bench)
            time.sleep(chance.uniform(0.0, length_s * 1.1))
            lab.kill_group(process)
            process.wait()
            no_session(bench)
            # A backup killed between its manifest and backup.info is whole but not listed; the next
            # one that gets far enough lists it. What was listed stays listed.
            now = listed_labels(bench)
            expect(set(known) <= set(now), "no listed backup is lost", (known, now))
            verified(bench, now)
        bench.ours("backup")
        bench.peer("backup", "--type=incr")
        final = bench.completed_labels()
        expect(set(keep) <= set(final) and final[-1].endswith("I"), "labels at the end", final)
        verified(bench, final)
        for label in (keep[0], final[-1]):
            target = bench.restore(OURS, bench.dir / f"r-{label}", f"--set={label}",
                                   "--archive-mode=off")
            bench.start_restored(target)
            equal(target.fingerprint(), bench.cluster.fingerprint(), f"data of {label}")
            target.stop("immediate")
    except Failure as failure:
        raise Failure(f"seed {seed}: {failure}") from failure


def listed_labels(bench):
    """Completed backups that backup.info names, oldest first."""
    text = (bench.repo / "backup" / STANZA / "backup.info").read_text()
    return [label for label in bench.completed_labels() if label in text]


test("fault: kill -9 at random times leaves a valid repository, files", 5, slow=True)(kill_rounds)
test("fault: kill -9 at random times leaves a valid repository, many rounds", 40,
     slow=True)(kill_rounds)


@test("fault: kill -9 at random times leaves a valid repository, bundles")
def kill_rounds_bundled(bench):
    kill_rounds(bench, 5, repo1_bundle="y", repo1_bundle_limit="512KiB", repo1_bundle_size="1MiB")


@test("fault: SIGTERM, SIGINT and SIGHUP end a backup with 63 and leave nothing behind")
def signals(bench):
    slow_backup(bench)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        process = paused_backup(bench)
        os.kill(process.pid, number)
        finish(bench, process, codes=(63,))
        expect(re.search(r"terminated on signal \[?SIG", log_of(bench)), "the log names the signal",
               log_of(bench))
        no_session(bench)
        locks = list((bench.dir / "lock").glob("*.lock"))
        expect(not locks, "the lock files are gone", locks)
        leftovers = list(bench.repo.rglob("*.tmp"))
        expect(not leftovers, "no temporary files stay", leftovers)
        equal(bench.labels(), [], "directories of backups")
    bench.ours("backup")
    verified(bench, bench.completed_labels())


@test("fault: SIGTERM ends a restore with 63, without pg_control")
def signal_in_restore(bench):
    slow_backup(bench)
    bench.ours("backup")
    home = bench.dir / "r"
    (home / "pg").mkdir(parents=True, mode=0o700)
    (home / "linked").mkdir(mode=0o700)
    process = lab.spawn(bench.argv(OURS, "restore", f"--pg1-path={home / 'pg'}", "--link-all",
                                   f"--tablespace-map-all={home / 'ts'}", "--process-max=1"),
                        bench.dir / "backup.log")
    # Names that a restore may use while a file is not complete all begin with the file's own.
    lab.wait_for(lambda: list((home / "pg/odd names").glob("noise*")) or process.poll() is not None,
                 "the restore begins", 60, 0.001)
    os.killpg(process.pid, signal.SIGSTOP)
    expect(process.poll() is None, "the restore was caught in its middle", log_of(bench))
    os.kill(process.pid, signal.SIGTERM)
    finish(bench, process, codes=(63,))
    expect(not (home / "pg/global/pg_control").exists(), "there is no pg_control")
    bench.restore_run(OURS, home, "--delta", "--archive-mode=off")
    target = lab.Cluster(home)
    bench.started.append(target)
    bench.start_restored(target)


@test("fault: a second backup at the same time is error 50")
def locked(bench):
    slow_backup(bench)
    process = paused_backup(bench)
    ended = bench.ours("backup", codes=None)
    stanza = bench.ours("info", "--output=json").json()[0]
    text = bench.ours("info").text
    finish(bench, process)
    expect(ended.code == 50, "exit code 50", ended)
    expect(stanza["status"]["lock"]["backup"]["held"] is True, "info says that a backup runs", stanza)
    expect("backup/expire running" in text, "text info says so too", text)
    verified(bench, bench.completed_labels())


@test("fault: backups into two repositories at once are two backups", slow=True)
def two_repositories(bench):
    slow_backup(bench, repo2_path=bench.dir / "repo2", repo2_retention_full="9")
    process = paused_backup(bench, "--repo=1")
    ended = bench.ours("backup", "--repo=2", "--compress-type=none")
    finish(bench, process)
    listed = bench.ours("info", "--output=json").json()[0]["backup"]
    equal(sorted(one["database"]["repo-key"] for one in listed), [1, 2], "repositories with a backup")
    for key in ("1", "2"):
        target = bench.restore(OURS, bench.dir / f"r{key}", f"--repo={key}", "--archive-mode=off")
        bench.start_restored(target)
        equal(target.fingerprint(), bench.cluster.fingerprint(), f"data of repo{key}")
        target.stop("immediate")
    expect("completed successfully" in ended.text, "the second one did not wait for the first", ended)


@test("fault: a restart of PostgreSQL during the copy ends the backup with an error")
def server_lost(bench):
    slow_backup(bench)
    process = paused_backup(bench)
    bench.cluster.stop("immediate")
    finish(bench, process, codes=(56, 57, 58))
    expect(not bench.completed_labels(), "no backup is listed")
    bench.start()
    bench.ours("backup")


@test("fault: files that vanish, grow or shrink while the backup runs", short=True)
def changing_files(bench):
    slow_backup(bench)
    cluster, odd = bench.cluster, bench.cluster.data / "odd names"
    for name in ("vanishing", "growing", "shrinking", "emptied"):
        (odd / name).write_bytes(name.encode() * 300)
    relations = {}
    for name in ("rel_grows", "rel_shrinks"):
        cluster.sql(f"create table {name} as select generate_series(1, 1500) i")
        relations[name] = cluster.sql(f"select pg_relation_filepath('{name}')")
    cluster.sql("checkpoint")
    sizes = {name: (cluster.data / path).stat().st_size for name, path in relations.items()}
    process = paused_backup(bench)
    (odd / "vanishing").unlink()
    with open(odd / "growing", "ab") as file:
        file.write(b"more" * 500)
    os.truncate(odd / "shrinking", 11)
    os.truncate(odd / "emptied", 0)
    with open(cluster.data / relations["rel_grows"], "ab") as file:
        file.write(bytes(8192))
    os.truncate(cluster.data / relations["rel_shrinks"], 8192)
    finish(bench, process)

    lines = dict(crafted.split_key(line) for line in
                 (bench.label_dir() / "backup.manifest").read_text().splitlines()
                 if line.startswith("pg_data/") and '"size"' in line)
    found = {key: (member.get("size"), member.get("szo")) for key, member in
             ((key, json.loads(value)) for key, value in lines.items())}
    expect("pg_data/odd names/vanishing" not in found, "the vanished file is not listed")
    equal(found["pg_data/odd names/growing"], (2100 + 2000, 2100), "size, first size: growing")
    equal(found["pg_data/odd names/shrinking"], (11, 2700), "size, first size: shrinking")
    equal(found["pg_data/odd names/emptied"], (0, 2100), "size, first size: emptied")
    equal(found[f"pg_data/{relations['rel_grows']}"], (sizes["rel_grows"], None),
          "size, first size of a relation that grows")
    equal(found[f"pg_data/{relations['rel_shrinks']}"], (8192, sizes["rel_shrinks"]),
          "size, first size of a relation that shrinks")
    verified(bench, bench.completed_labels())
    homes = [bench.restore(program, bench.dir / name, "--type=none").home
             for program, name in ((OURS, "ours"), (lab.PEER, "peer"))]
    trees.compare_trees(*homes, "restores of a backup with changed files", ignored=trees.SIGNAL_FILES)


@test("fault: not enough space stops a backup at once and says how much is missing", short=True)
def no_space(bench):
    if not lab.SMALL_FILE_SYSTEM:
        raise Skip("a small file system cannot be mounted here: that takes root")
    bench.repo = lab.SMALL_FILE_SYSTEM / "repo"
    slow_backup(bench, compress_type="none", process_max="2", archive_timeout="30")
    started = time.monotonic()
    ended = bench.ours("backup", codes=None)
    expect(ended.code == 64, "exit code 64", ended)
    expect(time.monotonic() - started < 15, "the backup does not wait before it gives up", ended)
    expect(re.search(r"\d (more )?bytes|\d[KMG]?i?B", ended.text.split("ERROR")[-1]),
           "the message says how much is missing", ended)
    no_session(bench)
    equal(bench.labels(), [], "directories of backups: space is what is missing")
    equal([entry["label"] for entry in bench.ours("info", "--output=json").json()[0]["backup"]], [],
          "labels in info")
    push_without_space(bench)
    lab.run(["rm", "-rf", bench.repo])


def push_without_space(bench):
    """The free space shrinks to half a segment: the push fails cleanly; later it succeeds."""
    segment = bench.cluster.switch_and_wait_archived()
    copy = bench.dir / segment
    copy.write_bytes((bench.cluster.data / "pg_wal" / segment).read_bytes())
    bench.cluster.stop()
    next(path for path in bench.wal_files() if path.name.startswith(segment)).unlink()
    filler = bench.repo.parent / "filler"
    space = os.statvfs(bench.repo)
    with open(filler, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, space.f_bavail * space.f_frsize - (1 << 19))
    ended = bench.ours("archive-push", copy, codes=None)
    filler.unlink()
    expect(ended.code in (64, 104), "exit code 104", ended)
    leftovers = [path for path in bench.repo.rglob("*") if segment in path.name]
    expect(not leftovers, "nothing of the failed push stays", leftovers)
    bench.ours("archive-push", copy)
