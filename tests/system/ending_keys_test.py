# Keys of object stores that end while a backup goes on.
# SPDX-License-Identifier: MIT
import json
import time

import lab
from case import test
from faulty_relay import FaultyRelay
from held_backup import backup_meanwhile
from interop import labels, replayed, valid_for
from lab import OURS, expect
from later_peer import later_peer
from object_server import CloudStorage, Gateway, store

EXPIRED = (b"<?xml version='1.0' encoding='UTF-8'?><Error><Code>ExpiredToken</Code>"
           b"<Message>The provided token has expired.</Message></Error>")


class EndingKeys(FaultyRelay):
    """To a gateway; knows keys that have ended, as Amazon's servers do."""

    def __init__(self, port):
        super().__init__(port, seed=1, share=0, stall_s=0)
        self.ended, self.refused = set(), 0

    def refusal(self, head):
        if not any(f"Credential={key}/".encode() in head for key in self.ended):
            return None
        self.refused += 1
        if head.startswith(b"HEAD "):
            return b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
        return b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n" % len(EXPIRED) + EXPIRED


class Lender:
    """A program that lends a key for a few seconds, as a program for `repo-s3-process-cmd` does."""

    def __init__(self, bench):
        self.asked, self.key, self.program = (bench.dir / name for name in ("asked", "key", "lender"))
        lab.put_script(self.program, f"""#!/bin/sh
echo >>{self.asked}
sed "s/UNTIL/$(date -u -d '+4 seconds' +%Y-%m-%dT%H:%M:%SZ)/" {self.key}
""")

    def lend(self, there, name):
        key, secret, token = (there.settings.get(f"S3_{name}{what}", "") for what in ("KEY", "SECRET", "TOKEN"))
        written = self.key.with_name("key.new")
        written.write_text(json.dumps({"Version": 1, "AccessKeyId": key, "SecretAccessKey": secret,
                                       **({"SessionToken": token} if token else {}), "Expiration": "UNTIL"}))
        written.rename(self.key)
        return key

    def count(self):
        return len(self.asked.read_text().splitlines()) if self.asked.exists() else 0


@test("ending keys: S3, the key of a backup ends before its time, another one is lent")
def of_a_command(bench):
    there = store(bench, Gateway)
    straight = there.options(f"/ending/{bench.dir.name}", compress_type="none")
    relay, lender = EndingKeys(int(there.settings["S3_HTTP_PORT"])), Lender(bench)
    try:
        bench.ready(**straight)
        first = lender.lend(there, "")
        bench.configure(repo1_storage_host="http://127.0.0.1", repo1_storage_port=str(relay.port),
                        repo1_s3_key_type="process", repo1_s3_process_cmd=lender.program, repo1_s3_key=None,
                        repo1_s3_key_secret=None)

        def meanwhile(process):
            lender.lend(there, "SESSION_")
            relay.ended.add(first)
            asked = lender.count()
            lab.wait_for(lambda: lender.count() > asked + 1 or process.poll() is not None, "keys are asked for again")
        backup_meanwhile(bench, meanwhile)
        expect(relay.refused > 0, "the first key was of no use any more")
        bench.settings = {}
        bench.configure(**straight)
        bench.cluster.switch_and_wait_archived()
        valid_for(bench, later_peer("2.60.0"), labels(bench))
        replayed(bench, OURS, "back")
    finally:
        relay.stop()


@test("ending keys: GCS, tokens of four seconds")
def of_a_service(bench):
    class ShortLived(CloudStorage):
        environment = {"PAGE": "1000", "TOKEN_LIFE": "4"}
    there = store(bench, ShortLived)
    bench.ready(**there.options(f"/ending/{bench.dir.name}"), compress_type="none")

    def asked():
        return (there.home / "gcs.log").read_text(errors="replace").count("POST /token")

    def meanwhile(process):
        before = asked()
        time.sleep(5)  # a token ends, and what the backup looks for in the archive takes another one
        lab.wait_for(lambda: asked() > before or process.poll() is not None, "tokens are asked for again")
    backup_meanwhile(bench, meanwhile)
    bench.cluster.switch_and_wait_archived()
    valid_for(bench, OURS, labels(bench))
    replayed(bench, OURS, "back")
