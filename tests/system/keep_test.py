# What expire keeps although retention does not: backups that it cannot read, backups without errors.
# SPDX-License-Identifier: MIT
import crafted
import lab
from case import test
from lab import OURS, STANZA, equal, expect
from other_host import restored_equally

MANIFESTS = ("backup.manifest", "backup.manifest.copy")
ERRORS = "contains invalid page checksum(s)"


def forget(bench, *labels):
    """backup.info does not know these backups, as after a kill before it was written."""
    crafted.rewrite_info(bench.repo / "backup" / STANZA / "backup.info", lambda text: "".join(
        line for line in text.splitlines(True) if line.split("=")[0] not in labels))


def readable(bench, label, yes):
    for name in MANIFESTS:
        (bench.label_dir(label) / name).chmod(0o640 if yes else 0)


def add_wal(bench):
    bench.cluster.sql("create table if not exists more (i int); insert into more values (1)")
    bench.cluster.switch_and_wait_archived()


def three_backups(bench):
    bench.ready()
    for _ in range(3):
        bench.ours("backup")
        add_wal(bench)
    return bench.completed_labels()


@test("expire: a manifest that cannot be read now keeps all WAL, and ends in 104", short=True)
def unreadable(bench):
    first, second, third = three_backups(bench)
    forget(bench, first)
    readable(bench, first, False)
    before = bench.wal_files()
    ended = bench.ours("expire", "--repo1-retention-full=1", codes=None)
    equal(ended.code, 104, ended.text)
    expect(f"ERROR" in ended.text and "no WAL is expired" in ended.text and first in ended.text,
           "an ERROR names the backup", ended)
    equal(bench.wal_files(), before, "WAL")
    equal(bench.completed_labels(), [first, third], "sets of other fulls go as ever")
    readable(bench, first, True)
    bench.ours("expire", "--repo1-retention-full=2")
    listed = [one["label"] for one in bench.ours("info", "--output=json").json()[0]["backup"]]
    equal(listed, [first, third], "the backup is found again")
    bench.ours("expire", "--repo1-retention-full=1")
    equal(bench.completed_labels(), [third], "and retention counts it")


@test("expire: dependents of a full that cannot be read now stay")
def dependents(bench):
    bench.ready()
    bench.ours("backup")
    bench.peer("backup", "--type=incr")
    bench.ours("backup", "--no-expire-auto")
    full, incr, last = sorted(bench.completed_labels())
    forget(bench, full, incr)
    readable(bench, full, False)
    ended = bench.ours("expire", "--repo1-retention-full=1", codes=None)
    equal(ended.code, 104, ended.text)
    equal(bench.completed_labels(), [full, incr, last], "all of the set")
    # A listed full goes with all that depend on it, unless one of them cannot be read.
    readable(bench, full, True)
    bench.ours("expire", "--repo1-retention-full=2")
    forget(bench, incr)
    readable(bench, incr, False)
    ended = bench.ours("expire", "--repo1-retention-full=1", codes=None)
    equal(ended.code, 104, ended.text)
    equal(bench.completed_labels(), [full, incr, last], "all of the set")


def spoil_pages(bench):
    path = bench.cluster.sql("select pg_relation_filepath('big')")
    bench.cluster.stop()
    file = bench.cluster.data / path
    data = bytearray(file.read_bytes())
    for page in (3, 9):
        data[page * 8192 + 4000] ^= 0xFF
    file.write_bytes(data)
    bench.start()


def good_then_bad(bench):
    bench.ready()
    bench.ours("backup")
    add_wal(bench)
    spoil_pages(bench)
    bench.ours("backup")
    add_wal(bench)
    return bench.completed_labels()


@test("backup: bad pages are an error with checksum-page-error, else a warning")
def page_errors(bench):
    bench.ready()
    spoil_pages(bench)
    ended = bench.ours("backup", "--checksum-page-error", codes=None)
    equal(ended.code, 26, ended.text)
    expect("ERROR: [026]" in ended.text and "invalid page checksums found in file" in ended.text
           and "at pages 3, 9" in ended.text, "file and pages", ended)
    left, = bench.labels()
    equal(bench.completed_labels(), [], "backups")
    ended = bench.ours("backup")  # As pgBackRest's, it goes on with what was copied.
    expect(f"resumable backup {left} of same type exists" in ended.text, "it is resumed", ended)
    equal(len(bench.labels()), 1, "directories of backups")
    equal(bench.labels(), bench.completed_labels(), "backups")
    expect("backup command encountered 1 checksum warning(s), check the log file for details"
           in ended.text, "the number of warnings", ended)


@test("expire: nothing goes for an oldest set with bad pages, unless that is wanted")
def guard(bench):
    good, bad = good_then_bad(bench)
    before = bench.wal_files()
    for words in (("--dry-run",), ()):
        ended = bench.ours("expire", "--repo1-retention-full=1", *words, codes=None)
        equal(ended.code, 104, ended.text)
        expect(f"repo1: oldest retained backup {bad} {ERRORS}" in ended.text and "[026]" in ended.text
               and "use info --set command" in ended.text, "the reason", ended)
        expect("expire command encountered 1 error(s)" in ended.text, "the number", ended)
        equal(bench.completed_labels(), [good, bad], "backups")
        equal(bench.wal_files(), before, "WAL")
    expect(ERRORS not in bench.ours("expire", "--repo1-retention-full=2").text, "no reason")
    ended = bench.ours("expire", "--repo1-retention-full=1", "--no-checksum-page-error")
    expect(f"WARN: repo1: oldest retained backup {bad} {ERRORS}" in ended.text, "a warning", ended)
    equal(bench.completed_labels(), [bad], "backups")
    ended = bench.ours("expire", "--repo1-retention-full=1")
    expect(f"WARN: repo1: oldest retained backup {bad} {ERRORS}" in ended.text,
           "only a warning where nothing is to be removed", ended)


@test("expire: after a backup the newest set without bad pages stays, and so does its WAL")
def after_backup(bench):
    bench.ready(repo1_retention_full="1")
    bench.ours("backup")
    good = bench.completed_labels()[0]
    add_wal(bench)
    spoil_pages(bench)
    add_wal(bench)
    for _ in range(2):
        ended = bench.ours("backup")
        expect(f"backup set {good} is kept" in ended.text, "a warning", ended)
        add_wal(bench)
    left = bench.completed_labels()
    equal(len(left), 2, "the sound one and the newest")
    expect(left[0] == good, "the sound one", left)
    backup = bench.ours("info", "--output=json").json()[0]["backup"][0]
    names = [path.name[:24] for path in bench.wal_files()]
    first, last = int(backup["archive"]["start"][8:], 16), int(names[-1][8:], 16)
    number = [int(name[8:16], 16) * 4096 + int(name[16:], 16) for name in names]
    expect(names[0] <= backup["archive"]["start"] and number == list(range(number[0], number[-1] + 1)),
           "all WAL since its start", names)
    expect(first < last, "there is more than one segment", names)
    target = bench.restore(OURS, bench.dir / "r", f"--set={good}", "--archive-mode=off")
    bench.start_restored(target)
    equal(target.sql("select count(*) from more"), bench.cluster.sql("select count(*) from more"),
          "recovery goes on to the end of the archive")
