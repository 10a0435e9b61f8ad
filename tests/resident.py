# The resident archiver of a Lab: started, spoken with byte by byte, ended.
# SPDX-License-Identifier: MIT
import os
import pathlib
import signal
import socket
import struct
import subprocess

import lab
from lab import OURS, STANZA, expect


def place(bench):
    return bench.dir / "lock" / f"{STANZA}-archive.sock"


def argv(bench, *words, program=OURS):
    return [program, f"--config={bench.conf}", f"--stanza={STANZA}", "--log-level-console=detail", "archive-server", *words]


class Server:
    """A server of this stanza until the block ends; `log` is what it said."""

    def __init__(self, bench, program=OURS):
        self.bench, self.program = bench, program
        self.path = bench.dir / "server.log"
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()

    def start(self):
        self.process = lab.spawn(argv(self.bench, program=self.program), self.path)
        lab.wait_for(lambda: process_of(self.bench) == self.process.pid or self.process.poll() is not None,
                     "the server answers", 20)
        expect(self.process.poll() is None, "the server runs", self.log)
        return self

    @property
    def log(self):
        return self.path.read_text(errors="replace") if self.path.exists() else ""

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(30)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)


def callers(bench):
    """How many connections the server has taken: those bear the name that it listens at, too."""
    lines = pathlib.Path("/proc/net/unix").read_text().splitlines()
    return sum(line.endswith(f" {place(bench)}") for line in lines) - 1


def connect(bench, limit_s=20):
    one = socket.socket(socket.AF_UNIX)
    one.connect(str(place(bench)))
    one.settimeout(limit_s)
    return one


def message(*fields):
    body = b"".join(os.fsencode(str(field)) + b"\0" for field in fields)
    return struct.pack(">I", len(body)) + body


def exactly(one, count):
    out = b""
    while len(out) < count:
        part = one.recv(count - len(out))
        if not part:
            return None
        out += part
    return out


def hear(one):
    """The fields of the next message; None at the end of the connection."""
    try:
        head = exactly(one, 4)
        body = exactly(one, struct.unpack(">I", head)[0]) if head else None
    except ConnectionError:
        return None
    return None if body is None else body[:-1].decode().split("\0")


def answer(one):
    """The next message that is no `wait`."""
    while (fields := hear(one)) == ["wait"]:
        pass
    return fields


def ask(bench, name, directory=None):
    with connect(bench) as one:
        one.sendall(message("push", 1, directory or bench.cluster.data / "pg_wal", name))
        return answer(one)


def process_of(bench):
    """The process that answers; None where nobody does."""
    try:
        with connect(bench, 5) as one:
            one.sendall(message("hello", 1))
            fields = hear(one)
            return int(fields[3]) if fields else None
    except (OSError, TimeoutError):
        return None


def servers(bench):
    """Processes of servers of this Lab."""
    found = subprocess.run(["pgrep", "-f", "--", f"--config={bench.conf} .*archive-server$"],
                           capture_output=True, text=True).stdout.split()
    return [int(one) for one in found]


def end_all(bench):
    for process in servers(bench):
        os.kill(process, signal.SIGKILL)
    lab.wait_for(lambda: not servers(bench), "servers end", 20)
