# Repositories as they were at a time: buckets that keep what is overwritten or removed.
# SPDX-License-Identifier: MIT
import datetime
import re
import shutil
import time

import lab
from case import test
from interop import labels
from lab import OURS, equal, expect
from later_peer import later_peer
from object_server import CloudStorage, Gateway, store
from past_container import PastContainer
import trees
import typed_page

CIPHER = {"repo1_cipher_type": "aes-256-cbc", "repo1_cipher_pass": lab.PASSPHRASE}


def versioned(bench, kind):
    there = store(bench, kind)
    path = f"/past/{bench.dir.name}"
    if kind is Gateway:
        return there.options(path, repo1_s3_bucket=there.locked_bucket())
    return there.options(path)


def now():
    """Stores tell whole seconds: what was made in this one is done, what comes is made in a later one."""
    time.sleep(1.1)
    text = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S+00")
    time.sleep(1.1)
    return f"--repo-target-time={text}"


def same_info(bench, peer, at, label, early):
    """Both tell the same of that time, when there was this backup; early there was none."""
    for output in ("json", "text"):
        told = [bench.call(one, "info", *at, f"--output={output}", "--log-level-console=off").out
                for one in (OURS, peer)]
        equal(told[0], told[1], f"info as {output}")
    expect(label in told[0].decode(), "the backups of that time", told[0])
    # Of what was overwritten since it tells another time, and paths that came later are there for it.
    told = [bench.call(one, "repo-ls", *at, "--recurse", "--output=json", "--log-level-console=off").json()
            for one in (OURS, peer)]
    files = [{name: (of["size"], of["version"]) for name, of in one.items() if of["type"] == "file"} for one in told]
    expect(f"backup/{lab.STANZA}/{label}/backup.manifest" in files[0], "names of that time", list(files[0]))
    equal(files[0] == files[1], True, "names, sizes and versions")
    for name in ("backup.info", f"{label}/backup.manifest"):
        told = [bench.call(one, "repo-get", *at, f"backup/{lab.STANZA}/{name}", "--log-level-console=off").out
                for one in (OURS, peer)]
        equal(told[0], told[1], name)
    told = [bench.call(one, "verify", *at, "--output=text", "--verbose", "--log-level-console=off").out
            for one in (OURS, peer)]
    # A path that came later is a backup in progress for it.
    equal(told[0], re.sub(rb"  backup: \S+ status: in-progress,.*\n", b"", told[1]), "verify")
    expect(f"backup: {label}, status: valid" in told[0].decode(), "the backups of that time", told[0])
    before = bench.ours("info", "--repo=1", early, "--log-level-console=off").text
    expect("no valid backups" in before, "before the first backup", before)


@test("past: a repository that was removed is there at a time before, S3, encrypted bundles", Gateway,
      {"repo1_bundle": "y", "compress_type": "zst", **CIPHER})
@test("past: a repository that was removed is there at a time before, S3, files", Gateway,
      {"compress_type": "lz4"}, slow=True)
@test("past: a repository that was removed is there at a time before, GCS, blocks", CloudStorage,
      {"repo1_bundle": "y", "repo1_block": "y", "compress_type": "lz4"})
def removed(bench, kind, layout):
    peer = later_peer("2.60.0")
    bench.ready(**{**versioned(bench, kind), **layout})
    early = now()
    bench.ours("backup")
    bench.cluster.sql("insert into small select i, 'after' from generate_series(2000, 2100) i")
    bench.ours("backup", "--type=diff")
    bench.cluster.switch_and_wait_archived()
    data, made = bench.cluster.fingerprint(), labels(bench)
    at = ("--repo=1", now())
    bench.cluster.sql("delete from small")
    bench.ours("backup")
    bench.ours("expire", "--repo1-retention-full=1")
    expect(made[0] not in labels(bench), "the first backup is expired")
    told = bench.ours("info", *at, "--output=json", "--log-level-console=off").text
    expect("archive-lag" not in told, "the archive of that time is not behind WAL of today", told)
    bench.cluster.stop()
    bench.call(peer, "stop")
    bench.call(peer, "stanza-delete")
    bench.call(peer, "start")
    expect("missing stanza path" in bench.ours("info").text, "nothing is there now")
    same_info(bench, peer, at, made[0], early)
    words = (*at, "--archive-mode=off")
    homes = [bench.restore(one, bench.dir / f"r{number}", *words, "--type=none", f"--set={made[0]}")
             for number, one in enumerate((OURS, peer))]
    trees.compare_trees(homes[0].home, homes[1].home, "restores", ignored=trees.SIGNAL_FILES)
    target = bench.restore(OURS, bench.dir / "replayed", *words)
    bench.start_restored(target)
    equal(target.fingerprint(), data, "data of that time")


@test("past: a repository that was removed is there at a time before, Azure, encrypted bundles",
      {"repo1_bundle": "y", "compress_type": "zst", **CIPHER}, slow=True)
@test("past: a repository that was removed is there at a time before, Azure, files", {}, slow=True)
def removed_blobs(bench, layout):
    peer = later_peer("2.60.0")
    bench.ready(**layout)
    with PastContainer("past/repo") as there:
        there.remember(bench.repo)
        early = now()
        bench.ours("backup")
        bench.cluster.switch_and_wait_archived()
        data, made = bench.cluster.fingerprint(), labels(bench)
        there.remember(bench.repo)
        at = ("--repo=1", now())
        bench.cluster.sql("delete from small")
        bench.ours("backup")
        bench.ours("expire", "--repo1-retention-full=1")
        there.remember(bench.repo)
        bench.cluster.stop()
        shutil.rmtree(bench.repo)
        there.remember(bench.repo)
        bench.configure(**there.options())
        same_info(bench, peer, at, made[0], early)
        words = (*at, "--archive-mode=off")
        homes = [bench.restore(one, bench.dir / f"r{number}", *words, "--type=none")
                 for number, one in enumerate((OURS, peer))]
        trees.compare_trees(homes[0].home, homes[1].home, "restores", ignored=trees.SIGNAL_FILES)
        target = bench.restore(OURS, bench.dir / "replayed", *words)
        bench.start_restored(target)
        equal(target.fingerprint(), data, "data of that time")
        equal([one for one in there.refused if "history" not in one], [], "what it could not answer")


PAGE = lab.SOURCE / "storage/driver/object/README.md"


@test("past: the page, as it is written")
def page(bench):
    bench.ready(**versioned(bench, CloudStorage))
    bench.ours("backup")
    bench.cluster.switch_and_wait_archived()
    data, at = bench.cluster.fingerprint(), now().split("=")[1]
    bench.cluster.sql("delete from small")
    bench.ours("backup")
    bench.ours("expire", "--repo1-retention-full=1")
    bench.cluster.stop()
    for part in (bench.cluster.data, bench.cluster.home / "ts"):
        shutil.rmtree(part)
        part.mkdir(mode=0o700)
    said = typed_page.type_lines(bench, PAGE, "A repository as it was", [("2026-11-29 18:00:00+00", at)])
    equal(len(said), 2, "lines of the page")
    expect("full backup: " in next(iter(said.values())).text, "info of that time")
    bench.start_restored(bench.cluster)
    equal(bench.cluster.fingerprint(), data, "data of that time")


@test("past: objects are locked, and lose nothing by being removed")
def locked(bench):
    there = store(bench, Gateway)
    where = f"past/{bench.dir.name}"
    bench.ready(**there.options("/" + where, repo1_s3_bucket=there.locked_bucket(),
                                repo1_bundle="y", repo1_storage_lock_mode="governance",
                                repo1_storage_lock_time="1h", repo1_storage_upload_expire="1h"))
    bench.ours("backup")
    young = f"{where}/archive/demo/15-1/young"
    there.ask("POST", young, "?uploads=", bucket="pgbraid-locked")
    bench.ours("backup")
    first = labels(bench)[0]
    bench.ours("expire", "--repo1-retention-full=1")
    equal(len(labels(bench)), 1, "backups")
    expect(young in there.ask("GET", "", f"?uploads=&prefix={where}/", bucket="pgbraid-locked").text,
           "what somebody may be sending stays")
    listed = there.ask("GET", "", f"?versions=&prefix={where}/backup/demo/{first}/bundle/",
                       bucket="pgbraid-locked").text
    kept = re.findall("<Version><Key>([^<]*)</Key><VersionId>([^<]*)<", listed)
    expect(kept and listed.count("<DeleteMarker>") == len(kept), "versions and notes", listed)
    for key, version in kept:
        told = there.ask("DELETE", key, f"?versionId={version}", bucket="pgbraid-locked").text
        expect("forbidden by object lock" in told, "the version is locked", told)
    bench.configure(repo1_storage_lock_time=None)
    told = bench.ours("info", codes=None).text
    expect("requires option: repo1-storage-lock-time" in told, "a mode without a time", told)


@test("past: what has no earlier versions, or is no time, is refused")
def refused(bench):
    bench.configure()
    at = "--repo-target-time=2026-01-02 03:04:05+00"
    told = bench.ours("info", at, codes=(31,)).text
    expect("option 'repo-target-time' not valid without option 'repo'" in told, "without --repo", told)
    told = bench.ours("info", "--repo=1", at, codes=None).text
    expect("'repo-target-time' is not supported for repo1, which is of type 'posix'" in told,
           "a directory", told)
    bench.configure(**store(bench, CloudStorage).options("/past"))
    for wrong in ("nonsense", "2026-01-02", "2026-02-30 00:00:00", "1796175873"):
        told = bench.ours("info", "--repo=1", f"--repo-target-time={wrong}", codes=None).text
        expect("[029]" in told or "[FormatError]" in told or "invalid date" in told, wrong, told)
