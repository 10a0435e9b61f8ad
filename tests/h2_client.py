# A client of `pgbraid server` that keeps to the letter of HTTP/2 and to nothing else: it opens what it likes, and takes
# what it likes.
# SPDX-License-Identifier: MIT
import json
import select
import socket
import ssl
import struct
import threading
import time

DATA, HEADERS, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE = 0, 1, 3, 4, 6, 8
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
INITIAL_WINDOW_SIZE = 4


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def number(value, prefix):
    """An integer of HPACK."""
    top = 2 ** prefix - 1
    if value < top:
        return bytes([value])
    out, value = [top], value - top
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes(out + [value])


def header(name, value):
    """One that is in no table."""
    return b"\0" + b"".join(number(len(part), 7) + part for part in (name.encode(), value.encode()))


class Client:
    """One connection. Whatever comes is taken from it and counted, but not a byte more is granted than `window` of
    each stream."""

    def __init__(self, authority, port, name="client", window=65535):
        context = ssl.create_default_context(cafile=str(authority.home / "ca.crt"))
        context.load_cert_chain(authority.home / f"{name}.crt", authority.home / f"{name}.key")
        context.set_alpn_protocols(["h2"])
        line = socket.create_connection(("127.0.0.1", port), 30)
        self.line = context.wrap_socket(line, server_hostname="localhost")
        self.line.setblocking(False)
        self.lock = threading.Lock()  # TLS is for one thread at a time.
        self.turn = threading.Lock()  # A frame goes out whole.
        self.next = 1
        self.its_window = 65535
        self.granted = {}  # To each stream, beside the first window; 0 is the connection.
        self.sent = {}
        self.came = {}  # Bytes of each stream.
        self.heads = set()  # Streams that were answered.
        self.ended = set()
        self.closed = False
        self.send(PREFACE + frame(SETTINGS, 0, 0, struct.pack(">HI", INITIAL_WINDOW_SIZE, window)))
        threading.Thread(target=self._listen, daemon=True).start()

    def send(self, what):
        left = memoryview(what)
        with self.turn:
            while left:
                done = self._move(lambda: self.line.send(left))
                if done is None:
                    select.select([], [self.line], [], 0.1)
                left = left[done or 0:]

    def _move(self, what):
        """None when nothing can move now."""
        with self.lock:
            try:
                return what()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return None

    def ask(self, path, head, body=None, more=False):
        """Opens a stream, and ends it unless there is more to come."""
        stream, self.next = self.next, self.next + 2
        block = b"".join(header(*one) for one in ((":method", "POST"), (":scheme", "https"),
                                                  (":authority", "pgbraid"), (":path", path),
                                                  ("pgbraid-head", json.dumps(head))))
        self.send(frame(HEADERS, 4 if body is not None or more else 5, stream, block))
        if body is not None:
            self.send(frame(DATA, 0 if more else 1, stream, body))
        return stream

    def room(self, stream):
        """What may be sent of the body of a stream now."""
        def left(which, window):
            return window + self.granted.get(which, 0) - self.sent.get(which, 0)
        return min(left(0, 65535), left(stream, self.its_window))

    def pour(self, stream, count, patience_s=1.0):
        """So many zeros, as far as the other end takes them. How many it took."""
        done, moved = 0, time.monotonic()
        while done < count and time.monotonic() - moved < patience_s:
            part = min(16384, count - done, self.room(stream))
            if part <= 0:
                time.sleep(0.002)
                continue
            for which in (0, stream):
                self.sent[which] = self.sent.get(which, 0) + part
            self.send(frame(DATA, 0, stream, bytes(part)))
            done, moved = done + part, time.monotonic()
        return done

    def hello(self, *words, locks=()):
        return self.ask("/v1/hello", {"versions": [5, 5], "program": "a test", "args": words,
                                      "locks": list(locks)})

    def reset(self, stream):
        self.send(frame(RST_STREAM, 0, stream, struct.pack(">I", 8)))

    def close(self):
        try:
            self.line.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.line.close()

    def _exactly(self, count):
        out = b""
        while len(out) < count:
            part = self._move(lambda: self.line.recv(count - len(out)))
            if part == b"":
                raise ConnectionError
            if part is None:
                select.select([self.line], [], [], 1)
            out += part or b""
        return out

    def _listen(self):
        try:
            while True:
                start = self._exactly(9)
                payload = self._exactly(int.from_bytes(start[:3], "big"))
                kind, flags, stream = start[3], start[4], int.from_bytes(start[5:], "big")
                if kind == DATA:
                    self.came[stream] = self.came.get(stream, 0) + len(payload)
                elif kind == HEADERS:
                    self.heads.add(stream)
                elif kind == WINDOW_UPDATE:
                    self.granted[stream] = (self.granted.get(stream, 0)
                                            + int.from_bytes(payload, "big"))
                elif kind in (SETTINGS, PING) and not flags & 1:
                    for at in range(0, len(payload) if kind == SETTINGS else 0, 6):
                        if int.from_bytes(payload[at:at + 2], "big") == INITIAL_WINDOW_SIZE:
                            self.its_window = int.from_bytes(payload[at + 2:at + 6], "big")
                    self.send(frame(kind, 1, 0, payload if kind == PING else b""))
                if kind == RST_STREAM or (kind in (DATA, HEADERS) and flags & 1):
                    self.ended.add(stream)
        except (OSError, ValueError):  # ssl.SSLError and ConnectionError are some; ValueError: we closed it
            self.closed = True
