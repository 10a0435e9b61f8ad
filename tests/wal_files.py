# WAL files made by hand with a cluster's header, and pushing and getting them.
# SPDX-License-Identifier: MIT
import struct

import lab
from lab import equal, expect

SEGMENT_BYTES = 1 << 20
SYSTEM_AT, SEGMENT_SIZE_AT = 24, 32


def prepared(bench, **settings):
    """A stanza without a running server; WAL files are made by hand with the cluster's header."""
    bench.configure(**settings)
    bench.ours("stanza-create", "--no-online")
    return bench


def system_id(bench):
    return struct.unpack_from("<Q", (bench.cluster.data / "global/pg_control").read_bytes(), 0)[0]


def segment(number, timeline=1):
    return f"{timeline:08X}{0:08X}{number:08X}"


def make_wal(bench, name, fill=b"wal", magic=0xD110, system=None):
    """A segment in pg_wal with the cluster's header; returns its relative path, as %p is."""
    system = system_id(bench) if system is None else system
    begin = (int(name[8:16], 16) << 32) + int(name[16:24], 16) * SEGMENT_BYTES
    head = struct.pack("<HHIQIIQII", magic, 2, 1, begin, 0, 0, system, SEGMENT_BYTES, 8192)
    body = (fill * (SEGMENT_BYTES // len(fill) + 1))[:SEGMENT_BYTES - len(head)]
    (bench.cluster.data / "pg_wal" / name).write_bytes(head + body)
    return f"pg_wal/{name}"


def push(bench, path, *words, codes=(0,), program=None):
    call = bench.peer if program == lab.PEER else bench.ours
    return call("archive-push", *words, path, codes=codes, cwd=bench.cluster.data)


def get(bench, name, *words, codes=(0,)):
    target = bench.dir / "got"
    target.unlink(missing_ok=True)
    ended = bench.ours("archive-get", *words, name, target, codes=codes)
    expect(target.exists() == (ended.code == 0), "the file is there when the exit status is 0", ended)
    expect(not list(bench.dir.glob("got.*")), "no temporary file is left")
    return ended


def archive(bench, repo="repo"):
    return bench.dir / repo / "archive" / lab.STANZA


def same(bench, name):
    equal(lab.sha256(bench.dir / "got"), lab.sha256(bench.cluster.data / "pg_wal" / name),
          f"content of {name}")
