# Object stores that hold what is in them, by a retention policy or by a legal hold: expire goes past it.
# SPDX-License-Identifier: MIT
import contextlib
import re
import urllib.parse

from case import test
from faulty_relay import FaultyRelay
from hostile import hostile
from interop import labels
from lab import OURS, equal, expect
from later_peer import later_peer
from object_server import gateway
from store_refusals_test import valid_there

UNTIL = "2037-01-02T03:04:05Z"
HELD = "<Code>AccessDenied</Code><Message>Access Denied because object protected by object lock.</Message>"


def answer(status, body):
    return (f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n\r\n"
            f"{body}").encode()


class Holding(FaultyRelay):
    """To a gateway, as a store without versions that lets nobody remove what `holds` says of a key."""

    def __init__(self, there):
        super().__init__(int(there.settings["S3_HTTP_PORT"]), seed=1, share=0, stall_s=0)
        self.there, self.holds, self.held = there, lambda _key: False, []
        self.options = {"repo1_storage_host": "http://127.0.0.1", "repo1_storage_port": str(self.port)}

    def refused(self, key):
        if not self.holds(key):
            return False
        self.held.append(key)
        return True

    def removed(self, body):
        """A request to remove many: the answer tells those that are held."""
        kept = ""
        for key in re.findall("<Key>([^<]*)</Key>", body.decode()):
            if self.refused(key):
                kept += f"<Error><Key>{key}</Key>{HELD}</Error>"
            else:
                self.there.ask("DELETE", key)
        return answer("200 OK", f"<DeleteResult xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>{kept}</DeleteResult>")

    def instead(self, head, body):
        method, target = head.decode("latin-1").split(" ", 2)[:2]
        path, _, query = target.partition("?")
        key = urllib.parse.unquote(path).lstrip("/").partition("/")[2]
        if method == "POST" and query.startswith("delete"):
            return self.removed(body)
        if method == "DELETE" and self.refused(key):
            return answer("403 Forbidden", f"<Error>{HELD}</Error>")
        if method == "HEAD" and self.holds(key):
            store = self.reach()
            with contextlib.closing(store.conn):
                store.conn.sendall(head)
                told = self.answer(store, True)
            return told.replace(b"\r\n", f"\r\nx-amz-object-lock-retain-until-date: {UNTIL}\r\n".encode(), 1)
        return None


@test("store holds: S3, what may not be removed yet is passed over, and goes later")
def holds(bench):
    there, peer = gateway(bench), later_peer("2.60.0")
    relay = Holding(there)
    place = f"holds/{bench.dir.name}"
    bench.ready(**{**there.options("/" + place), **relay.options}, repo1_bundle="y")
    try:
        for kind in ("full", "incr", "full", "full"):
            bench.ours("backup", f"--type={kind}", "--repo1-retention-full=9")
            bench.cluster.sql("insert into small select i, 'more' from generate_series((select max(id) + 1 from small),"
                              " (select max(id) + 9 from small)) i")
            bench.cluster.switch_and_wait_archived()
        first, incr, second, third = labels(bench)
        # All of the first one is held, but not its incr.
        relay.holds = lambda key: f"/backup/demo/{first}/" in key
        with hostile("answers of an object store"):
            told = bench.ours("expire", "--repo1-retention-full=1", "--log-level-console=info")
        said = re.findall(f"INFO: repo1: backup\\(s\\) {first} may not be removed yet and stay: .* until {UNTIL}",
                          told.text)
        equal(len(said), 1, f"it is said once, in one line: {told.text}")
        expect("WARN" not in told.text and "ERROR" not in told.text, "no trouble", told)
        equal(labels(bench), [first, third], "backups in info")
        valid_there(bench, peer, labels(bench))
        below = "\n".join(there.objects(f"{place}/backup/demo/2"))
        expect(incr not in below and second not in below, "the others are gone", below)
        # A backup expires, too: it ends well.
        told = bench.ours("backup", "--type=incr", "--repo1-retention-full=1", "--log-level-console=info")
        expect(f"{first} may not be removed yet" in told.text, "said again", told)
        # Now a file of it, and a segment that nobody needs any more.
        segment = sorted(key for key in there.objects(f"{place}/archive/demo") if re.search("/0{7}1[0-9A-F]{16}-", key))[0]
        files = [key for key in there.objects(f"{place}/backup/demo/{first}") if "/bundle/" in key]
        expect(files, "bundles to hold", files)
        relay.holds = lambda key: key in (segment, *files)
        told = bench.ours("expire", "--repo1-retention-full=1", "--log-level-console=info")
        said = re.findall(f"INFO: repo1: what may not be removed yet is passed over: .* until {UNTIL}; 1 more", told.text)
        equal(len(said), 1, f"one line for all: {told.text}")
        equal(len(labels(bench)), 2, "the newest and its incr")
        equal(sorted(there.objects(f"{place}/backup/demo/{first}")), sorted(files), "what is held of the first one")
        expect(segment in there.objects(f"{place}/archive/demo"), "the segment is held")
        valid_there(bench, peer, labels(bench))
        # It may go; only that this directory came just now, and may become a backup.
        relay.holds = lambda _key: False
        told = bench.ours("expire", "--repo1-retention-full=1", "--log-level-console=info")
        expect("may not be removed" not in told.text, "nothing is held", told)
        expect(f"backup {first} is left alone" in told.text or not there.objects(f"{place}/backup/demo/{first}"),
               "what is left of the first one", told)
        expect(segment not in there.objects(f"{place}/archive/demo"), "the segment is gone")
        bench.call(OURS, "verify")
    finally:
        relay.stop()
