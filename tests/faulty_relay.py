# An HTTP way that breaks: a relay to a store which loses, cuts, delays and answers itself.
# SPDX-License-Identifier: MIT
"""Plain HTTP/1.1 with lengths. What happens to a request is drawn from a seed; the relay counts it."""
import collections
import random
import socket
import threading
import time

BUSY = ("500 Internal Server Error", "503 Service Unavailable", "429 Too Many Requests",
        "408 Request Timeout", "499 Client Closed Request")


class Gone(Exception):
    """The other end has closed."""


class Stream:
    """What comes over a socket, in heads and bodies."""

    def __init__(self, conn):
        self.conn = conn
        self.here = b""

    def more(self):
        try:
            got = self.conn.recv(1 << 16)
        except OSError as problem:
            raise Gone from problem
        if not got:
            raise Gone
        self.here += got

    def head(self):
        while b"\r\n\r\n" not in self.here:
            self.more()
        head, _, self.here = self.here.partition(b"\r\n\r\n")
        return head + b"\r\n\r\n"

    def take(self, count):
        while len(self.here) < count:
            self.more()
        taken, self.here = self.here[:count], self.here[count:]
        return taken


def length_in(head):
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def is_chunked(head):
    return b"transfer-encoding: chunked" in head.lower()


def chunked(stream):
    body = b""
    while True:
        line = b""
        while not line.endswith(b"\r\n"):
            line += stream.take(1)
        size = int(line, 16)
        body += line + stream.take(size + 2)
        if size == 0:
            return body


class FaultyRelay:
    def __init__(self, port, seed, share, stall_s):
        """To 127.0.0.1:`port`; a `share` of all requests meets a fault."""
        self.upstream = port
        self.share = share
        self.stall_s = stall_s
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.faults = collections.Counter()
        self.requests = 0
        self.ending = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def stop(self):
        self.ending = True
        self.listener.close()

    def accept(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(conn,), daemon=True).start()

    def draw(self):
        kinds = ("busy", "busy, later", "request lost", "answer lost", "answer cut", "noise", "slow",
                 "stall")
        with self.lock:
            self.requests += 1
            if self.random.random() >= self.share:
                return None, 0.0
            # Each kind has its turn, the one that takes long seldom.
            kind = self.random.choices(kinds, weights=(3, 1, 3, 3, 6, 2, 2, 0.3))[0]
            self.faults[kind] += 1
            return kind, self.random.random()

    def refusal(self, _head):
        """What a request is answered with instead of being passed on; None: it is not."""

    def serve(self, conn):
        store = None
        try:
            client = Stream(conn)
            while not self.ending:
                head = client.head()
                if b"expect: 100-continue" in head.lower():
                    conn.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                body = client.take(length_in(head))
                if refusal := self.refusal(head):
                    conn.sendall(refusal)
                    continue
                kind, where = self.draw()
                if kind in ("busy", "busy, later"):
                    later = "Retry-After: 1\r\n" if kind == "busy, later" else ""
                    status = BUSY[int(where * len(BUSY))]
                    conn.sendall(f"HTTP/1.1 {status}\r\n{later}Content-Length: 0\r\n\r\n".encode())
                    continue
                if kind == "noise":
                    conn.sendall(b"\x16\x03\x01 nobody speaks like that\r\n\r\n")
                    return
                if kind == "request lost":
                    return
                store = store or Stream(socket.create_connection(("127.0.0.1", self.upstream)))
                store.conn.sendall(head + body)
                answer = self.answer(store, head.startswith(b"HEAD "))
                if kind == "answer lost":
                    return
                if kind == "answer cut":
                    conn.sendall(answer[:int(len(answer) * where)])
                    return
                if kind == "stall":
                    time.sleep(self.stall_s)
                    return
                if kind == "slow":
                    half = len(answer) // 2
                    conn.sendall(answer[:half])
                    time.sleep(0.3)
                    answer = answer[half:]
                conn.sendall(answer)
        except (Gone, OSError):
            pass
        finally:
            conn.close()
            if store:
                store.conn.close()

    @staticmethod
    def answer(store, bodiless):
        head = store.head()
        while head.startswith(b"HTTP/1.1 100"):
            head = store.head()
        if bodiless or b" 204 " in head[:16] or b" 304 " in head[:16]:
            return head
        return head + (chunked(store) if is_chunked(head) else store.take(length_in(head)))
