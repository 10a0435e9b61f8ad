# An HTTP way that breaks: a relay to a store which loses, cuts, delays and answers itself.
# SPDX-License-Identifier: MIT
"""Plain HTTP/1.1 with lengths. What happens to a request is drawn from a seed; the relay counts it."""
import collections
import random
import re
import socket
import ssl
import threading
import time

BUSY = ("500 Internal Server Error", "503 Service Unavailable", "429 Too Many Requests",
        "408 Request Timeout", "499 Client Closed Request")
# How many of each kind there are among the next faults, in an order that is drawn: the one that takes long is seldom.
KINDS = {"busy": 6, "busy, later": 2, "request lost": 6, "request cut": 6, "answer lost": 6, "answer cut": 12,
         "answer too short": 6, "noise": 4, "slow": 4, "stall": 1}


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


def too_short(answer, bodiless):
    """An answer with less than its length says. Where it tells no length, or an object's, its last byte is missing."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if bodiless or not re.search(rb"(?i)\r\ncontent-length:", head):
        return answer[:-1]
    longer = re.sub(rb"(?i)\r\ncontent-length:[^\r]*", b"\r\nContent-Length: %d" % (len(body) + 7), head)
    return longer + b"\r\n\r\n" + body


class FaultyRelay:
    def __init__(self, port, seed, share, stall_s, kinds=KINDS, certificate=None):
        """To 127.0.0.1:`port`; a `share` of all requests meets a fault, the same one twice in a row at most: more than
        three tries nobody promises where one of them took all the time there is. With a certificate, whose key lies beside it,
        TLS is spoken on both sides."""
        self.kinds = kinds
        self.theirs = self.ours = None
        if certificate:
            self.theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.theirs.load_cert_chain(certificate, certificate.with_suffix(".key"))
            self.ours = ssl._create_unverified_context()
        self.upstream = port
        self.share = share
        self.stall_s = stall_s
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.faults = collections.Counter()
        self.deck = []
        self.in_a_row = collections.Counter()
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

    def draw(self, head):
        asked = head.partition(b"\r\n")[0]
        with self.lock:
            self.requests += 1
            if self.random.random() >= self.share or self.in_a_row[asked] == 2:
                del self.in_a_row[asked]
                return None, 0.0
            self.in_a_row[asked] += 1
            if not self.deck:
                self.deck = [kind for kind, count in self.kinds.items() for _ in range(count)]
                self.random.shuffle(self.deck)
            kind = self.deck.pop()
            self.faults[kind] += 1
            return kind, self.random.random()

    def reach(self):
        conn = socket.create_connection(("127.0.0.1", self.upstream))
        return Stream(self.ours.wrap_socket(conn) if self.ours else conn)

    def refusal(self, _head):
        """What a request is answered with instead of being passed on; None: it is not."""

    def instead(self, _head, _body):
        """The same, where the body counts."""

    def serve(self, conn):
        store = None
        try:
            if self.theirs:
                conn = self.theirs.wrap_socket(conn, server_side=True)
            client = Stream(conn)
            while not self.ending:
                head = client.head()
                if b"expect: 100-continue" in head.lower():
                    conn.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                length, refusal = length_in(head), self.refusal(head)
                if refusal:
                    client.take(length)
                    conn.sendall(refusal)
                    continue
                kind, where = self.draw(head)
                if kind == "request cut":
                    store = store or self.reach()
                    store.conn.sendall(head[:-1] if not length else head + client.take(int(length * where)))
                    return
                body = client.take(length)
                own = self.instead(head, body)
                if own:
                    conn.sendall(own)
                    continue
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
                store = store or self.reach()
                store.conn.sendall(head + body)
                answer = self.answer(store, head.startswith(b"HEAD "))
                if kind == "answer lost":
                    return
                if kind == "answer cut":
                    conn.sendall(answer[:int(len(answer) * where)])
                    return
                if kind == "answer too short":
                    conn.sendall(too_short(answer, head.startswith(b"HEAD ")))
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
