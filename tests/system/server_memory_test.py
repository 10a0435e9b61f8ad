# What one client can make a server hold in memory.
# SPDX-License-Identifier: MIT
import os
import pathlib
import re
import time

import lab
from case import test
from h2_client import Client
from lab import STANZA, expect
from other_host import over_tls

# Code, threads and their rooms, what a link lets in unread, heads of requests.
BASE_KIB = 64 * 1024


def held_kib(pid):
    """Without what processes share. The kernel tells no more about those that nobody may look into."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^RssAnon:\s+(\d+)", text, re.MULTILINE)[1])


def child_of(process):
    text = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return int(text[0]) if text else None


def printed_kib(other):
    found = re.search(r"one connection holds (\d+) MiB at most for (.*)", other.log())
    expect(found, "the server says how much a connection may hold", other.log())
    return int(found[1]) * 1024


def enter(other, kind):
    client = Client(other.authority, other.port, window=0)
    said = client.hello(f"--stanza={STANZA}", f"--remote-type={kind}", "--process-max=64",
                        "--repo=1", "--exec-id=1-0123abcd", "backup:remote")
    lab.wait_for(lambda: said in client.heads or client.closed, "the greeting is answered")
    expect(said in client.heads, "the client comes in", other.log())
    return client, child_of(other.process)


def peak_kib(pid, seconds=3.0):
    """Until it has not grown for a while."""
    highest, since = 0, time.monotonic()
    while time.monotonic() - since < seconds:
        if (now := held_kib(pid)) > highest + 1024:
            highest, since = now, time.monotonic()
        time.sleep(0.05)
    return highest


def check(other, client, pid, what):
    peak, limit = peak_kib(pid), printed_kib(other) + BASE_KIB
    expect(not client.closed, f"{what}: the client is still there", other.log())
    expect(peak <= limit, f"{what}: no more memory than the server says",
           f"{peak >> 10} MiB, {limit >> 10} MiB with what every process needs")
    expect(peak > printed_kib(other) // 4, f"{what}: the attack is one", f"{peak >> 10} MiB")


def noise(path, count):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(count))


# Not in the short rounds: sanitizers keep what was freed, a quarter of a GiB of it.
@test("server: reads, writes and lists of one client take no more memory than it says")
def reads_and_writes(bench):
    bench.cipher = ""
    other = over_tls(bench, "repo", {"repo1-path": bench.repo, "repo1-cipher-type": "aes-256-cbc",
                                     "repo1-cipher-pass": "x"})
    here = bench.repo / "backup" / STANZA
    noise(here / "large", (2 << 20) - 1024)  # A stream holds 2 MiB
    (here / "20260101-000000F").mkdir()
    for number in range(2000):
        (here / "20260101-000000F" / f"{number:0200}").touch()
    client, pid = enter(other, "repo")
    # What was read to its end and waits to be taken; then the largest requests there are.
    for _ in range(90):
        client.ask("/v1/storage/read", {"root": "repo", "path": f"backup/{STANZA}/large"})
    time.sleep(0.5)
    for _ in range(20):
        client.ask("/v1/storage/list", {"root": "repo", "path": f"backup/{STANZA}/20260101-000000F"})
    infos = [client.ask("/v1/repo/write-info", {"root": "repo", "path": f"backup/{STANZA}/backup.info"},
                        more=True) for _ in range(8)]
    for stream in infos:
        client.pour(stream, 31 << 20)
    check(other, client, pid, "reads, lists and writes")
    client.close()
    other.end()


@test("server: copies of one client take no more memory than it says, whatever it wants")
def copies(bench):
    other = over_tls(bench, "pg", {"repo1-path": bench.repo})
    noise(bench.cluster.data / "base" / "large", 6 << 20)
    noise(bench.cluster.data / "base" / "one", 1000 << 10)
    client, pid = enter(other, "pg")

    def begin():
        rules = b'{"compression":"zst","compress_level":22,"workers":64}'
        begun = client.ask("/v1/copy/begin", {}, rules)
        lab.wait_for(lambda: begun in client.heads, "a copy begins")
        return begun

    def copy(count, what):
        return [client.ask("/v1/copy/file", {"name": "n", "path": f"base/{what}"})
                for _ in range(count)]

    # Copies that are over, but whose answers nobody takes; then one with as many workers as there may be.
    for _ in range(3):
        begun, asked, until = begin(), copy(20, "one"), time.monotonic() + 3
        while not client.heads.issuperset(asked) and time.monotonic() < until:
            time.sleep(0.01)
        client.reset(begun)
    begin()
    copy(33, "large")
    for _ in range(27):
        client.ask("/v1/storage/read", {"root": "pg", "path": "base/large"})
    check(other, client, pid, "copies and reads")
    client.close()
    other.end()
