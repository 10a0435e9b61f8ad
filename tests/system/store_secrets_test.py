# What a store is asked with is nobody else's: not in logs, on consoles, in lists of processes, in what a restore writes.
# SPDX-License-Identifier: MIT
import collections
import json
import os
import pathlib
import re
import threading
import time

from azure_server import BlobService
from case import test
from faulty_relay import FaultyRelay
from held_backup import backup_meanwhile
import lab
from lab import OURS, equal, expect
from object_server import CloudStorage, Gateway, store

# What must not be read anywhere, whatever its value.
LEAKS = (rb"sig=(?!<redacted>)[^\s&]", rb"upload_id=(?!<redacted>)[^\s&]", rb"ya29\.", rb"PRIVATE KEY", rb"Bearer \S")


def of_s3(there):
    key, secret, token = (there.settings[f"S3_SESSION_{what}"] for what in ("KEY", "SECRET", "TOKEN"))
    return {"repo1_s3_key": key, "repo1_s3_key_secret": secret, "repo1_s3_token": token}, (secret, token)


def of_service_account(there):
    known = json.loads(pathlib.Path(there.settings["GCS_KEY_FILE"]).read_text())
    return {}, [line for line in known["private_key"].splitlines() if line and "KEY" not in line]


def of_token(there):
    token = there.settings["GCS_TOKEN"]
    return {"repo1_gcs_key_type": "token", "repo1_gcs_key": f"Bearer {token}"}, (token,)


def of_account(there):
    return {}, (there.settings["AZURE_KEY"],)


def of_signature(there):
    return there.shared_signature(), (there.settings["AZURE_SAS"].split("sig=")[1].split("&")[0],)


class BusyAtFirst(FaultyRelay):
    """Has no time for the first few requests of each shape: what is told of each of them is seen."""

    def __init__(self, port, certificate):
        super().__init__(port, seed=1, share=0, stall_s=0, certificate=certificate)
        self.shapes = collections.Counter()

    def refusal(self, head):
        method, target = head.decode("latin-1").split(" ", 2)[:2]
        shape = (method, *sorted(field.partition("=")[0] for field in target.partition("?")[2].split("&")))
        with self.lock:
            self.shapes[shape] += 1
            if self.shapes[shape] > 3:
                return None
        return b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


PORTS = {Gateway: "S3_PORT", CloudStorage: "GCS_PORT", BlobService: "AZURE_PORT"}


class Watched:
    """A store behind a relay, and all that a secret of it is looked for in."""

    def __init__(self, bench, kind, key, relay):
        self.bench, self.there = bench, store(bench, kind)
        more, self.secrets = key(self.there)
        self.relay = relay(int(self.there.settings[PORTS[kind]]), self.there.home / "server.crt")
        at = {"repo1_gcs_endpoint": f"127.0.0.1:{self.relay.port}"} if kind is CloudStorage else \
             {"repo1_storage_port": str(self.relay.port)}
        bench.configure(**{**self.there.options(f"/secrets/{bench.dir.name}"), **more, **at}, io_timeout="15",
                        log_level_console="trace", log_level_file="trace", log_level_stderr="trace")
        self.said, self.processes, self.ended = [], {}, False
        (bench.dir / "log").mkdir(exist_ok=True)
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while not self.ended:
            self.look()
            time.sleep(0.05)

    def look(self):
        """What everybody, and whoever has the same user, can read of our processes."""
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes()
                if os.fsencode(self.bench.conf) not in words or words.split(b"\0")[0].decode() not in (OURS, lab.FRONT):
                    continue
                self.processes.setdefault((process.name, words), b"")
                # Only of one that has just begun: later it is not to be read.
                self.processes[process.name, words] += (process / "environ").read_bytes()
            except OSError:
                continue

    def call(self, command, *words, codes=(0,)):
        ended = self.bench.ours(command, *words, codes=codes)
        self.said.append(ended.text.encode())
        return ended

    def stop(self):
        self.ended = True
        self.thread.join()
        self.relay.stop()

    def texts(self):
        """name -> what is there to read."""
        found = {f"output {number}": said for number, said in enumerate(self.said)}
        found.update((f"command line {number}", words) for number, (_, words) in enumerate(self.processes))
        found.update((f"environment {number}", words) for number, words in enumerate(self.processes.values()))
        for place in ("log", "spool", "lock", "c/server.log", "backup.log", "r/pg/postgresql.auto.conf"):
            path = self.bench.dir / place
            for file in [path] if path.is_file() else path.rglob("*"):
                if file.is_file() and not re.fullmatch("[0-9A-F]{24}.*", file.name):
                    found[str(file)] = file.read_bytes()
        return found

    def told(self):
        """Where, and in which words, a secret is told."""
        patterns = [*LEAKS, *(re.escape(one.encode()) for one in self.secrets)]
        found = []
        for name, text in self.texts().items():
            for pattern in patterns:
                if there := re.search(pattern, text):
                    line = text[text.rfind(b"\n", 0, there.start()) + 1:].partition(b"\n")[0]
                    found.append((name, line.decode(errors="replace")[:300]))
        return found


@test("store secrets: S3, a session", Gateway, of_s3)
@test("store secrets: GCS, a service account", CloudStorage, of_service_account)
@test("store secrets: GCS, a token", CloudStorage, of_token, slow=True)
@test("store secrets: Azure, the key of the account", BlobService, of_account, slow=True)
@test("store secrets: Azure, a signature", BlobService, of_signature, slow=True)
def nowhere(bench, kind, key):
    watched = Watched(bench, kind, key, BusyAtFirst)
    try:
        bench.configure(compress_type="none", repo1_bundle="y", archive_timeout="120", archive_async="y")
        bench.start()
        watched.call("stanza-create")
        watched.call("check")
        # Of a size that takes parts.
        bench.cluster.sql("create table large as select i, repeat(md5(i::text), 20) t from generate_series(1, 20000) i")
        backup_meanwhile(bench, lambda _process: watched.look())
        bench.cluster.switch_and_wait_archived()
        watched.call("info")
        watched.call("verify")
        (bench.dir / "r/pg").mkdir(parents=True, mode=0o700)
        (bench.dir / "r/linked").mkdir(mode=0o700)
        watched.call("restore", f"--pg1-path={bench.dir}/r/pg", f"--tablespace-map-all={bench.dir}/r/ts", "--link-all")
        watched.call("backup")
        watched.call("expire", "--repo1-retention-full=1")
    finally:
        watched.stop()
    texts = watched.texts()
    everything = b"\n".join(texts.values())
    told = {Gateway: b"uploadId=", CloudStorage: b"uploadType=", BlobService: b"PUT https://"}[kind]
    for what in (b"DEBUG", b"<redacted>", b"asked again after", told):
        expect(re.search(what, everything), f"logs have '{what.decode()}'", sorted(texts))
    expect([name for name in texts if "/log/" in name], "there are log files", sorted(texts))
    commands = {word for _, words in watched.processes for word in words.split(b"\0")}
    for command in (b"backup", b"archive-push"):
        expect([word for word in commands if word.startswith(command)], f"a process of {command} was seen", commands)
    equal(watched.told(), [], "secrets that are told")


class Talkative(FaultyRelay):
    """Refuses everything, and tells the whole request: as a proxy of somebody who looks for a fault."""

    def __init__(self, port, certificate):
        super().__init__(port, seed=1, share=0, stall_s=0, certificate=certificate)

    def refusal(self, head):
        body = b"" if head.startswith(b"HEAD ") else b"This is not allowed:\n" + head
        return b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body) + body


@test("store secrets: S3, a proxy that tells what it was asked", Gateway, of_s3)
@test("store secrets: GCS, a proxy that tells what it was asked", CloudStorage, of_token)
@test("store secrets: Azure, a proxy that tells what it was asked", BlobService, of_signature)
def repeated(bench, kind, key):
    watched = Watched(bench, kind, key, Talkative)
    try:
        bench.cluster.start(archive_command="false pgbraid")
        for command, *words in (("stanza-create",), ("check",), ("backup",), ("info",), ("expire",), ("verify",),
                                ("archive-push", next((bench.cluster.data / "pg_wal").glob("0000*[0-9A-F]")))):
            ended = watched.call(command, *words, codes=None)
            expect(command == "info" or ended.code != 0, f"{command} is refused", ended)
    finally:
        watched.stop()
    expect(b"403" in b"".join(watched.said), "the refusal is told")
    equal(watched.told(), [], "secrets that are told")
