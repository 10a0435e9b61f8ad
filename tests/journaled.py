# WAL that waits in the journal of a repository: calls as PostgreSQL makes them, and what is kept.
# SPDX-License-Identifier: MIT
import lab
from lab import OURS, STANZA, equal
from spooled import idle
from wal_files import make_wal, prepared, segment

SYNC = {"compress_type": "lz4", "archive_require": "1"}
ASYNC = {**SYNC, "archive_async": "y"}


def two(bench, **settings):
    return prepared(bench, repo2_path=bench.dir / "repo2", **settings)


def journal(bench, repo=2):
    return bench.dir / "spool/journal" / STANZA / f"repo{repo}"


def kept(bench, repo=2):
    """Names of the WAL files that wait, oldest first; each must have the content its name says."""
    found = []
    for path in sorted(journal(bench, repo).glob("*")):
        name, _, checksum = path.name.partition("-")
        if len(checksum) == 40:
            equal(lab.sha1(path), checksum, f"content of {path.name}")
            found.append(name)
    return found


def gaps(bench, repo=2):
    return sorted(path.name for path in journal(bench, repo).glob("*.gap"))


def due(bench, repo=2):
    """As if the pause after a failure were over."""
    (journal(bench, repo) / "hold").unlink(missing_ok=True)


def down(bench, repo="repo2"):
    idle(bench)  # It would go on with what it found, and make the directory anew.
    stanza = bench.dir / repo / "archive" / STANZA
    stanza.rename(stanza.with_name("gone"))


def up(bench, repo="repo2"):
    stanza = bench.dir / repo / "archive" / STANZA
    stanza.with_name("gone").rename(stanza)


def make(bench, numbers):
    """Segments that PostgreSQL waits for; returns the SHA-1 of each by name."""
    made = {}
    for number in numbers:
        name = segment(number)
        make_wal(bench, name, b"wal %d" % number)
        (bench.cluster.data / "pg_wal/archive_status" / f"{name}.ready").touch()
        made[name] = lab.sha1(bench.cluster.data / "pg_wal" / name)
    return made


def push(bench, name, *words, program=OURS, codes=(0,), recycle=True):
    """As PostgreSQL does: a file that is archived is used again for other WAL."""
    ended = bench.call(program, "archive-push", *words, f"pg_wal/{name}", codes=codes,
                       cwd=bench.cluster.data)
    if ended.code == 0:
        status = bench.cluster.data / "pg_wal/archive_status"
        (status / f"{name}.ready").rename(status / f"{name}.done")
        if recycle:
            with open(bench.cluster.data / "pg_wal" / name, "r+b", buffering=0) as file:
                file.write(b"\xee" * (1 << 20))
    return ended
