# WAL that goes through the spool: calls as PostgreSQL makes them, and what came of them.
# SPDX-License-Identifier: MIT
import subprocess

import lab
from lab import OURS, STANZA, equal, expect
from wal_files import make_wal, segment

ASYNC = {"archive_async": "y", "compress_type": "lz4"}


def part(bench, name):
    return bench.dir / "spool/archive" / STANZA / name


def waiting(bench, numbers, fill=b"wal %d"):
    """Segments that PostgreSQL waits for; returns their names."""
    names = [segment(number) for number in numbers]
    for number, name in zip(numbers, names):
        make_wal(bench, name, fill % number)
        wait_for_it(bench, name)
    return names


def wait_for_it(bench, name):
    (bench.cluster.data / "pg_wal/archive_status" / f"{name}.ready").touch()


def push(bench, name, *words, program=OURS, codes=(0,)):
    """As PostgreSQL does: what is archived is not waited for any more."""
    ended = bench.call(program, "archive-push", *words, f"pg_wal/{name}", codes=codes,
                       cwd=bench.cluster.data)
    if ended.code == 0:
        status = bench.cluster.data / "pg_wal/archive_status"
        (status / f"{name}.ready").rename(status / f"{name}.done")
    return ended


def get(bench, name, *words, program=OURS, codes=(0,)):
    target = bench.dir / "got"
    target.unlink(missing_ok=True)
    ended = bench.call(program, "archive-get", *words, name, target, codes=codes)
    equal(target.exists(), ended.code == 0, f"{name} is there when the exit status is 0")
    if ended.code == 0:
        equal(lab.sha1(target), lab.sha1(bench.cluster.data / "pg_wal" / name), f"content of {name}")
    return ended


def background(bench):
    """Processes that go on for this Lab."""
    found = subprocess.run(["pgrep", "-f", "--", f"--config={bench.conf} .*:async"], capture_output=True,
                           text=True).stdout.split()
    return [int(one) for one in found]


def idle(bench):
    lab.wait_for(lambda: not background(bench), "the background process ends", 60)


def archived(bench, repo="repo"):
    """Names of segments in the archive; each must hold what its name says."""
    found = {}
    for path in (bench.dir / repo / "archive" / STANZA).glob("*/*/*"):
        if len(path.name) > 64 and path.name[24] == "-" and not path.name.endswith(".tmp"):
            expect(path.name[:24] not in found, f"{path.name[:24]} is there once")
            found[path.name[:24]] = path.name[25:65]
    return found


def all_archived(bench, names, repo="repo"):
    there = archived(bench, repo)
    for name in names:
        equal(there.get(name), lab.sha1(bench.cluster.data / "pg_wal" / name), f"{name} in {repo}")
