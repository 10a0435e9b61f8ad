# WAL of pgbraid and pgBackRest beside each other, in a bucket that is near or far.
# SPDX-License-Identifier: MIT
"""Segments pushed and fetched one call after the other, and many that are expired at once."""
import datetime
import hashlib
import hmac
import http.client
import random
import shlex
import socket
import ssl
import struct
from concurrent.futures import ThreadPoolExecutor

import clusters
import far_contest

SEGMENT_BYTES = 16 << 20
SEGMENTS = 8
EXPIRED = 5000
FOLDER = "0000000100000000"
WRITERS = 8


class Bucket:
    """Puts empty objects, past both programs. Of one thread: it keeps its connection."""

    def __init__(self, settings):
        self.settings = settings
        self.host = settings["S3_ENDPOINT"]
        plain = socket.create_connection((settings["S3_HOST"], int(settings["S3_PORT"])))
        context = ssl.create_default_context(cafile=settings["S3_CA"])
        self.way = http.client.HTTPConnection(self.host)
        self.way.sock = context.wrap_socket(plain, server_hostname=self.host)

    def put(self, key):
        time = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        path, nothing = f"/{self.settings['S3_BUCKET']}/{key}", hashlib.sha256(b"").hexdigest()
        headers = {"host": self.host, "x-amz-content-sha256": nothing, "x-amz-date": time}
        names = ";".join(headers)
        text = "\n".join(["PUT", path, "", *(f"{name}:{value}" for name, value in headers.items()), "", names, nothing])
        scope = f"{time[:8]}/{self.settings['S3_REGION']}/s3/aws4_request"
        to_sign = "\n".join(["AWS4-HMAC-SHA256", time, scope, hashlib.sha256(text.encode()).hexdigest()])
        key_of = ("AWS4" + self.settings["S3_SECRET"]).encode()
        for word in (*scope.split("/"), to_sign):
            key_of = hmac.new(key_of, word.encode(), hashlib.sha256).digest()
        headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={self.settings['S3_KEY']}/{scope},"
                                    f"SignedHeaders={names},Signature={key_of.hex()}")
        self.way.request("PUT", path, b"", headers)
        answer = self.way.getresponse()
        answer.read()
        if answer.status != 200:
            raise OSError(f"the store answers {answer.status}")


def name_of(number):
    return f"{FOLDER}{number:08X}"


class WalContest(far_contest.Contest):
    """`push` and `get` of so many segments, a call for each, and `expire` of many more."""

    def make_reference(self, who):
        wal = self.data / "pg_wal"
        system, = struct.unpack_from("<Q", (self.data / "global/pg_control").read_bytes())
        dice = random.Random(1)
        for number in range(1, SEGMENTS + 1):
            head = struct.pack("<HHIQIIQII", 0xD110, 2, 1, number * SEGMENT_BYTES, 0, 0, system, SEGMENT_BYTES, 8192)
            (wal / name_of(number)).write_bytes(head + dice.randbytes(SEGMENT_BYTES - len(head)))
        return None

    def calls(self, who, home, command, word):
        """A line of the shell that calls the program for each segment."""
        lines = (self.argv(who, home, command, *word(name_of(number))) for number in range(1, SEGMENTS + 1))
        return " && ".join(shlex.join(map(str, line)) for line in lines)

    def fill(self, home):
        """So many segments that nobody needs."""
        start = f"{str(home)[1:]}/repo/archive/bench/15-1/{FOLDER}/"

        def some(first):
            bucket = Bucket(self.server.gateway.settings)
            for number in range(first, EXPIRED, WRITERS):
                bucket.put(f"{start}{FOLDER}{0x1000 + number:08X}-{'0' * 40}")
            bucket.way.close()

        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(some, range(WRITERS)))

    def one_round(self, who, number, relay, delay, process_max):
        about = {"data": self.kind, "program": who, "round": number, "delay": delay, "process_max": process_max}
        home = self.home(who, f"run-{delay}-{process_max}-{number}")
        self.configure(home, relay.port if relay else self.server.port, process_max)
        self.shell({**about, "command": "archive-push"}, relay, home,
                   self.calls(who, home, "archive-push", lambda name: [self.data / "pg_wal" / name]))
        self.shell({**about, "command": "archive-get"}, relay, home,
                   self.calls(who, home, "archive-get", lambda name: [name, home / "got"]))
        self.fill(home)
        self.timed({**about, "command": "expire"}, relay, home, f"--archive-expire-before={name_of(0x1000 + EXPIRED)}")

    def shell(self, run, relay, home, line):
        self.timed_argv(run, relay, home, ["/bin/sh", "-c", line])


def cluster(args):
    """A data directory without anything; made when missing."""
    home = args.work / "wal"
    if not (home / "pg").exists():
        home.mkdir(parents=True)
        clusters.fill(home, home / "pg", [])
    return home / "pg"
