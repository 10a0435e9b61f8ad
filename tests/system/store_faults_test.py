# A store behind a way that breaks all the time: nothing is lost, nothing is kept that is not whole.
# SPDX-License-Identifier: MIT
from case import test
from faulty_relay import FaultyRelay
from interop import labels, replayed, valid_for
from later_peer import later_peer
from lab import OURS, expect
from object_server import gateway

LAYOUTS = {"files, in parts": {"compress_type": "none"},
           "bundles and blocks": {"repo1_bundle": "y", "repo1_block": "y", "compress_type": "lz4"}}


@test("store faults: a way that breaks all the time, files, in parts", "files, in parts", 1,
      slow=True)
@test("store faults: a way that breaks all the time, bundles and blocks", "bundles and blocks", 2)
@test("store faults: a way that breaks all the time, files, in parts, another seed",
      "files, in parts", 3, slow=True)
@test("store faults: a way that breaks all the time, bundles and blocks, another seed",
      "bundles and blocks", 4, slow=True)
def breaks(bench, layout, seed):
    there = gateway(bench)
    straight = there.options(f"/faults/{bench.dir.name}", io_timeout="15", archive_timeout="120", process_max="2",
                             log_level_file="debug", **LAYOUTS[layout])
    relay = FaultyRelay(int(there.settings["S3_HTTP_PORT"]), seed, share=0.15, stall_s=20)
    broken = {"repo1_storage_host": "http://127.0.0.1", "repo1_storage_port": str(relay.port)}
    try:
        (bench.dir / "log").mkdir(exist_ok=True)
        bench.ready(**{**straight, **broken})
        bench.cluster.sql("create table large as select i, repeat(md5(i::text), 20) t "
                          "from generate_series(1, 30000) i; checkpoint")
        bench.ours("backup")
        bench.cluster.sql("update large set t = 'short' where i % 100 = 0; "
                          "create table later as select * from large limit 5000")
        bench.ours("backup", "--type=diff")
        bench.ours("backup", "--type=incr")
        bench.cluster.switch_and_wait_archived()
        replayed(bench, OURS, "r1")
        bench.ours("expire", "--repo1-retention-full=1")
    finally:
        relay.stop()
    seen = dict(relay.faults)
    print(f"       {relay.requests} requests, faults: {seen}", flush=True)
    for kind in ("busy", "request lost", "answer lost", "answer cut"):
        expect(seen.get(kind), f"no request met '{kind}': {seen}")
    # What is there is whole, as another program sees it over a way that is whole.
    bench.settings = {}
    bench.configure(**straight)
    valid_for(bench, later_peer("2.60.0"), labels(bench))
    expect(len(labels(bench)) == 3, f"three backups: {labels(bench)}")
