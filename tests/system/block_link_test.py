# Block incremental over links: only what changed crosses the wire, in backup and restore.
# SPDX-License-Identifier: MIT
import os
import re
import time

from case import test
from counted_port import CountedPort
from lab import OURS, equal, expect
from other_host import over_tls
from sftp_server import SftpServer

NOISE_BYTES = 24 << 20
LITTLE_BYTES = 4 << 20
BLOCKS = {"repo1_bundle": "y", "repo1_block": "y", "compress_type": "none"}
OFFLINE = "--no-online"


def add_noise(bench):
    """A file that no compression makes smaller, beside a cluster that does not run."""
    path = bench.cluster.data / "odd names/noise"
    path.write_bytes(os.urandom(NOISE_BYTES))
    return path


def change(path, *places):
    """Some bytes; the size stays. The next second, so that the time is another one."""
    time.sleep(1.1)
    with path.open("r+b") as file:
        for place in places:
            file.seek(place)
            file.write(os.urandom(100))


def count_on(bench, port, name):
    """The configuration leads through a port that counts."""
    counted = CountedPort(bench, port)
    text = bench.conf.read_text()
    expect(f"{name}={port}\n" in text, "the port is in the configuration", text)
    bench.conf.write_text(text.replace(f"{name}={port}\n", f"{name}={counted.port}\n"))
    return counted


@test("blocks: of another host's files only what changed crosses the wire", short=True)
def backup(bench):
    other = over_tls(bench, "pg", {"repo1-path": bench.repo}, **BLOCKS)
    counted = count_on(bench, other.port, "pg1-host-port")
    noise = add_noise(bench)
    bench.ours("stanza-create", OFFLINE)
    bench.ours("backup", OFFLINE)
    expect(counted.take() > NOISE_BYTES, "the full backup brings all of it")
    for words in (("--type=incr",), ("--type=incr", "--delta")):
        change(noise, 5 << 20, 19 << 20)
        bench.ours("backup", OFFLINE, *words)
        came = counted.take()
        expect(came < LITTLE_BYTES, f"bytes that {words} brings", came)
        stored = (bench.label_dir() / "pg_data/odd names/noise.pgbi").stat().st_size
        expect(stored < LITTLE_BYTES, "bytes that are stored", stored)
    bench.ours("backup", OFFLINE, "--type=incr", codes=(55,))  # nothing changed
    other.end()


def restored(bench, counted, noise):
    """A delta restore of one changed file reads its map and few blocks."""
    bench.ours("stanza-create", OFFLINE)
    bench.ours("backup", OFFLINE)
    change(noise, 5 << 20, 19 << 20)
    bench.ours("backup", OFFLINE, "--type=incr")
    target = bench.restore(OURS, bench.dir / "r", "--type=none")
    there = target.data / "odd names/noise"
    equal(there.read_bytes() == noise.read_bytes(), True, "the file is restored")
    counted.take()
    change(there, 19 << 20, 11 << 20)  # one block of the incr, one of the full
    bench.restore(OURS, bench.dir / "r", "--type=none", "--delta")
    came = counted.take()
    expect(came < LITTLE_BYTES, "bytes that a delta restore reads", came)
    equal(there.read_bytes() == noise.read_bytes(), True, "the file is restored again")


@test("blocks: a delta restore reads only blocks that it needs: TLS")
def restore_tls(bench):
    other = over_tls(bench, "repo", {"repo1-path": bench.repo}, **BLOCKS)
    counted = count_on(bench, other.port, "repo1-host-port")
    restored(bench, counted, add_noise(bench))
    other.end()


@test("blocks: a delta restore reads only blocks that it needs: SFTP")
def restore_sftp(bench):
    server = SftpServer(bench)
    counted = CountedPort(bench, server.port)
    known = server.home / "known"
    known.write_text(re.sub(rf"\]:{server.port} ", f"]:{counted.port} ", known.read_text()))
    server_options = server.options(repo1_sftp_host_port=counted.port)
    bench.configure(**server_options, **BLOCKS)
    restored(bench, counted, add_noise(bench))


@test("blocks: backups of another host into a repository behind SFTP")
def both(bench):
    server = SftpServer(bench)
    other = over_tls(bench, "pg", {"repo1-path": bench.repo}, **server.options(), **BLOCKS)
    counted = count_on(bench, other.port, "pg1-host-port")
    noise = add_noise(bench)
    bench.ours("stanza-create", OFFLINE)
    bench.ours("backup", OFFLINE)
    counted.take()
    change(noise, 5 << 20, 19 << 20)
    bench.ours("backup", OFFLINE, "--type=incr")
    expect(counted.take() < LITTLE_BYTES, "bytes that an incr brings")
    home = bench.dir / "r"
    bench.conf.write_text("".join(line for line in bench.conf.read_text().splitlines(True)
                                  if not line.startswith("pg1-host")))
    target = bench.restore(OURS, home, "--type=none")
    equal((target.data / "odd names/noise").read_bytes() == noise.read_bytes(), True, "it is restored")
    other.end()
