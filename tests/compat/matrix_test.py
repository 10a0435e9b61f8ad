# pgbraid and pgBackRest on each other's repositories: every compression, cipher and layout.
# SPDX-License-Identifier: MIT
import re

import lab
import trees
from case import test
from lab import OURS, PEER, equal, expect

ROWS = [(kind, cipher, bundle) for kind in lab.TYPES for cipher in (False, True)
              for bundle in (False, True)]


def settings(kind, encrypted, bundled):
    chosen = {"compress_type": kind, "repo1_bundle": "y" if bundled else "n"}
    if kind == "gz":
        chosen["compress_level"] = "3"
    if bundled:
        chosen.update(repo1_bundle_size="1MiB", repo1_bundle_limit="512KiB")
    if encrypted:
        chosen.update(repo1_cipher_type="aes-256-cbc", repo1_cipher_pass=lab.PASSPHRASE)
    return chosen


def call(bench, program, command, *words, **more):
    return (bench.ours if program == OURS else bench.peer)(command, *words, **more)


def prepare(bench, writer, kind, encrypted, bundled):
    """Stanza, archived WAL and a full backup, all by `writer`; data that came after the backup."""
    bench.configure(**settings(kind, encrypted, bundled))
    cluster = bench.start(writer)
    call(bench, writer, "stanza-create")
    call(bench, writer, "check")
    cluster.sql("insert into small select i, 'before' from generate_series(1000, 1100) i")
    call(bench, writer, "backup", "--type=full")
    full = bench.completed_labels()[-1]
    check_layout(bench, full, kind, encrypted, bundled)
    cluster.sql("insert into small select i, 'after' from generate_series(2000, 2100) i")
    cluster.sql("update far set t = 'changed' where id % 100 = 0")
    cluster.switch_and_wait_archived()
    return full


def check_layout(bench, label, kind, encrypted, bundled):
    """The stored files say themselves that the settings were obeyed."""
    folder = bench.label_dir(label)
    big = [path for path in folder.glob("pg_data/odd names/three megabytes*")]
    equal([path.name for path in big], ["three megabytes" + lab.EXTENSION[kind]],
          "the repository's name of a large file")
    head = big[0].read_bytes()[:8]
    equal(head == b"Salted__", encrypted, "a large file starts with the cipher's magic")
    equal((folder / "bundle").is_dir(), bundled, "there is a directory of bundles")
    equal(all(path.name.endswith(lab.EXTENSION[kind]) for path in bench.wal_files()), True,
          "WAL files carry the extension")


def read_info(bench, reader, label):
    stanza = call(bench, reader, "info", "--output=json").json()[0]
    equal(stanza["status"]["code"], 0, "status code in info")
    backups = {entry["label"]: entry for entry in stanza["backup"]}
    expect(label in backups, f"info does not list '{label}'", stanza)
    equal(backups[label]["error"], False, "error mark in info")
    expect(label in call(bench, reader, "info").text, "text info lists the label")
    return backups


def same_info(bench, what):
    """Both programs say the same of the repository, in all that both versions can say."""
    views = []
    for program in (OURS, PEER):
        stanza = call(bench, program, "info", "--output=json").json()[0]
        stanza.pop("status")
        views.append(stanza)
    equal(views[0], views[1], f"info of both programs, {what}")


def verify_by_peer(bench):
    text = bench.peer("verify", "--output=text", "--verbose").text
    for pattern in (r"(missing|checksum invalid|size invalid|other): [1-9]", r"status: (?!ok|valid)"):
        expect(not re.search(pattern, text), f"verify reports '{pattern}'", text)
    expect(re.search(r"total valid files: [1-9]", text), "verify saw files", text)
    checked = re.search(r"total WAL checked: (\d+), total valid WAL: (\d+)", text)
    expect(checked and checked[1] == checked[2] != "0", "verify saw only valid WAL", text)


def fetch_wal(bench, reader):
    """archive-get delivers what the SHA-1 in the segment's name promises."""
    for path in (bench.wal_files()[0], bench.wal_files()[-1]):
        segment, digest = path.name[:24], path.name[25:65]
        target = bench.dir / "fetched"
        call(bench, reader, "archive-get", segment, target)
        equal(lab.sha1(target), digest, f"SHA-1 of segment {segment}")
        target.unlink()
    call(bench, reader, "archive-get", "0000000100000000000000EE", bench.dir / "none", codes=(1,))


def restore_and_compare(bench, label, what):
    """Both programs restore `label`: the same trees."""
    homes = {}
    for program, name in ((OURS, "ours"), (PEER, "peer")):
        home = bench.dir / f"{what}-{name}"
        homes[name] = bench.restore(program, home, f"--set={label}", "--archive-mode=off")
    names = [name for name in trees.tree(homes["ours"].home) if name.startswith("pg/odd names/")]
    equal(len(names), 9, "files and folders with odd names")
    trees.compare_trees(homes["ours"].home, homes["peer"].home, f"restores of {what}")
    # PGBRAID may name the peer itself, to test these tests.
    expect(OURS == PEER or trees.control_is_marked(homes["ours"].data / "global/pg_control"),
           "our restore marks pg_control so that it needs backup_label")
    return homes


def starts_with(bench, cluster, wanted, what):
    bench.start_restored(cluster)
    equal(cluster.fingerprint(), wanted, f"data of {what}")
    equal(cluster.sql("select count(*) from fleeting"), "0", "the unlogged table is empty")
    cluster.stop("immediate")


def we_write(bench, kind, encrypted, bundled):
    full = prepare(bench, OURS, kind, encrypted, bundled)
    wanted = bench.cluster.fingerprint()
    backups = read_info(bench, PEER, full)
    equal(backups[full]["type"], "full", "type in the peer's info")
    same_info(bench, "after our full backup")
    verify_by_peer(bench)
    fetch_wal(bench, PEER)
    homes = restore_and_compare(bench, full, "full")
    for name, cluster in homes.items():
        starts_with(bench, cluster, wanted, f"the full backup restored, {name}")

    bench.cluster.sql("insert into small select i, 'incr' from generate_series(3000, 3100) i")
    bench.cluster.sql("delete from big where id % 500 = 0")
    bench.peer("backup", "--type=incr")
    incr = bench.completed_labels()[-1]
    expect(incr.startswith(full + "_") and incr.endswith("I"), f"'{incr}' builds on '{full}'")
    reused = bench.label_dir(incr) / "backup.manifest"
    expect(encrypted or f'"reference":"{full}"' in reused.read_text(), "the incremental refers to us")
    bench.cluster.switch_and_wait_archived()
    wanted = bench.cluster.fingerprint()
    verify_by_peer(bench)
    read_info(bench, OURS, incr)
    same_info(bench, "after its incremental")
    homes = restore_and_compare(bench, incr, "incr")
    for name, cluster in homes.items():
        starts_with(bench, cluster, wanted, f"its incremental restored, {name}")


def it_writes(bench, kind, encrypted, bundled):
    full = prepare(bench, PEER, kind, encrypted, bundled)
    wanted = bench.cluster.fingerprint()
    read_info(bench, OURS, full)
    same_info(bench, "after its full backup")
    fetch_wal(bench, OURS)
    homes = restore_and_compare(bench, full, "full")
    for name, cluster in homes.items():
        starts_with(bench, cluster, wanted, f"the full backup restored, {name}")
    bench.ours("check")
    bench.ours("backup", "--type=full")
    verify_by_peer(bench)


for row in ROWS:
    title = "{}, {}, {}".format(row[0], "aes-256-cbc" if row[1] else "plain",
                                "bundles" if row[2] else "files")
    in_short_round = row == ("zst", True, True)
    # Each codec in every run, all combinations with --all.
    both = row in (("none", False, False), ("gz", True, False))
    written, read = both or row == ("lz4", True, True), both or row == ("bz2", True, True)
    test(f"matrix: we write, it reads: {title}", *row, short=in_short_round,
         slow=not (in_short_round or written))(we_write)
    test(f"matrix: it writes, we read: {title}", *row, short=in_short_round,
         slow=not (in_short_round or read))(it_writes)
