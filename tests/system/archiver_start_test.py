# When the resident archiver is started by the calls that it then answers.
# SPDX-License-Identifier: MIT
import os
import signal
import time

import lab
import spooled
from case import test
from lab import equal
from resident import end_all, process_of, servers
from spooled import all_archived, idle, push, waiting
from wal_files import prepared

SYNC = {"compress_type": "lz4"}
ASYNC = spooled.ASYNC
NEW = {"archive_server_start": "y"}


@test("archiver: the first push starts it when that is wanted", SYNC, short=True)
@test("archiver: the first push starts it when that is wanted, asynchronously", ASYNC)
def started(bench, settings):
    prepared(bench, **settings, **NEW)
    names = waiting(bench, range(1, 6))
    try:
        push(bench, names[0])
        idle(bench)
        lab.wait_for(lambda: process_of(bench), "it answers")
        first = process_of(bench)
        for name in names[1:4]:
            push(bench, name)
        equal(process_of(bench), first, "who answers")
        equal(len(servers(bench)), 1, "servers")
        os.kill(first, signal.SIGKILL)
        push(bench, names[4])
        idle(bench)
        lab.wait_for(lambda: process_of(bench) not in (None, first), "another one answers")
    finally:
        end_all(bench)
    all_archived(bench, names)


@test("archiver: one that cannot start is not started by every push")
def not_again_and_again(bench):
    long = bench.dir / ("so-long-" * 12)
    (bench.dir / "log").mkdir(mode=0o700)
    prepared(bench, **SYNC, **NEW, archive_server_path=long, log_level_file="info")
    names = waiting(bench, range(1, 7))
    begun = lambda: sum(path.read_text().count("archive-server command begin")
                       for path in (bench.dir / "log").glob("*archive-server*"))
    for name in names[:4]:
        push(bench, name)
    lab.wait_for(lambda: begun() == 1 and not servers(bench), "it was started")
    for name in names[4:5]:
        push(bench, name)
    note, = long.iterdir()
    os.utime(note, (time.time() - 61, time.time() - 61))
    push(bench, names[5])
    lab.wait_for(lambda: begun() == 2 and not servers(bench), "it was tried once more")
    all_archived(bench, names)
