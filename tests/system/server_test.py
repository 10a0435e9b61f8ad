# `server` and those who mean it no good: crowds, the slow, floods, and a host short of descriptors.
# SPDX-License-Identifier: MIT
from concurrent.futures import ThreadPoolExecutor
import os
import pathlib
import re
import resource
import socket
import ssl
import struct
import time

import lab
from case import test
from h2_client import Client
from hostile import hostile
from lab import equal, expect
from other_host import answers, over_tls

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = bytes(3) + b"\4\0" + bytes(4)
PING = b"\0\0\10\6\0" + bytes(4) + b"12345678"
# The server waits 10 s for a handshake and 3 s for a greeting; a loaded machine takes its time.
CLOSED_WITHIN_S = 60


def children(process):
    text = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(word) for word in text.split()]


def memory_kib(pids):
    """Of all of them together; what a child shares with the server counts for both. The kernel
    tells no more about processes that nobody may look into."""
    total = 0
    for pid in pids:
        try:
            text = pathlib.Path(f"/proc/{pid}/status").read_text()
        except FileNotFoundError:
            continue  # It ended meanwhile.
        if held := re.search(r"^RssAnon:\s+(\d+)", text, re.MULTILINE):
            total += int(held[1])
    return total


def cpu_s(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def knock(port, says=b""):
    """A connection that is not waited for."""
    line = socket.socket()
    line.setblocking(False)
    line.connect_ex(("127.0.0.1", port))
    if says:
        try:
            line.send(says)
        except OSError:
            pass
    return line


def still_serves(bench, other):
    lab.wait_for(lambda: not children(other.process), "all connections ended, and their locks are free")
    bench.ours("stanza-create", "--no-online")
    lab.wait_for(lambda: not children(other.process), "all connections ended")
    expect(lab.printable(other.log().encode()), "the log of the server is text")


@test("server: 500 connections at once cost little, and a proper client is served meanwhile")
@hostile("connections without certificate, rule or greeting", 500)
def crowd(bench):
    bench.cipher = ""
    other = over_tls(bench, "repo", {"repo1-path": bench.repo})
    resource.prlimit(other.process.pid, resource.RLIMIT_NOFILE, (200, 200))
    begun_hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    lines = [knock(other.port, begun_hello if n % 2 else b"") for n in range(500)]
    lab.wait_for(lambda: len(children(other.process)) >= 100, "the crowd comes in")
    bench.ours("stanza-create", "--no-online")
    crowd = children(other.process)
    expect(len(crowd) <= 130, "processes for strangers are limited", len(crowd))
    used = memory_kib([other.process.pid, *crowd])
    expect(0 < used < 512 * 1024, "memory is limited", f"{used} KiB")
    for line in lines:
        line.close()
    still_serves(bench, other)
    expect("Too many open files" not in other.log(), "200 descriptors are enough", other.log())
    other.end()


def guests_of(other, name):
    return other.log().count(f"client '{name}' at")


def fill(other, name, wanted, more):
    """Connections that greet and stay; of `wanted` and `more` the first get in."""
    held = []
    for number in range(wanted + more):
        one = Client(other.authority, other.port, name)
        said = one.hello("--stanza=demo", "--remote-type=repo", "--repo=1", f"--exec-id={number}-0123abcd",
                         "backup:remote")
        lab.wait_for(lambda: said in one.ended or one.closed, "the greeting is answered")
        held.append(one)
    equal(guests_of(other, name), wanted, f"connections of '{name}'")
    return held


@test("server: who takes all places that it can get keeps nobody else out, and is named", short=True)
def full_house(bench):
    bench.cipher = ""
    other = over_tls(bench, "repo", {"repo1-path": bench.repo}, auth=("client=demo", "second=demo", "third=demo"),
                     names=("server", "client", "second", "third"))
    held = fill(other, "third", 64, 2)
    expect("one client has 64 connections at most" in other.log(), "the log says how many", other.log())
    expect(re.search("WARN: client 'third' gets no further connection: of 256 places 'third' has 64", other.log()),
           "the log says who has them", other.log())
    held += fill(other, "second", 1, 0)
    # Strangers who say nothing have to go before the time of a handshake is over, which is what the warning tells.
    lines = [knock(other.port) for _ in range(160)]
    lab.wait_for(lambda: "WARN: 128 connections have not said who they are: '127.0.0.1' has" in other.log(),
                 "the log says where strangers come from")
    bench.ours("stanza-create", "--no-online")
    expect(not any(one.closed for one in held[:64] + held[-1:]), "who is in stays", other.log())
    for one in [*lines, *held]:
        one.close()
    still_serves(bench, other)
    other.end()


def over(context, port):
    line = socket.create_connection(("127.0.0.1", port), 30)
    return context.wrap_socket(line, server_hostname="localhost")


def drip(line, what):
    """Sends a byte now and then, for ever, and then looks whether somebody is there."""
    line.settimeout(0.2)
    for at in range(10 ** 6):
        line.sendall(what[at % len(what):][:1])
        try:
            if not line.recv(4096):
                return
        except TimeoutError:
            pass


def listen(line):
    line.settimeout(CLOSED_WITHIN_S + 10)
    while line.recv(65536):
        pass


def repeat(line, what, pause_s=0.0):
    line.settimeout(0.01)
    while True:
        line.sendall(what)
        time.sleep(pause_s)
        try:
            if not line.recv(65536):
                return
        except TimeoutError:
            pass


def until_closed(open_line, behave):
    """How long the server puts up with it."""
    begun = time.monotonic()
    line = open_line()
    try:
        behave(line)
    except OSError:  # ssl.SSLError is one
        pass
    line.close()
    return time.monotonic() - begun


@test("server: who never finishes its handshake or greeting, or floods, is sent away in time")
def slow_and_loud(bench):
    bench.cipher = ""
    other = over_tls(bench, "repo", {"repo1-path": bench.repo, "io-timeout": "3"})
    home = other.authority.home
    context = ssl.create_default_context(cafile=str(home / "ca.crt"))
    context.load_cert_chain(home / "client.crt", home / "client.key")
    context.set_alpn_protocols(["h2"])

    def plain():
        return socket.create_connection(("127.0.0.1", other.port), 30)

    def secured():
        return over(context, other.port)

    hello = PREFACE + SETTINGS
    # A client's first record says that 512 bytes follow.
    record = b"\x16\x03\x01\x02\x00" + bytes(512)
    headers = struct.pack(">I", 4)[1:] + b"\1\0" + struct.pack(">I", 1) + b"\x82\x87\x84\x41"
    guests = {
        "silence": (plain, listen),
        "a handshake drop by drop": (plain, lambda line: drip(line, record)),
        "silence behind the handshake": (secured, listen),
        "HTTP/2 drop by drop": (secured, lambda line: drip(line, PREFACE)),
        "pings without a greeting": (secured, lambda line: (line.sendall(hello),
                                                            repeat(line, PING, 0.5))),
        "a flood of pings": (secured, lambda line: (line.sendall(hello), repeat(line, PING * 1000))),
        "a flood of settings": (secured, lambda line: (line.sendall(hello),
                                                       repeat(line, SETTINGS * 1000))),
        "headers without end": (secured, lambda line: (
            line.sendall(hello + headers), repeat(line, (bytes(3) + b"\x09\0\0\0\0\1") * 1000))),
        "a frame too large": (secured, lambda line: (
            line.sendall(hello + b"\xff\xff\xff\0\0\0\0\0\1"), repeat(line, bytes(65536)))),
        "noise": (secured, lambda line: (line.sendall(hello), repeat(line, os.urandom(10000)))),
    }
    with ThreadPoolExecutor(len(guests)) as pool:
        stays = {name: pool.submit(until_closed, *guest) for name, guest in guests.items()}
        bench.ours("stanza-create", "--no-online")
        for name, stay in stays.items():
            with hostile("connections without certificate, rule or greeting"):
                took = stay.result(timeout=CLOSED_WITHIN_S + 30)
                expect(took < CLOSED_WITHIN_S, f"{name}: sent away in time", took)
    for why in ("no greeting came that is accepted", "too many frames that move nothing",
                "broke the rules of HTTP/2"):
        expect(why in other.log(), f"the log says '{why}'", other.log())
    still_serves(bench, other)
    other.end()


@test("server: short of descriptors it waits, warns once, and serves when there are some again",
      short=True)
@hostile("connections without certificate, rule or greeting", 30)
def short_of_descriptors(bench):
    bench.cipher = ""
    other = over_tls(bench, "repo", {"repo1-path": bench.repo})
    server = other.process
    limits = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (3, limits[1]))  # No new ones.
    lines = [knock(other.port) for _ in range(30)]
    lab.wait_for(lambda: "connections wait" in other.log(), "the server notices")
    before = cpu_s(server)
    time.sleep(3)
    spent = cpu_s(server) - before
    expect(spent < 1, "waiting costs next to nothing", f"{spent} s in 3 s")
    equal(other.log().count("connections wait"), 1, "warnings")
    expect("Too many open files" in other.log(), "the reason is told", other.log())
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, limits)
    bench.ours("stanza-create", "--no-online")
    for line in lines:
        line.close()
    still_serves(bench, other)
    other.end()


@test("server: the peer's own server and client speak another protocol, and are told so")
@hostile("output that is no protocol", 2)
def other_protocol(bench):
    bench.cipher = ""
    other = over_tls(bench, "repo", {"repo1-path": bench.repo})
    # Its client reports what is wrong and ends; we go on.
    refused = bench.peer("stanza-create", "--no-online", "--protocol-timeout=10", "--db-timeout=5",
                         codes=None)
    expect(refused.code != 0, "its client ends with an error", refused)
    still_serves(bench, other)
    other.end()
    its_log = other.home / "peer.log"
    its_server = lab.spawn([lab.PEER, f"--config={other.conf}", "server"], its_log)
    lab.wait_for(lambda: answers(other.port), "its server answers")
    refused = bench.ours("stanza-create", "--no-online", "--io-timeout=5", codes=None)
    expect(re.search(r"ERROR: \[0(39|49)\]", refused.text), "our client ends with an error", refused)
    expect("completed successfully" not in refused.text, "nothing came of it", refused)
    its_server.terminate()
    its_server.wait(timeout=30)
