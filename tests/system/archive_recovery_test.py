# A recovery with WAL fetched ahead while one of two repositories is of no use: it ends with the right data.
# SPDX-License-Identifier: MIT
import datetime
import signal
import socket
import threading
import time

import lab
from campaign import Campaign
from case import test
from chaos import found, kill
from hostile import hostile
from installed import installed
from lab import STANZA, equal, expect, run
from other_host import Authority, OtherHost, free_port
from spooled import idle

TWO = ("repo", "repo2")
AHEAD = {"compress_type": "lz4", "archive_async": "y", "archive_get_queue_max": "32MiB",
         "archive_timeout": "10"}
# Stands in for ssh, and hangs while there is a file beside it.
SSH = """#!/bin/sh
while [ -e {hang} ]; do sleep 0.1; hung=1; done
[ -z "$hung" ] || exit 255
while [ $# -gt 1 ]; do shift; done
exec sh -c "$1"
"""


class Silent:
    """Listens, takes every connection, and says nothing."""

    def __init__(self):
        self.listener, self.taken = socket.create_server(("127.0.0.1", 0)), []
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self):
        try:
            while True:
                self.taken.append(self.listener.accept()[0])
        except OSError:
            pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        for one in [self.listener, *self.taken]:
            one.close()


def over_tls_at(bench, port):
    """As if repo1 were on a host that is asked at that port."""
    place = bench.dir / "tls"
    if not place.exists():
        Authority(place).issue("client")
    bench.configure(repo1_host="localhost", repo1_host_type="tls", repo1_host_port=port,
                    repo1_host_ca_file=place / "ca.crt", repo1_host_cert_file=place / "client.crt",
                    repo1_host_key_file=place / "client.key")


class Undisturbed:
    """A kind of trouble: `begin` before the recovery, `amid` once it is on its way, `end` after it."""

    def __init__(self, bench):
        self.bench = bench

    def begin(self):
        pass

    def amid(self):
        pass

    def end(self):
        pass


class Hangs(Undisturbed):
    def begin(self):
        self.silent = Silent()
        over_tls_at(self.bench, self.silent.port)

    def end(self):
        expect(self.silent.taken, "it was asked")
        self.silent.close()


class Refuses(Undisturbed):
    def begin(self):
        over_tls_at(self.bench, free_port())


class Stops(Undisturbed):
    """It works at first; then its processes are stopped, and new ones come to nothing."""

    def begin(self):
        bench = self.bench
        self.other = OtherHost(bench, {"repo1-path": bench.repo})
        ssh, self.hang = bench.dir / "ssh", bench.dir / "hang"
        lab.put_script(ssh, SSH.format(hang=self.hang))
        bench.configure(cmd_ssh=ssh, repo1_host="other-host", repo1_host_user="somebody", repo1_host_cmd=lab.OURS,
                        repo1_host_config=self.other.conf)

    def amid(self):
        self.hang.touch()
        for process in found(f"--config={self.other.conf} "):
            kill(process, signal.SIGSTOP)

    def end(self):
        for process in found(f"--config={self.other.conf} "):
            kill(process)
        self.hang.unlink()


class Lies(Undisturbed):
    """Its files are damaged, cut off, or have another's content."""

    def begin(self):
        files = sorted((self.bench.repo / "archive" / STANZA).glob("*/*/0*.lz4"))
        contents = [path.read_bytes() for path in files]
        with hostile("WAL segments", len(files)):
            for number, (path, data) in enumerate(zip(files, contents)):
                middle = len(data) // 2
                path.write_bytes((data[:middle] + bytes([data[middle] ^ 0x55]) + data[middle + 1:], data[:middle],
                                  contents[number - 1], b"")[number % 4])


def between_segments_s(target):
    """From the first segment that was restored to the last one."""
    times = [datetime.datetime.fromisoformat(line[:23]) for line in target.log().splitlines()
             if 'restored log file "' in line]
    return (times[-1] - times[0]).total_seconds()


def recovered(bench, front, kind, number, work, wanted):
    """Restores and replays all WAL amid this trouble. Returns how long that took, and how long the segments alone
    did: histories, which are asked for before and after them, are waited for longer."""
    kept = dict(bench.settings)
    home = bench.dir / f"r{number}"
    for part in ("pg", "linked"):
        (home / part).mkdir(parents=True, mode=0o700)
    bench.configure(spool_path=home / "spool")
    run([front, f"--config={bench.conf}", f"--stanza={STANZA}", "restore", f"--pg1-path={home / 'pg'}",
         "--type=name", "--target=the end", "--target-action=promote", "--link-all", f"--tablespace-map-all={home / 'ts'}"])
    trouble = kind(bench)
    trouble.begin()
    target = lab.Cluster(home)
    bench.started.append(target)
    began = time.monotonic()
    # PostgreSQL would ask for WAL that lies after the point, and be stopped.
    target.start(archive_mode="off", recovery_prefetch="off")
    trouble.amid()
    target.wait_promoted(600)
    seconds = time.monotonic() - began
    equal(work.sums(target), wanted, f"the table after a recovery: {kind.__name__}")
    target.stop()
    trouble.end()
    idle(bench)
    bench.settings = kept
    bench.configure()
    return seconds, between_segments_s(target)


FEW, MANY = 40, 1000


@test("recovery: one of two repositories stops on the way, or lies", FEW, [Stops, Lies])
@test("recovery: one of two repositories hangs, or refuses", FEW, [Hangs, Refuses], slow=True)
@test("recovery: one of two repositories is of no use, much WAL", MANY, [Undisturbed, Hangs, Refuses, Stops, Lies],
      slow=True)
def recovery(bench, count, kinds):
    front = installed(bench)
    bench.configure(**AHEAD, repo2_path=bench.dir / "repo2", repo2_retention_full="9")
    work = Campaign(bench, TWO, {})
    bench.cluster.archive_command = bench.push_command(front)
    bench.cluster.start()
    work.begin(2)
    work.load(count)
    # Where one repository cannot be asked nobody knows the end of WAL: recovery goes to a point before it.
    wanted = work.settle()
    bench.cluster.sql("select pg_create_restore_point('the end')")
    for _ in range(3):
        work.settle()
    made = work.compare()
    idle(bench)
    bench.cluster.stop()
    for number, kind in enumerate(kinds):
        whole, segments = recovered(bench, front, kind, number, work, wanted)
        print(f"       recovery of {made} segments, {kind.__name__}: {whole:.1f} s, of which they took {segments:.1f} s",
              flush=True)
