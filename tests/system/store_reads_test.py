# How often an object store is asked: for what lies in bundles, by a restore and verify, and for WAL.
# SPDX-License-Identifier: MIT
import urllib.parse

import lab
from case import test
from lab import OURS, expect
from later_peer import later_peer
from object_server import gateway
import trees

QUIET = ("--type=none", "--archive-mode=off")


class Asked:
    """What is asked for below a part of a repository."""

    def __init__(self, store, where, part):
        self.store, self.where, self.part = store, where, part
        self.marks = self.seen = 0
        self.take()

    def take(self):
        """How many requests came since the last time. The log is written later: a mark tells when."""
        self.marks += 1
        mark = f"mark-{self.marks}-of" + self.where.replace("/", "-")
        self.store.ask("GET", "", f"?list-type=2&prefix={mark}")
        lab.wait_for(lambda: any(mark in target for _, target in self.store.requests()),
                     "the gateway's log")
        targets = [urllib.parse.unquote(target) for _, target in self.store.requests()]
        count = sum(self.where[1:] in target and self.part in target for target in targets)
        came, self.seen = count - self.seen, count
        return came


@test("object store: a bundle is read once, also for blocks of an earlier backup", {})
@test("object store: a bundle is read once, encrypted",
      {"repo1_cipher_type": "aes-256-cbc", "repo1_cipher_pass": lab.PASSPHRASE}, slow=True)
def few_reads(bench, more):
    peer = later_peer("2.60.0")
    store = gateway(bench)
    where = f"/reads/{bench.dir.name}"
    bench.ready(**store.options(where, repo1_bundle="y", repo1_block="y", compress_type="zst",
                                process_max="1", **more))
    bench.cluster.sql("do $$ begin for i in 1..60 loop execute 'create table t' || i || ' as "
                      "select g, md5(g::text) t from generate_series(1, 1500) g'; end loop; end $$")
    bench.ours("backup")
    bench.cluster.sql("do $$ begin for i in 1..60 loop execute 'update t' || i || "
                      "' set t = ''x'' where g = 1500'; end loop; end $$")
    bench.ours("backup", "--type=incr")
    count = Asked(store, where, "/bundle/")
    target = bench.restore(OURS, bench.dir / "whole", *QUIET)
    whole = count.take()
    theirs = bench.restore(peer, bench.dir / "theirs", *QUIET)
    told = count.take()
    expect(0 < 10 * whole <= told, f"{whole} requests, {told} by 2.60.0")
    trees.compare_trees(target.home, theirs.home, "restores", ignored=trees.SIGNAL_FILES)

    sums = []
    for program in (OURS, peer):
        sums.append((bench.call(program, "verify", "--verbose", "--output=text", "--log-level-console=off").out,
                     count.take()))
    (ours, few), (its, many) = sums
    expect(ours == its and b"status: ok" in ours, "verify says the same", sums)
    expect(0 < 10 * few <= many, f"{few} requests of verify, {many} by 2.60.0")

    def every_other_is_lost():
        files = sorted(path for path in (target.data / "base").rglob("*") if path.is_file())
        for path in files[::2]:
            path.unlink()

    # What lies between two files that are wanted is read along, or not.
    every_other_is_lost()
    bench.restore(OURS, bench.dir / "whole", "--delta", *QUIET)
    delta = count.take()
    trees.compare_trees(target.home, theirs.home, "after delta", ignored=trees.SIGNAL_FILES)
    every_other_is_lost()
    bench.restore(OURS, bench.dir / "whole", "--delta", "--repo1-storage-read-over=0", *QUIET)
    alone = count.take()
    trees.compare_trees(target.home, theirs.home, "without gaps", ignored=trees.SIGNAL_FILES)
    expect(0 < 10 * delta < alone, f"{delta} requests with gaps, {alone} without")


@test("object store: archive-get asks no more often than 2.60.0", {"compress_type": "none"})
@test("object store: archive-get asks no more often than 2.60.0, compressed", {"compress_type": "lz4"}, slow=True)
def few_for_wal(bench, how):
    peer = later_peer("2.60.0")
    store = gateway(bench)
    where = f"/gets/{bench.dir.name}"
    bench.ready(**store.options(where, **how))
    for _ in range(3):
        bench.cluster.switch_and_wait_archived()
    segment = bench.cluster.sql("select last_archived_wal from pg_stat_archiver")
    count = Asked(store, where, "/archive/")
    got = []
    for program in (OURS, peer):
        target = bench.dir / f"got-by-{len(got)}"
        bench.call(program, "archive-get", segment, target)
        got.append((count.take(), lab.sha1(target)))
        bench.call(program, "archive-get", "0000000100000000000000FF", target, codes=(1,))
        got[-1] += (count.take(),)
    (few, content, few_for_none), (its, same, its_for_none) = got
    expect(content == same, "the segment is the same")
    expect(0 < few <= its and 0 < few_for_none <= its_for_none, "requests", got)
