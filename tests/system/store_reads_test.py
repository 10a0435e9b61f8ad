# How often a restore and verify ask an object store for what lies in bundles.
# SPDX-License-Identifier: MIT
import lab
from case import test
from lab import OURS, expect
from later_peer import later_peer
from object_server import gateway
import trees

QUIET = ("--type=none", "--archive-mode=off")


class Bundles:
    """What is asked for below a repository's bundles."""

    def __init__(self, store, where):
        self.store, self.where = store, where
        self.marks = self.seen = 0
        self.take()

    def take(self):
        """How many requests came since the last time. The log is written later: a mark tells when."""
        self.marks += 1
        mark = f"mark-{self.marks}-of" + self.where.replace("/", "-")
        self.store.ask("GET", "", f"?list-type=2&prefix={mark}")
        lab.wait_for(lambda: any(mark in target for _, target in self.store.requests()),
                     "the gateway's log")
        count = sum(self.where in target and "/bundle/" in target
                    for _, target in self.store.requests())
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
    count = Bundles(store, where)
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
