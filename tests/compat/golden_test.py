# Repositories that real pgBackRest versions wrote, read and restored.
# SPDX-License-Identifier: MIT
import hashlib
import json
import os

import crafted
import lab
import trees
from case import test
from golden import unpack
from hostile import hostile
from lab import OURS, PEER, equal, expect

# Restored by a version that leaves pg_control as it was in the backup.
CONTROL_KEPT = ("a", "f", "i")


def wanted_info(letter):
    path = next((lab.SHARED / "golden").glob(f"{letter}-*.info.json"))
    return json.loads(path.read_text())


def comparable(stanzas):
    """Without the locks: newer versions list more kinds of them."""
    for stanza in stanzas:
        stanza["status"].pop("lock", None)
    return stanzas


def info_is_equal(bench, letter):
    ours = bench.ours("info", "--output=json").json()
    equal(comparable(ours), comparable(wanted_info(letter)), "info as JSON")
    text = bench.ours("info").text
    for backup in ours[0]["backup"]:
        expect(backup["label"] in text, f"text info lists {backup['label']}", text)


def restored_state(folder, name):
    path = folder / name
    if path.is_symlink():
        return {"link": os.readlink(path)}
    if not path.exists():
        return None
    return {"sha256": lab.sha256(path), "size": path.stat().st_size,
            "mode": f"{path.stat().st_mode & 0o7777:04o}"}


def files_below(folder):
    """Links count as files, wherever they lead."""
    return {os.path.relpath(os.path.join(where, name), folder)
            for where, paths, names in os.walk(folder) for name in names + paths
            if name in names or os.path.islink(os.path.join(where, name))}


def is_restored(home, side):
    """Everything but pg_control, for which there are other rules."""
    wanted = dict(side["restored"])
    for name in ("recovery.signal", "global/pg_control"):
        wanted.pop(name, None)
    for name, state in wanted.items():
        if name.startswith("pg_tblspc/"):
            state["link"] = str(home / "ts" / os.path.basename(state["link"]))
    for folder, files in ((home / "pg", wanted), (home / "ts", side.get("restored-tablespaces", {}))):
        found = files_below(folder) - {"recovery.signal", "global/pg_control"}
        equal(sorted(found), sorted(files), f"restored paths below '{folder.name}'")
        for name, state in files.items():
            equal(restored_state(folder, name), state, f"restored '{name}'")


def restores_exactly(bench, letter):
    side = unpack(bench, letter)
    info_is_equal(bench, letter)
    home = bench.dir / "ours"
    bench.restore(OURS, home, "--type=none", *in_spite_of_bad_pages(bench, letter), links=False)
    is_restored(home, side)
    control_is_right(bench, letter, side["restored"]["global/pg_control"])
    fetches_wal(bench)


def in_spite_of_bad_pages(bench, letter):
    """Set c has bad pages: 2.60 and we refuse it first; 2.45 does not know the option."""
    if letter != "c" or OURS == PEER:
        return ()
    bench.restore(OURS, bench.dir / "refused", "--type=none", links=False, codes=(26,))
    return ("--no-checksum-page-error",)


def control_is_right(bench, letter, wanted):
    ours = bench.dir / "ours/pg/global/pg_control"
    expect(OURS == PEER or trees.control_is_marked(ours), "pg_control carries the mark of a restore")
    if letter not in CONTROL_KEPT:
        expect(OURS == PEER or lab.sha256(ours) == wanted["sha256"], "pg_control has the right bytes")
        return
    bench.restore(PEER, bench.dir / "peer", "--type=none", links=False)
    peer = bench.dir / "peer/pg/global/pg_control"
    equal(lab.sha256(peer), wanted["sha256"], "pg_control as its own version restores it")
    equal(trees.masked_control(ours), trees.masked_control(peer), "pg_control apart from the mark")


def fetches_wal(bench):
    files = bench.wal_files()
    for path in (files[0], files[-1]):
        target = bench.dir / "segment"
        bench.ours("archive-get", path.name[:24], target)
        digests = {file.name[25:65] for file in files if file.name[:24] == path.name[:24]}
        expect(lab.sha1(target) in digests, f"the SHA-1 of '{path.name[:24]}' is one of its names")
        target.unlink()


def other_labels_as_by_the_peer(bench, letter):
    """The side files tell of the newest backup only: of the others pgBackRest does."""
    side = unpack(bench, letter)
    for label in side["backups"]:
        ours, peer = bench.dir / f"ours-{label}", bench.dir / f"peer-{label}"
        bench.restore(PEER, peer, "--type=none", f"--set={label}")
        words = () if letter != "c" or OURS == PEER else ("--no-checksum-page-error",)
        bench.restore(OURS, ours, "--type=none", f"--set={label}", *words)
        trees.compare_trees(ours, peer, f"set {letter}, {label}", ignored=trees.SIGNAL_FILES)


def lists_bad_pages(bench):
    side = unpack(bench, "c")
    text = bench.ours("info", f"--set={side['backups'][0]}").text
    for name in (side["bad-page-file"], side["misaligned-file"]):
        expect(name in text, f"the error list names '{name}'", text)


def restores_blocks_over_others(bench, letter):
    """Each set over the one before, files damaged in between: blocks that are right may stay."""
    side = unpack(bench, letter)
    home = bench.dir / "ours"
    damaged = sorted(side["restored"])
    for label in (*side["backups"], side["backups"][0], side["latest"]):
        bench.restore(OURS, home, "--type=none", "--delta", f"--set={label}", links=False)
        for number, name in enumerate(damaged):
            path = home / "pg" / name
            if name.startswith("base/") and path.is_file() and label != side["latest"]:
                damage(path, number)
    for words in (("--no-fuse",), ("--process-max=3",)):
        bench.restore(OURS, home, "--type=none", "--delta", *words, links=False)
        is_restored(home, side)
        for number, name in enumerate(damaged):
            path = home / "pg" / name
            if name.startswith("base/") and path.is_file():
                damage(path, number + 1)
    bench.restore(OURS, home, "--type=none", "--delta", links=False)
    is_restored(home, side)


def damage(path, number):
    """Cut, grown, changed in a block, or gone."""
    size = path.stat().st_size
    kind = number % 5
    if kind == 0 or size == 0:
        path.unlink()
    elif kind == 1:
        os.truncate(path, size // 2)
    elif kind == 2:
        with open(path, "ab") as out:
            out.write(b"more" * 5000)
    else:
        with open(path, "r+b") as out:
            out.seek(size // 3 if kind == 3 else size - 1)
            out.write(b"!")


@hostile("manifests and info files")
def refuses_format_6(bench):
    unpack(bench, "l")
    ended = bench.restore_run(OURS, bench.dir / "ours", "--type=none", links=False, codes=None)
    expect(ended.code == 29, "restore of a format 6 set exits with 29", ended)
    expect(lab.printable(ended.out + ended.err), "the refusal prints text only", ended)
    expect(not any((bench.dir / "ours/pg").iterdir()), "the refusal leaves the target alone")


def checksums_agree(bench):
    """The tests' own checksum of info files, which crafts hostile ones, against a real file."""
    unpack(bench, "a")
    text = (bench.repo / "archive/demo/archive.info").read_text()
    expect(f'"{crafted.info_checksum(text)}"' in text, "the checksum of archive.info of golden a")
    equal(hashlib.sha1(b"abc").hexdigest(), "a9993e364706816aba3e25717850c26c9cd0d89d", "SHA-1")


for one in "abcdefghijk":
    test(f"golden: set {one} restores exactly, info is equal", one, cluster=False)(restores_exactly)
for one in "acdefhi":
    test(f"golden: set {one}: every label is what pgBackRest restores", one,
         cluster=False)(other_labels_as_by_the_peer)
for one in "bgjk":
    test(f"golden: set {one} has blocks: each backup of it over another, files damaged", one,
         cluster=False)(restores_blocks_over_others)
test("golden: set c: info lists the files with bad pages", cluster=False)(lists_bad_pages)
test("golden: set l is of format 6: refused", cluster=False)(refuses_format_6)
test("golden: the tests compute info checksums as real files have them",
     cluster=False)(checksums_agree)
