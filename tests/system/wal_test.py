# archive-push and archive-get: what they store, find, refuse and say, beside pgBackRest.
# SPDX-License-Identifier: MIT
import os
import pathlib
import re
import shutil
import struct
import zlib

import crafted
import lab
import trees
from case import test
from hostile import hostile
from lab import equal, expect
from wal_files import (SEGMENT_BYTES, SEGMENT_SIZE_AT, archive, get, make_wal, prepared, push, same,
                       segment, system_id)


@test("wal: a pushed segment comes back through both programs", "none", False)
@test("wal: a pushed segment comes back through both programs", "gz", True)
@test("wal: a pushed segment comes back through both programs", "zst", True)
def round_trip(bench, kind, encrypted):
    chosen = {"compress_type": kind}
    if encrypted:
        chosen.update(repo1_cipher_type="aes-256-cbc", repo1_cipher_pass=lab.PASSPHRASE)
    prepared(bench, **chosen)
    for number, writer in ((1, lab.OURS), (2, lab.PEER)):
        path = make_wal(bench, segment(number), fill=os.urandom(1000))
        push(bench, path, program=writer)
        stored = list((archive(bench) / "15-1" / segment(number)[:16]).glob(segment(number) + "*"))
        equal([one.name for one in stored],
              [f"{segment(number)}-{lab.sha1(bench.cluster.data / path)}{lab.EXTENSION[kind]}"],
              "name in the archive")
        equal(f"{stored[0].stat().st_mode & 0o7777:04o}", "0640", "mode in the archive")
        get(bench, segment(number))
        same(bench, segment(number))
        bench.peer("archive-get", segment(number), bench.dir / "peer")
        equal(lab.sha256(bench.dir / "peer"), lab.sha256(bench.cluster.data / path), "peer's copy")


@test("wal: a segment that is there already is accepted once more, but not with other content")
def duplicates(bench):
    prepared(bench)
    path = make_wal(bench, segment(1))
    push(bench, path)
    again = push(bench, path)
    expect("already exists in the repo1 archive with the same checksum" in again.text, "warns", again)
    quiet = push(bench, path, "--no-archive-mode-check")
    expect("already exists" not in quiet.text, "is quiet without archive-mode-check", quiet)
    make_wal(bench, segment(1), fill=b"other")
    refused = push(bench, path, codes=45)
    expect("with a different checksum" in refused.text, "names the reason", refused)
    push(bench, path, codes=45, program=lab.PEER)
    # Two contents of one name, as two clusters would leave behind.
    folder = archive(bench) / "15-1" / segment(1)[:16]
    stored = next(folder.iterdir())
    shutil.copy(stored, folder / (segment(1) + "-" + "0" * 40 + ".gz"))
    with hostile("WAL segments"):
        found = get(bench, segment(1), codes=45)
        expect("duplicates found for WAL segment" in found.text, "get refuses duplicates", found)
        push(bench, path, codes=(45, 104))


@test("wal: WAL of another cluster, another version or no version is refused")
def foreign(bench):
    prepared(bench)
    with hostile("WAL segments", 4):
        push(bench, make_wal(bench, segment(1), system=1), codes=44)
        push(bench, make_wal(bench, segment(2), magic=0xD10D), codes=44)
        unknown = push(bench, make_wal(bench, segment(3), magic=777), codes=46)
        expect("unexpected WAL magic 777" in unknown.text, "names the magic", unknown)
        (bench.cluster.data / "pg_wal" / segment(4)).write_bytes(b"short")
        push(bench, f"pg_wal/{segment(4)}", codes=29)
        equal(list((archive(bench)).glob("15-1/*/*")), [], "nothing was stored")
    push(bench, f"pg_wal/{segment(1)}", "--no-archive-header-check")
    # The whole stanza belongs to another cluster.
    text = lambda content: content.replace(str(system_id(bench)), "42")
    crafted.rewrite_info(archive(bench) / "archive.info", text)
    ours = push(bench, make_wal(bench, segment(5)), codes=103)
    theirs = push(bench, f"pg_wal/{segment(5)}", codes=103, program=lab.PEER)
    for ended in (ours, theirs):
        expect("[ArchiveMismatchError]" in ended.text, "names the mismatch", ended)
    get(bench, segment(5), codes=103)


@test("wal: a segment of another length is refused, and not delivered", {})
@test("wal: a segment of another length is refused, and not delivered", {"compress_type": "zst"})
def wrong_length(bench, settings):
    prepared(bench, **(settings or {"compress_type": "none"}))
    for number, length in ((1, SEGMENT_BYTES - 1), (2, SEGMENT_BYTES // 2), (3, SEGMENT_BYTES + 1),
                           (4, 8192), (5, 2 * SEGMENT_BYTES)):
        for name in (segment(number), segment(number) + ".partial"):
            path = make_wal(bench, name)
            file = bench.cluster.data / path
            whole = file.read_bytes()
            file.write_bytes((whole + whole)[:length])
            with hostile("WAL segments"):
                for words in ((), ("--no-archive-header-check",)): # pg_control says the same
                    refused = push(bench, path, *words, codes=44)
                    expect(f"has {length} bytes" in refused.text
                           and str(SEGMENT_BYTES) in refused.text, "says both sizes", refused)
            # What somebody else stored so, under the right checksum.
            folder = archive(bench) / "15-1" / name[:16]
            folder.mkdir(parents=True, exist_ok=True)
            stored = folder / f"{name}-{lab.sha1(file)}"
            stored.write_bytes(file.read_bytes())
            with hostile("WAL segments"):
                refused = get(bench, name, codes=42)
                seen = length if length <= SEGMENT_BYTES + 1 else SEGMENT_BYTES + 1 # it stops there
                expect(str(SEGMENT_BYTES) in refused.text and
                       max(int(n) for n in re.findall(r"\b\d{4,8}\b", refused.text)) >= seen,
                       "says both sizes", refused)
    # A header that contradicts pg_control.
    path = make_wal(bench, segment(6))
    file = bench.cluster.data / path
    data = bytearray(file.read_bytes()) * 2
    struct.pack_into("<I", data, SEGMENT_SIZE_AT, 2 * SEGMENT_BYTES)
    file.write_bytes(data)
    with hostile("WAL segments"):
        refused = push(bench, path, codes=44)
        expect("pg_control says that segments have" in refused.text, "names pg_control", refused)


@test("wal: history files keep their name, and a changed one is told", False)
@test("wal: history files keep their name, and a changed one is told", True)
def history(bench, encrypted):
    prepared(bench, **({"repo1_cipher_type": "aes-256-cbc", "repo1_cipher_pass": lab.PASSPHRASE}
                       if encrypted else {}))
    wal = bench.cluster.data / "pg_wal"
    backup = segment(3) + ".00000028.backup"
    (wal / "00000002.history").write_text("1\t0/3000000\tno recovery target specified\n")
    (wal / backup).write_text("START WAL LOCATION: 0/300028\n")
    for name in ("00000002.history", backup):
        push(bench, f"pg_wal/{name}")
        get(bench, name)
        same(bench, name)
        bench.peer("archive-get", name, bench.dir / "peer")
        equal(lab.sha256(bench.dir / "peer"), lab.sha256(wal / name), f"peer's copy of {name}")
        expect("different content" not in push(bench, f"pg_wal/{name}").text, "same again is quiet")
    expect((archive(bench) / "15-1" / "00000002.history").exists(), "place of timeline history")
    expect((archive(bench) / "15-1" / segment(3)[:16] / backup).exists(), "place of backup history")
    (wal / "00000002.history").write_text("1\t0/4000000\tanother one\n")
    told = push(bench, "pg_wal/00000002.history")
    expect("different content" in told.text, "warns of a replaced history file", told)
    get(bench, "00000002.history")
    same(bench, "00000002.history")


@test("wal: a partial segment is a name of its own")
def partial(bench):
    prepared(bench)
    push(bench, make_wal(bench, segment(1) + ".partial"))
    get(bench, segment(1), codes=1)
    get(bench, segment(1) + ".partial")
    same(bench, segment(1) + ".partial")


@test("wal: what is not there is exit status 1, not an error")
def missing(bench):
    prepared(bench)
    ended = get(bench, segment(9), codes=1)
    expect(f"unable to find {segment(9)} in the archive" in ended.text, "says so", ended)
    get(bench, "00000009.history", codes=1)
    push(bench, make_wal(bench, segment(9)))
    expect(f"found {segment(9)} in the repo1: 15-1 archive" in get(bench, segment(9)).text, "found")


def damage(path, how):
    content = bytearray(path.read_bytes())
    if how == "bytes":
        content[len(content) // 2] ^= 0x55
    elif how == "short":
        del content[len(content) // 2:]
    elif how == "empty":
        content.clear()
    path.write_bytes(content)


@test("wal: damaged WAL is refused, and another repository is asked", "none", "bytes")
@test("wal: damaged WAL is refused, and another repository is asked", "gz", "bytes")
@test("wal: damaged WAL is refused, and another repository is asked", "zst", "short")
@test("wal: damaged WAL is refused, and another repository is asked", "lz4", "empty")
def damaged(bench, kind, how):
    prepared(bench, compress_type=kind, repo2_path=bench.dir / "repo2", repo2_retention_full="1")
    push(bench, make_wal(bench, segment(1), fill=os.urandom(4096)))
    first = next((archive(bench) / "15-1" / segment(1)[:16]).iterdir())
    second = next((archive(bench, "repo2") / "15-1" / segment(1)[:16]).iterdir())
    with hostile("WAL segments"):
        damage(first, how)
        ended = get(bench, segment(1))
        expect("repo2: 15-1" in ended.text and "WARN: repo1: [" in ended.text, "repo2 helps", ended)
        same(bench, segment(1))
    with hostile("WAL segments"):
        damage(second, how)
        ended = get(bench, segment(1), codes=42)
        expect(f"unable to get {segment(1)}" in ended.text, "all failed", ended)
        expect(lab.printable(ended.out + ended.err), "no binary in the log")


@test("wal: content that is not what the name promises is refused")
def wrong_content(bench):
    prepared(bench, compress_type="none")
    push(bench, make_wal(bench, segment(1)))
    push(bench, make_wal(bench, segment(2), fill=b"other"))
    folder = archive(bench) / "15-1" / segment(1)[:16]
    one, two = sorted(folder.iterdir())
    shutil.copy(two, one)
    with hostile("WAL segments"):
        get(bench, segment(1), codes=42)
        get(bench, segment(2))


def expanding(kind):
    """What expands to a hundred GiB of zeros and more: that takes longer than a recovery may wait."""
    piece = bytes(1 << 20)
    if kind == "zst":
        return lab.run(["zstd", "-c"], stdin=piece).out * 400_000
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    begin, again = (packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return begin + again * 100_000


@test("wal: a segment that expands without end is stopped", "zst")
@test("wal: a segment that expands without end is stopped", "gz")
def bomb(bench, kind):
    prepared(bench, compress_type=kind)
    folder = archive(bench) / "15-1" / segment(1)[:16]
    folder.mkdir(parents=True)
    (folder / f"{segment(1)}-{'0' * 40}.{kind}").write_bytes(expanding(kind))
    with hostile("stored files that are damaged or expand"):
        ended = get(bench, segment(1), codes=42)
        expect(ended.seconds < 20, "it is not expanded to its end", ended.seconds)


@test("wal: one broken repository fails the push after the others have the segment")
def one_broken(bench):
    prepared(bench, repo2_path=bench.dir / "repo2", repo2_retention_full="1")
    (archive(bench) / "archive.info").unlink()
    (archive(bench) / "archive.info.copy").unlink()
    ended = push(bench, make_wal(bench, segment(1)), codes=104)
    expect("archive-push command encountered error(s):" in ended.text and "repo1: [" in ended.text,
           "lists the error", ended)
    expect(list((archive(bench, "repo2") / "15-1").glob("*/*")), "repo2 has it")
    ended = get(bench, segment(1))
    expect("WARN: repo1: [" in ended.text, "get warns of repo1", ended)


@test("wal: a long queue drops WAL with a warning")
def queue(bench):
    prepared(bench, archive_push_queue_max="3MiB")
    status = bench.cluster.data / "pg_wal" / "archive_status"
    for number in range(1, 6):
        make_wal(bench, segment(number))
        (status / (segment(number) + ".ready")).touch()
        if number == 3:
            expect("dropped" not in push(bench, f"pg_wal/{segment(1)}").text, "3 of 3 MiB is no drop")
    ended = push(bench, f"pg_wal/{segment(2)}")
    expect(f"dropped WAL file '{segment(2)}' because archive queue exceeded 3MB" in ended.text,
           "warns", ended)
    get(bench, segment(2), codes=1)


@test("wal: bad parameters and places")
def parameters(bench):
    prepared(bench)
    path = make_wal(bench, segment(1))
    bench.ours("archive-push", codes=43)
    bench.ours("archive-push", path, codes=32, cwd=bench.dir)
    bench.ours("archive-push", "pg_wal/" + segment(77), codes=55, cwd=bench.cluster.data)
    bench.ours("archive-get", codes=43)
    bench.ours("archive-get", segment(1), codes=43)
    with hostile("names that leave their directory"):
        bench.ours("archive-get", "../../etc/passwd", bench.dir / "got", codes=96)
    bench.ours("archive-get", segment(1), "got", codes=32, cwd=bench.dir)
    (bench.dir / "lock").mkdir(exist_ok=True)
    (bench.dir / "lock" / f"{lab.STANZA}.stop").touch()
    ended = push(bench, path, codes=62)
    expect("stop file exists for stanza" in ended.text, "names the stop file", ended)


@test("wal: a restored cluster without its backup_label gets no WAL")
def invalid_checkpoint(bench):
    prepared(bench)
    push(bench, make_wal(bench, segment(1)))
    control = bench.cluster.data / "global/pg_control"
    data = bytearray(control.read_bytes())
    data[32:40] = (0xDEAD).to_bytes(8, "little")
    data[288:292] = trees.crc32c(bytes(data[:288])).to_bytes(4, "little")
    control.write_bytes(data)
    ended = get(bench, segment(1), codes=29)
    expect("not valid without backup_label" in ended.text, "says why", ended)
    (bench.cluster.data / "backup_label").write_text("START WAL LOCATION: 0/1\n")
    get(bench, segment(1))


@test("wal: what PostgreSQL archives comes back whole")
def live(bench):
    bench.ready(compress_type="lz4")
    cluster = bench.cluster
    cluster.sql("insert into small select i, 'x' from generate_series(5000, 9000) i")
    names = [cluster.switch_and_wait_archived() for _ in range(3)]
    equal(cluster.sql("select failed_count from pg_stat_archiver"), "0", "failed pushes")
    for name in names:
        get(bench, name)
    expect(pathlib.Path(bench.dir / "got").stat().st_size == SEGMENT_BYTES, "a whole segment")
