#!/usr/bin/env python3
# Writes the seeds of the link targets (conversations in HTTP/2, frame by frame) and of the SFTP target
# (answers, request by request), right and wrong.
# SPDX-License-Identifier: MIT
import pathlib
import struct

HERE = pathlib.Path(__file__).resolve().parent / "corpus"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RESET, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
ACK = END_STREAM = 1
END_HEADERS = 4
WHOLE, PIECES = b"\x0c", b"\x02"  # 4096 bytes at once, or 4


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def block(*fields):
    """HPACK: literals that enter no table, shorter than 127 bytes."""
    return b"".join(b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) +
                    value.encode() for name, value in fields)


def headers(stream, flags, *fields):
    return frame(HEADERS, END_HEADERS | flags, stream, block(*fields))


def setting(name, value):
    return struct.pack(">HI", name, value)


def post(path, head="{}"):
    return ((":method", "POST"), (":scheme", "https"), (":authority", "x"), (":path", path),
            ("pgbraid-head", head))


def answer(stream, body=b"", trailer=("pgbraid-trailer", "{}")):
    head = headers(stream, 0, (":status", "200"), ("pgbraid-head", '{"a":1}'))
    return head + frame(DATA, 0, stream, body) + headers(stream, END_STREAM, trailer)


HELLO = PREFACE + frame(SETTINGS, 0, 0, setting(4, 65535) + setting(5, 16384))
ERROR = ("pgbraid-error", '{"code":55,"message":"no \\u001b[31m file","hint":"Look."}')
GREET = frame(SETTINGS, 0, 0, setting(3, 100) + setting(4, 65535)) + frame(SETTINGS, ACK, 0)

SERVER = {
    "request": HELLO + headers(1, END_STREAM, *post("/v1/one")) + frame(SETTINGS, ACK, 0),
    "body": HELLO + headers(1, 0, *post("/v1/one")) + frame(DATA, 0, 1, b"x" * 300) +
    frame(DATA, END_STREAM, 1, b"y" * 100) + frame(WINDOW, 0, 0, struct.pack(">I", 100)),
    "padded": HELLO + headers(1, 0, *post("/v1/one")) +
    frame(DATA, END_STREAM | 8, 1, b"\x05" + b"x" * 20 + b"\0" * 5),
    "trailers": HELLO + headers(1, 0, *post("/early")) + frame(DATA, 0, 1, b"x" * 50) +
    headers(1, END_STREAM, ("x", "y")),
    "cancelled": HELLO + headers(1, 0, *post("/v1/one")) + frame(DATA, 0, 1, b"x" * 50) +
    frame(RESET, 0, 1, struct.pack(">I", 8)) + headers(3, END_STREAM, *post("/fail")) +
    headers(5, END_STREAM, *post("/drop")),
    "tiny-window": PREFACE + frame(SETTINGS, 0, 0, setting(4, 3)) +
    headers(1, 0, *post("/v1/one")) + frame(DATA, END_STREAM, 1, b"x" * 64) +
    frame(WINDOW, 0, 1, struct.pack(">I", 4)) + frame(WINDOW, 0, 1, struct.pack(">I", 60)),
    "continued": HELLO + frame(HEADERS, END_STREAM, 1, block(*post("/v1/one"))[:20]) +
    frame(CONTINUATION, END_HEADERS, 1, block(*post("/v1/one"))[20:]),
    "many": HELLO + b"".join(headers(i, 0, *post("/v1/one")) for i in range(1, 24, 2)),
    "other-method": HELLO + headers(1, END_STREAM, (":method", "GET"), *post("/")[1:]) +
    headers(3, END_STREAM, *post("/")[:4]),
    "pings": HELLO + frame(PING, 0, 0, b"12345678") * 3 +
    frame(PRIORITY, 0, 1, struct.pack(">IB", 0, 7)) + headers(1, END_STREAM, *post("/")),
    "table": HELLO + frame(HEADERS, END_HEADERS | END_STREAM, 1, block(*post("/")) +
                           b"\x40\x01x\x60" + b"x" * 96 + b"\xbe" * 30),
    "goodbye": HELLO + headers(1, END_STREAM, *post("/")) +
    frame(GOAWAY, 0, 0, struct.pack(">II", 0, 0)),
    "two-heads": HELLO + headers(1, END_STREAM, *post("/"), ("pgbraid-head", "{}")),
    "window-overflow": HELLO + headers(1, 0, *post("/")) +
    frame(WINDOW, 0, 1, struct.pack(">I", 0x7fffffff)),
    "no-http2": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "hello-only": HELLO,
}

CLIENT = {
    "answers": GREET + answer(1, b"x" * 300) + answer(3) + answer(5, b"early"),
    "out-of-order": GREET + answer(5, b"e") + answer(1, b"o" * 50) + answer(3),
    "error": GREET + answer(1, b"half", ERROR) + headers(3, END_STREAM, (":status", "200"), ERROR),
    "status": GREET + headers(1, END_STREAM, (":status", "404")) +
    headers(3, 0, (":status", "100")) + answer(3, b"late"),
    "no-trailer": GREET + headers(1, 0, (":status", "200"), ("pgbraid-head", "{}")) +
    frame(DATA, END_STREAM, 1, b"x" * 10),
    "reset": GREET + frame(RESET, 0, 1, struct.pack(">I", 7)) +
    frame(RESET, 0, 3, struct.pack(">I", 11)) + answer(5, b"x"),
    "goodbye": GREET + frame(GOAWAY, 0, 0, struct.pack(">II", 1, 0)) + answer(1, b"last"),
    "sent-away": GREET + frame(GOAWAY, 0, 0, struct.pack(">II", 0, 11) + b"calm down"),
    "no-streams": frame(SETTINGS, 0, 0, setting(3, 0)) + answer(1),
    "push": GREET + frame(PUSH, END_HEADERS, 1, struct.pack(">I", 2) + block(*post("/"))),
    "too-much": GREET + headers(1, 0, (":status", "200"), ("pgbraid-head", "{}")) +
    frame(DATA, 0, 1, b"x" * 4096) + frame(DATA, 0, 1, b"x"),
    "pings": GREET + frame(PING, 0, 0, b"12345678") * 3 + frame(PING, ACK, 0, b"\0" * 8) +
    answer(1),
    "other-settings": frame(SETTINGS, 0, 0, setting(1, 0) + setting(2, 0) + setting(5, 16384) +
                            setting(6, 100) + setting(4, 1)) + answer(1),
    "twice": GREET + answer(1) + answer(1) + headers(3, 0, (":status", "200"), (":status", "500")),
    "not-asked": GREET + answer(7),
}

for target, seeds in (("link_server", SERVER), ("link_client", CLIENT)):
    for name, conversation in seeds.items():
        (HERE / target / f"{name}.h2").write_bytes(WHOLE + conversation)
    name, conversation = next(iter(seeds.items()))
    (HERE / target / f"{name}-in-pieces.h2").write_bytes(PIECES + conversation)

# ---- SFTP: one record for each request.

STATUS, HANDLE, FILE_DATA, NAME, ATTRS, EXTENDED = 101, 102, 103, 104, 105, 201
NAMES, READS, WRITES = b"\0", b"\1", b"\2"


def record(kind, fields=b""):
    return struct.pack(">BH", kind, len(fields)) + fields


def text(value):
    return struct.pack(">I", len(value)) + value


def status(code, words=b"because"):
    return record(STATUS, struct.pack(">I", code) + text(words) + text(b""))


def about(mode, size=500):
    return struct.pack(">IQI", 1 | 4, size, mode)


def names(*all_names, mode=0o100640):
    return record(NAME, struct.pack(">I", len(all_names)) +
                  b"".join(text(one) + text(one) + about(mode) for one in all_names))


def data(size):
    return record(FILE_DATA, text(b"x" * size))


OK, MISSING, EOF, FAILURE = status(0), status(2), status(1), status(4)
PATH, FILE, LINK = (record(ATTRS, about(kind | 0o750)) for kind in (0o40000, 0o100000, 0o120000))
HELD = record(HANDLE, text(b"h"))

SFTP = {
    "names": NAMES + PATH + FILE + PATH + HELD + names(b".", b"..", b"one", b"two") + EOF +
    record(EXTENDED, struct.pack(">11Q", *range(4096, 4107))) + PATH + HELD + names(b"x") + EOF + OK,
    "names-links": NAMES + PATH + LINK + names(b"there") + LINK + LINK,
    "names-hostile": NAMES + PATH + FILE + PATH + HELD + names(b"../up", b"a/b", b"\x1b[31m"),
    "names-nothing": NAMES + MISSING * 9,
    "names-endless": NAMES + PATH + FILE + PATH + HELD + names() + names(),
    "names-no-mode": NAMES + record(ATTRS, struct.pack(">I", 0)) * 4,
    "names-cut": NAMES + PATH + FILE + PATH + HELD +
    record(NAME, struct.pack(">I", 1000000) + text(b"a")),
    "reads": READS + FILE + HELD + data(1000) + data(500) + EOF + OK + (FILE + HELD) * 3 +
    data(300) * 3 + EOF * 3 + OK * 9,
    "reads-short": READS + FILE + HELD + data(10) * 30,
    "reads-too-much": READS + FILE + HELD + data(60000),
    "reads-nothing": READS + FILE + HELD + data(0),
    "reads-refused": READS + FILE + FAILURE + OK + MISSING * 6,
    "reads-link": READS + LINK + HELD + OK + (LINK + HELD) * 3,
    "reads-huge-file": READS + FILE + HELD + EOF + OK +
    (record(ATTRS, about(0o100640, 1 << 62)) + HELD) * 3 + data(300) * 3,
    "writes": WRITES + MISSING + PATH + OK * 3 + PATH + HELD + OK * 7 + OK * 9 + HELD + OK * 9,
    "writes-refused": WRITES + PATH + PATH + HELD + FAILURE * 20,
    "writes-wrong-kind": WRITES + PATH * 20,
    "writes-existing": WRITES + PATH + PATH + FAILURE + FILE + OK + HELD + OK * 20,
}
for name, conversation in SFTP.items():
    (HERE / "sftp" / f"{name}.bin").write_bytes(conversation)
