# archive-push and archive-get as PostgreSQL and people call them.
# SPDX-License-Identifier: MIT
import os
import struct

import lab
from case import test
from lab import STANZA, equal, expect


def finished_segment(bench):
    """A copy of a complete WAL segment that is in the archive; the cluster may recycle its own."""
    name = bench.cluster.switch_and_wait_archived()
    copy = bench.dir / "segments" / name
    copy.parent.mkdir(exist_ok=True)
    copy.write_bytes((bench.cluster.data / "pg_wal" / name).read_bytes())
    return copy


def stored(bench, name):
    return [path for path in bench.wal_files() if path.name.startswith(name)]


@test("archive: a segment pushed twice is fine, other bytes under its name are error 45", short=True)
def pushed_twice(bench):
    bench.ready(compress_type="zst")
    segment = finished_segment(bench)
    before = [path.read_bytes() for path in stored(bench, segment.name)]
    ended = bench.ours("archive-push", segment)
    expect("WARN" in ended.text and segment.name in ended.text, "a warning says so", ended)
    twin = bench.dir / segment.name
    data = bytearray(segment.read_bytes())
    data[-1] ^= 1
    twin.write_bytes(data)
    ended = bench.ours("archive-push", twin, codes=(45, 104))
    expect("checksum" in ended.text, "the message speaks of the checksum", ended)
    equal([path.read_bytes() for path in stored(bench, segment.name)], before, "stored bytes")


@test("archive: a missing segment is exit 1, without a destination")
def missing_segment(bench):
    bench.ready()
    for name in ("0000000100000000000000EE", "00000007.history"):
        bench.ours("archive-get", name, bench.dir / "x", codes=(1,))
        expect(not (bench.dir / "x").exists(), "nothing is written")


@test("archive: push and get want their parameters")
def parameters(bench):
    bench.ready()
    for words in (("archive-push",), ("archive-get",), ("archive-get", "0000000100000000000000EE")):
        expect(bench.ours(*words, codes=None).code in (43, 96), f"{words} is an error")
    ended = bench.ours("archive-push", bench.dir / "000000010000000000000001", codes=None)
    expect(ended.code in (41, 42, 55, 104), "a segment that does not exist is an error", ended)


@test("archive: WAL of an unknown version or another system is refused")
def foreign_header(bench):
    bench.ready()
    segment = finished_segment(bench)
    folder = bench.dir / "foreign"
    folder.mkdir()
    name = "0000000100000000000000AA"
    for offset, form, value, codes in ((0, "<H", 0xABCD, (46, 104)), (24, "<Q", 12345, (44, 104))):
        data = bytearray(segment.read_bytes())
        struct.pack_into(form, data, offset, value)
        (folder / name).write_bytes(data)
        bench.ours("archive-push", folder / name, codes=codes)
    for text in (b"", b"short", os.urandom(8192), os.urandom(1 << 20)):
        (folder / name).write_bytes(text)
        ended = bench.ours("archive-push", folder / name, codes=None)
        expect(0 < ended.code < 124 and ended.code != 25, "an ordinary error for noise", ended)
    expect(not stored(bench, name), "nothing of it is in the archive")


@test("archive: history, .backup and .partial files go where pgBackRest looks for them")
def other_files(bench):
    bench.ready(compress_type="gz")
    bench.ours("backup")
    segment = finished_segment(bench)
    ids = bench.repo / "archive" / STANZA / "15-1"
    history = bench.dir / "00000002.history"
    history.write_text("1\t0/5000000\tno recovery target specified\n")
    bench.ours("archive-push", history)
    equal((ids / history.name).read_bytes(), history.read_bytes(), "the stored history file")
    no_history = bench.dir / "00000003.history"
    no_history.write_text("# much\n" * 200_000)
    refused = bench.ours("archive-push", no_history, codes=(42,))
    expect("it is larger than 1048576 bytes" in refused.text, "a history file has an end", refused)
    partial = bench.dir / (segment.name[:-2] + "FE.partial")
    partial.write_bytes(segment.read_bytes())
    bench.ours("archive-push", partial)
    found = list(ids.glob(f"*/{partial.name}-*.gz"))
    equal(len(found), 1, "stored .partial files")
    equal(found[0].name[len(partial.name) + 1:-3], lab.sha1(partial), "the SHA-1 in its name")
    # The full backup made one of these; PostgreSQL archives it.
    lab.wait_for(lambda: list(ids.glob("*/*.backup")), "the .backup file is archived")
    for call in (bench.ours, bench.peer):
        target = bench.dir / "got"
        call("archive-get", history.name, target)
        equal(target.read_bytes(), history.read_bytes(), "the history file that comes back")
        call("archive-get", partial.name, target)
        equal(target.read_bytes(), partial.read_bytes(), "the partial segment that comes back")
        target.unlink()


@test("archive: two files for one segment are error 45")
def duplicates(bench):
    bench.ready(compress_type="none")
    segment = finished_segment(bench)
    path = stored(bench, segment.name)[0]
    twin = path.with_name(segment.name + "-" + "0" * 40)
    twin.write_bytes(path.read_bytes())
    bench.ours("archive-get", segment.name, bench.dir / "x", codes=(45,))
    expect(not (bench.dir / "x").exists(), "nothing is delivered")


@test("archive: a stop file holds push back with error 62")
def stop_file(bench):
    bench.ready()
    segment = finished_segment(bench)
    (bench.dir / "lock").mkdir(exist_ok=True)
    for name in (f"{STANZA}.stop", "all.stop"):
        (bench.dir / "lock" / name).touch()
        bench.ours("archive-push", segment, codes=(62,))
        bench.ours("backup", codes=(62,))
        bench.ours("archive-get", segment.name, bench.dir / "x")
        (bench.dir / "lock" / name).unlink()
    bench.ours("archive-push", segment)


@test("archive: two repositories both get the WAL; one broken is error 104 and the other is served")
def two_repositories(bench):
    bench.configure(repo2_path=bench.dir / "repo2", repo2_retention_full="2")
    bench.start()
    bench.ours("stanza-create")
    segment = finished_segment(bench)
    second = bench.dir / "repo2/archive" / STANZA / "15-1"
    expect(list(second.glob(f"*/{segment.name}-*")), "the segment is in repo2")
    bench.ours("backup", "--repo=2")
    expect(not list((bench.repo / "backup" / STANZA).glob("*F")), "the backup is not in repo1")
    target = bench.dir / "got"
    bench.ours("archive-get", "--repo=2", segment.name, target)
    equal(lab.sha1(target), stored(bench, segment.name)[0].name[25:65], "SHA-1 from repo2")
    info = bench.repo / "archive" / STANZA
    info.rename(info.with_name("away"))
    ended = bench.ours("archive-push", segment, codes=(103, 104))
    expect("repo1" in ended.text, "the message names the repository", ended)
    bench.ours("archive-get", segment.name, target)


@test("archive: PostgreSQL archives many segments through us without a loss")
def many_segments(bench):
    bench.ready(compress_type="lz4")
    for number in range(25):
        bench.cluster.sql(f"insert into small values ({5000 + number}, 'x')")
        bench.cluster.sql("select pg_switch_wal()")
    bench.cluster.switch_and_wait_archived()
    numbers = [int(path.name[8:24], 16) for path in bench.wal_files()]
    equal(numbers, list(range(numbers[0], numbers[0] + len(numbers))), "segments without a gap")
    expect(len(numbers) >= 25, "all segments are there", numbers)
    equal(bench.cluster.sql("select failed_count from pg_stat_archiver"), "0", "failed pushes")
    leftovers = list(bench.repo.rglob("*.tmp"))
    expect(not leftovers, "no temporary files stay", leftovers)


