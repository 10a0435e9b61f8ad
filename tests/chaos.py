# Misfortune by a fixed seed while a cluster archives: who is killed, what goes away and comes back.
# SPDX-License-Identifier: MIT
import collections
import ctypes
import os
import random
import signal
import subprocess
import threading
import time

import lab
from archive_module import archivers
from lab import expect
from sftp_server import descendants
from spooled import background

AT_FDCWD, RENAME_EXCHANGE = -100, 2
PATIENCE_S = 1.5  # How long it waits for progress before the next blow,
VICTIM_S = 0.5  # and for somebody whom it can meet.
RESTART_LIMIT_S = 60

_libc = ctypes.CDLL(None, use_errno=True)


def exchange(one, other):
    """Swaps two names at once: no moment in which somebody could make the missing one anew."""
    failed = _libc.renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE)
    expect(failed == 0, f"'{one}' and '{other}' change places: {os.strerror(ctypes.get_errno())}")


def found(pattern):
    """Processes whose command line matches."""
    out = subprocess.run(["pgrep", "-f", "--", pattern], capture_output=True, text=True).stdout.split()
    return [int(one) for one in out]


def kill(process, number=signal.SIGKILL):
    try:
        os.kill(process, number)
    except ProcessLookupError:
        pass


class Chaos:
    """Within the block a deed of `names` is done after every few archived segments, `step` on average.
    `done` tells how many are archived. At the end of the block all is whole again; `counts` has what was done."""

    def __init__(self, bench, done, names, step, other=None, sftp=None, seed=13):
        self.bench, self.done, self.names, self.step = bench, done, names, step
        self.other, self.sftp = other, sftp
        self.chance = random.Random(seed)
        self.counts = collections.Counter()
        self.pending = []  # (time, what puts it right)
        self.away = set()
        self.over = threading.Event()
        self.trouble = None
        self.thread = threading.Thread(target=self._go, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, _value, _trace):
        self.over.set()
        self.thread.join()
        self._put_right(everything=True)
        if self.trouble and not kind:
            raise self.trouble

    def _go(self):
        try:
            while not self.over.is_set():
                self._wait()
                name = self.chance.choice(self.names)
                self.counts[name] += self._met(getattr(self, name))
        except Exception as trouble:  # The test's own thread tells of it.
            self.trouble = trouble

    def _met(self, deed):
        end = time.monotonic() + VICTIM_S
        while not self.over.is_set() and time.monotonic() < end:
            if deed():
                return True
            time.sleep(0.005)
        return False

    def _wait(self):
        wanted = self.done() + self.chance.randint(1, 2 * self.step)
        end = time.monotonic() + PATIENCE_S
        while not self.over.is_set() and self.done() < wanted and time.monotonic() < end:
            self._put_right()
            time.sleep(0.01 + 0.02 * self.chance.random())

    def _put_right(self, everything=False):
        now = time.monotonic()
        due = [one for one in self.pending if everything or one[0] <= now]
        self.pending = [one for one in self.pending if one not in due]
        for _, repair in due:
            repair()

    def _later(self, repair):
        self.pending.append((time.monotonic() + 0.1 + 2.5 * self.chance.random(), repair))

    def _one_of(self, processes):
        """Kills one of them; true where there was one."""
        if processes:
            kill(self.chance.choice(processes), signal.SIGKILL if self.chance.random() < 0.8 else signal.SIGTERM)
        return bool(processes)

    # Deeds. Each returns whether it met somebody.

    def foreground(self):
        # The shell around it is spared: PostgreSQL ends its archiver for ten seconds then.
        calls = found(rf"^\S*pgbraid\S* .*--config={self.bench.conf} .*archive-push .*pg_wal/")
        calls = [one for one in calls if one not in background(self.bench)]
        if calls:
            kill(self.chance.choice(calls))  # SIGTERM ends it with an error, as any other.
        return bool(calls)

    def async_half(self):
        return self._one_of(background(self.bench))

    def resident(self):
        return self._one_of(archivers(self.bench))

    def postgresql(self):
        """Not even a chance to say why; often its processes survive it for a moment."""
        cluster = self.bench.cluster
        postmaster = int((cluster.data / "postmaster.pid").read_text().split()[0])
        children = descendants(postmaster)
        kill(postmaster)
        if self.chance.random() < 0.5:
            for one in children:
                kill(one)
        end = time.monotonic() + RESTART_LIMIT_S
        while True:
            try:
                cluster.start()
                return True
            except lab.Failure:  # Processes that are left hold the shared memory.
                expect(time.monotonic() < end, "PostgreSQL starts again", cluster.log())

    def repository(self):
        """One of them goes, as a file system that is not mounted, and comes back."""
        repo = self.bench.dir / self.chance.choice(self.repositories())
        if repo in self.away:
            return False
        gone = repo.with_name(f"{repo.name}.gone")
        if not gone.exists():
            gone.mkdir(mode=0o555)
        exchange(repo, gone)
        self.away.add(repo)
        self._later(lambda: (exchange(repo, gone), self.away.discard(repo)))
        return True

    def repositories(self):
        return [name for name in ("repo", "repo2") if (self.bench.dir / name).exists()]

    def connection(self):
        """The other end of a connection."""
        if self.sftp:
            return self._one_of(descendants(self.sftp.process.pid))
        if self.other.process:
            return self._one_of(descendants(self.other.process.pid))
        return self._one_of(found(f"--config={self.other.conf} "))

    def server(self):
        """What listens on the other host goes, and is back a little later."""
        server = self.sftp or self.other
        if server.process.poll() is not None:
            return False
        server.stop()
        self._later(server.start)
        return True
