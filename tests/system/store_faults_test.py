# A store behind a way that breaks all the time: nothing is lost, nothing is kept that is not whole.
# SPDX-License-Identifier: MIT
import re

from case import test
from faulty_relay import KINDS, FaultyRelay
from hostile import hostile
from interop import labels, replayed, valid_for
from later_peer import later_peer
from lab import OURS, equal, expect
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
    for kind in KINDS:
        expect(seen.get(kind), f"no request met '{kind}': {seen}")
    # What is there is whole, as another program sees it over a way that is whole.
    bench.settings = {}
    bench.configure(**straight)
    valid_for(bench, later_peer("2.60.0"), labels(bench))
    expect(len(labels(bench)) == 3, f"three backups: {labels(bench)}")


NO_LISTS = {"a page of a hotel": b"<html><body>Welcome! Please log in.</body></html>",
            "nothing": b"",
            "noise": bytes(range(256)) * 4,
            "half a list": b"<?xml version='1.0'?><ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a",
            "another document": b"<?xml version='1.0'?><CopyObjectResult></CopyObjectResult>",
            "a list that does not end": b"<?xml version='1.0'?><ListBucketResult><IsTruncated>true</IsTruncated>"
                                        b"</ListBucketResult>"}


class OnceNonsense(FaultyRelay):
    """Answers one list with success, and with something that is none."""

    def __init__(self, port):
        super().__init__(port, seed=1, share=0, stall_s=0)
        self.nonsense = None

    def refusal(self, head):
        with self.lock:
            if self.nonsense is None or not re.match(rb"GET \S*[?&]list-type=2", head):
                return None
            body, self.nonsense = self.nonsense, None
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n" % len(body) + body


@test("store faults: what is no list ends the command, and nothing is removed because of it")
def nonsense(bench):
    there = gateway(bench)
    where = f"faults/{bench.dir.name}"
    straight = there.options("/" + where)
    relay = OnceNonsense(int(there.settings["S3_HTTP_PORT"]))
    try:
        bench.ready(**straight)
        bench.ours("backup")
        bench.ours("backup")
        bench.cluster.switch_and_wait_archived()
        bench.cluster.stop()
        bench.cluster.start(archive_command="false pgbraid")
        bench.configure(repo1_storage_host="http://127.0.0.1", repo1_storage_port=str(relay.port))
        made, before = labels(bench), there.objects(where)
        for what, body in NO_LISTS.items():
            for command, *words in (("backup", "--type=incr", "--no-archive-check"), ("expire", "--repo1-retention-full=1"),
                                    ("verify",), ("repo-ls",)):
                with hostile("answers of an object store"):
                    relay.nonsense = body
                    ended = bench.ours(command, *words, "--log-level-console=warn",
                                       codes=(104 if command == "expire" else 29,))
                    expect(relay.nonsense is None, f"{command} lists something", ended)
                    for told in ("ERROR: [029]", f"/{where}", "answer of the store"):
                        expect(told in ended.text, f"{what}: {command} tells '{told}'", ended)
                    after = there.objects(where)
                    equal({key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}, set(),
                          f"{what}: objects that {command} changed")
    finally:
        relay.stop()
    bench.settings = {}
    bench.configure(**straight)
    equal(labels(bench), made, "backups")
    valid_for(bench, later_peer("2.60.0"), made)
    bench.ours("expire", "--repo1-retention-full=1")
    equal(labels(bench), made[1:], "backups after expire")
