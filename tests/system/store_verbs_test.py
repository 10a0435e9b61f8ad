# Containers of Azure and buckets of Google that refuse one verb: what is told, and that nothing is half done.
# SPDX-License-Identifier: MIT
import json
import pathlib
import re

from azure_server import BlobService
from case import test
from faulty_relay import FaultyRelay
from interop import labels
from lab import equal, expect
from later_peer import later_peer
from object_server import CloudStorage, store
from store_refusals_test import place_of, refused, valid_there


class Blobs:
    """How the blob service is asked, and how it refuses."""
    server = BlobService
    verbs = {"remove": r"DELETE |POST \S*[?&]comp=batch", "list": r"GET \S*[?&]comp=list", "write": r"PUT "}
    denied = ("x-ms-error-code: AuthorizationPermissionMismatch\r\n",
              "<?xml version='1.0'?><Error><Code>AuthorizationPermissionMismatch</Code><Message>This request is not "
              "authorized to perform this operation using this permission.</Message></Error>")

    @staticmethod
    def certificate(settings):
        return pathlib.Path(settings["AZURE_CA"]).with_name("server.crt")

    @staticmethod
    def port(settings):
        return int(settings["AZURE_PORT"])

    @staticmethod
    def way(port):
        return {"repo1_storage_port": str(port)}


class Cloud:
    """The same of Google's."""
    server = CloudStorage
    verbs = {"remove": r"DELETE |POST /batch/", "list": r"GET /storage/v1/b/[^/]+/o\?", "write": r"(POST|PUT) /upload/"}
    denied = ("", json.dumps({"error": {"code": 403, "message": "it does not have access to the Google Cloud Storage object",
                                        "errors": [{"reason": "forbidden"}]}}))

    @staticmethod
    def certificate(settings):
        return pathlib.Path(settings["GCS_CA"]).with_name("server.crt")

    @staticmethod
    def port(settings):
        return int(settings["GCS_PORT"])

    @staticmethod
    def way(port):
        return {"repo1_gcs_endpoint": f"127.0.0.1:{port}"}


class RefusingVerb(FaultyRelay):
    def __init__(self, there, kind, verb):
        super().__init__(kind.port(there.settings), seed=1, share=0, stall_s=0,
                         certificate=kind.certificate(there.settings))
        self.kind, self.verb, self.refused = kind, re.compile(kind.verbs[verb]), []
        self.options = kind.way(self.port)

    def refusal(self, head):
        line = head.decode("latin-1").split("\r\n", 1)[0]
        if not self.verb.match(line):
            return None
        self.refused.append(line)
        headers, body = self.kind.denied
        return (f"HTTP/1.1 403 Forbidden\r\n{headers}Content-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
                f"{body}").encode()


def reach(bench, there, **more):
    bench.settings = {}
    bench.configure(**{**there.options("/" + place_of(bench)), "io_timeout": "5", **more})


def content(bench):
    return bench.ours("repo-ls", "--recurse", "--output=json", "--log-level-console=off").out


def segment(bench):
    return next((bench.cluster.data / "pg_wal").glob("0000*[0-9A-F]"))


@test("store verbs: Azure, removals are refused", Blobs)
@test("store verbs: GCS, removals are refused", Cloud, slow=True)
def removals(bench, kind):
    peer, there = later_peer("2.60.0"), store(bench, kind.server)
    bench.ready(**there.options("/" + place_of(bench)))
    for _ in range(2):
        bench.ours("backup")
        bench.cluster.switch_and_wait_archived()
    made = labels(bench)
    bench.cluster.stop()
    relay = RefusingVerb(there, kind, "remove")
    try:
        reach(bench, there, **relay.options)
        before = content(bench)
        refused(bench, ("remove",), "expire", "--repo1-retention-full=1")
        expect(relay.refused, "removals were refused")
        equal(content(bench), before, "what is there")
    finally:
        relay.stop()
    reach(bench, there)
    equal(labels(bench), made, "backups in info")
    valid_there(bench, peer, made)
    bench.ours("expire", "--repo1-retention-full=1")
    equal(labels(bench), made[-1:], "backups after expire")
    valid_there(bench, peer, made[-1:])


@test("store verbs: Azure, lists are refused", Blobs, "list")
@test("store verbs: Azure, what writes is refused", Blobs, "write", slow=True)
@test("store verbs: GCS, lists are refused", Cloud, "list")
@test("store verbs: GCS, what writes is refused", Cloud, "write")
def before_anything(bench, kind, verb):
    there = store(bench, kind.server)
    relay = RefusingVerb(there, kind, verb)
    try:
        reach(bench, there, **relay.options)
        bench.cluster.start(archive_command="false pgbraid")
        refused(bench, (verb,), "stanza-create")
        reach(bench, there)
        equal(json.loads(content(bench)).keys() - {"."}, set(), "what stanza-create made")
        bench.ours("stanza-create")
        bench.ours("backup", "--no-archive-check")
        bench.ours("backup", "--no-archive-check")
        before, made = content(bench), labels(bench)
        reach(bench, there, **relay.options)
        for command, *words in (("backup", "--type=full", "--no-archive-check"),
                                ("backup", "--type=incr", "--no-archive-check"),
                                ("expire", "--repo1-retention-full=1") if verb == "list" else
                                ("archive-push", segment(bench))):
            count = len(relay.refused)
            refused(bench, (verb,), command, *words)
            expect(len(relay.refused) > count, f"{command}: {verb} was refused", relay.refused)
    finally:
        relay.stop()
    reach(bench, there)
    equal(content(bench), before, "what is there")
    valid_there(bench, later_peer("2.60.0"), made)
