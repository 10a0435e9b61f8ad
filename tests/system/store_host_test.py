# Repositories in a bucket that hosts of PostgreSQL reach through a repository host, or by themselves.
# SPDX-License-Identifier: MIT
import re

import lab
from case import test
from faulty_relay import FaultyRelay
from interop import labels, replayed, same_restores, valid_for
from lab import OURS, equal, expect
from later_peer import later_peer
from object_server import gateway
from other_host import over_ssh, over_tls


class Seen(FaultyRelay):
    """To a gateway; knows what was asked for."""

    def __init__(self, there, share=0):
        super().__init__(int(there.settings["S3_HTTP_PORT"]), seed=5, share=share, stall_s=1)
        self.asked = []
        self.options = {"repo1_storage_host": "http://127.0.0.1", "repo1_storage_port": str(self.port)}

    def refusal(self, head):
        self.asked.append(tuple(head.decode("latin-1").split(" ", 2)[:2]))

    def written(self, kind):
        return [target for method, target in self.asked if method in ("PUT", "POST") and f"/{kind}/demo/" in target]


def ini(options):
    return {name.replace("_", "-"): value for name, value in options.items()}


def as_other(bench, other, do):
    """What another host does with its own configuration."""
    bench.conf, here = other.conf, bench.conf
    try:
        return do()
    finally:
        bench.conf = here


@test("store host: S3 behind a repository host, ssh, files", over_ssh, {"compress_type": "lz4"}, 0,
      slow=True)
@test("store host: S3 behind a repository host, TLS, bundles and blocks", over_tls,
      {"repo1_bundle": "y", "repo1_block": "y", "compress_type": "zst", "archive_async": "y"}, 0)
@test("store host: S3 behind a repository host, TLS, in parts, a way to the store that breaks", over_tls,
      {"compress_type": "none"}, 0.1, slow=True)
def served(bench, reach, layout, share):
    bench.cipher = ""
    there, peer = gateway(bench), later_peer("2.60.0")
    relay = Seen(there, share)
    own = ini({**there.options(f"/host/{bench.dir.name}"), **relay.options, "io_timeout": "15"})
    own |= {name: value for name, value in ini(layout).items() if name.startswith("repo1-")}
    try:
        other = reach(bench, "repo", own, archive_timeout="120", **layout)
        for word in ("s3", there.settings["S3_SECRET"], "storage"):
            expect(word not in bench.conf.read_text(), f"this host knows '{word}'", bench.conf.read_text())
        bench.start()
        said = [bench.ours(command, "--log-level-console=trace").text for command in ("stanza-create", "check")]
        bench.cluster.sql("create table large as select i, repeat(md5(i::text), 20) t from generate_series(1, 20000) i")
        said.append(bench.ours("backup", "--log-level-console=trace").text)
        bench.cluster.sql("insert into small select i, 'after' from generate_series(2000, 2100) i")
        said.append(bench.ours("backup", "--type=incr", "--log-level-console=trace").text)
        bench.cluster.switch_and_wait_archived()
        made = labels(bench)
        equal(len(made), 2, "backups")
        expect(relay.written("archive") and relay.written("backup"), "all of it went to the store from there")
        expect(there.settings["S3_SECRET"] not in "".join(said), "this host is not told a secret")
        replayed(bench, OURS, "replayed")
        # What the repository host itself, and pgBackRest there, make of it.
        equal(as_other(bench, other, lambda: labels(bench)), made, "backups in info there")
        as_other(bench, other, lambda: valid_for(bench, peer, made))
        as_other(bench, other, lambda: same_restores(bench, peer, made[-1]))
        bench.ours("backup")
        bench.ours("expire", "--repo1-retention-full=1")
        equal(labels(bench), as_other(bench, other, lambda: labels(bench, peer)), "backups after expire")
        equal(len(labels(bench)), 1, "backups after expire")
        kept = {key.split("/backup/demo/")[1].split("/")[0]
                for key in there.objects(f"host/{bench.dir.name}/backup/demo/2")}
        equal(sorted(kept), labels(bench), "directories of backups after expire")
        lab.wait_for(lambda: not other.locks(), "the last WAL is pushed")
        if other.process:
            other.end()
    finally:
        relay.stop()
    if share:
        expect(relay.faults, "the way broke")


@test("store host: what the store refuses to the repository host is told here")
def refused_there(bench):
    bench.cipher = ""
    there = gateway(bench)
    over_tls(bench, "repo", ini({**there.options(f"/host/{bench.dir.name}"), "repo1_s3_key_secret": "wrong secret"}))
    bench.start()
    for command in ("stanza-create", "check", "backup"):
        ended = bench.ours(command, "--log-level-console=warn", codes=(39,))
        expect("repo-s3-key-secret" in ended.text, "the hint", ended)
        expect("wrong secret" not in ended.text, "no secret", ended)


@test("store host: a host of PostgreSQL that has the store in its own configuration asks it itself, ssh", over_ssh)
@test("store host: a host of PostgreSQL that has the store in its own configuration asks it itself, TLS", over_tls)
def by_itself(bench, reach):
    bench.cipher = ""
    there = gateway(bench)
    from_repo_host, from_pg = Seen(there), Seen(there)
    where = there.options(f"/host/{bench.dir.name}")
    try:
        other = reach(bench, "pg", ini({**where, **from_pg.options, "spool_path": bench.dir / "spool"}),
                      compress_type="zst", **{**where, **from_repo_host.options})
        as_other(bench, other, bench.start)
        bench.ours("stanza-create")
        bench.ours("check")
        bench.ours("backup")
        bench.cluster.sql("insert into small select i, 'after' from generate_series(2000, 2100) i")
        bench.ours("backup", "--type=incr")
        bench.cluster.switch_and_wait_archived()
        expect(re.search("/[0-9A-F]{24}-", " ".join(from_pg.written("archive"))), "WAL goes to the store from there",
               from_pg.asked[-20:])
        equal(re.findall("/[0-9A-F]{24}-", " ".join(from_repo_host.written("archive"))), [], "WAL of the repository host")
        valid_for(bench, later_peer("2.60.0"), labels(bench))
        asked = len(from_repo_host.asked)
        as_other(bench, other, lambda: replayed(bench, OURS, "replayed"))
        # A backup may also be made there.
        as_other(bench, other, lambda: bench.ours("backup", "--type=diff", "--start-fast"))
        equal(from_repo_host.asked[asked:], [], "what the repository host had to do with it")
        equal(len(labels(bench)), 3, "backups of both")
        valid_for(bench, later_peer("2.60.0"), labels(bench))
    finally:
        from_repo_host.stop()
        from_pg.stop()
