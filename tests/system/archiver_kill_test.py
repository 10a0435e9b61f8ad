# The resident archiver is ended at any moment, and its callers with it.
# SPDX-License-Identifier: MIT
import os
import random
import signal
import time

import lab
import spooled
from case import test
from lab import OURS, equal, expect
from resident import Server, end_all, servers
from spooled import archived, idle, waiting
from wal_files import prepared

SYNC = {"compress_type": "lz4"}
ASYNC = spooled.ASYNC
NEW = {"archive_server_start": "y"}


@test("archiver: it is ended while it works", SYNC, short=True)
@test("archiver: it is ended while it works, asynchronously", ASYNC)
def ended_at_work(bench, settings):
    prepared(bench, **settings)
    names = waiting(bench, range(1, 31))
    with Server(bench) as server:
        calls = [lab.spawn(bench.argv(OURS, "archive-push", bench.cluster.data / "pg_wal" / name),
                           bench.dir / f"push-{name}.log") for name in names[:12]]
        time.sleep(0.05)
        equal(server.end(), 0, "exit status")
        expect("is left to others" not in server.log, "what was begun came to its end", server.log)
        for call, name in zip(calls, names):
            equal(call.wait(60), 0, f"status of {name}")
            equal(archived(bench).get(name), lab.sha1(bench.cluster.data / "pg_wal" / name), name)
    idle(bench)
    expect(not list(bench.repo.rglob("*.tmp")), "temporary files")


@test("archiver: kills in between lose nothing", {**SYNC, **NEW}, 25)
@test("archiver: kills in between lose nothing, asynchronously", {**ASYNC, **NEW}, 25)
@test("archiver: kills in between lose nothing, often", {**SYNC, **NEW}, 150, slow=True)
@test("archiver: kills in between lose nothing, asynchronously and often", {**ASYNC, **NEW}, 150, slow=True)
def killed(bench, settings, count):
    prepared(bench, **settings, repo2_path=bench.dir / "repo2")
    chance = random.Random(11)
    made = {}
    try:
        for number in range(1, count + 1):
            name, = waiting(bench, (number,))
            made[name] = lab.sha1(bench.cluster.data / "pg_wal" / name)
            while True:
                program = OURS
                call = lab.spawn(bench.argv(program, "archive-push", bench.cluster.data / "pg_wal" / name),
                                 bench.dir / "push.log")
                fate = chance.random()
                if fate < 0.6:
                    time.sleep(chance.random() * 0.15)
                    victims = (servers(bench) if fate < 0.35 else []) + (spooled.background(bench) if fate < 0.2 else [])
                    for process in victims:
                        try:
                            os.kill(process, signal.SIGKILL if chance.random() < 0.8 else signal.SIGTERM)
                        except ProcessLookupError:
                            pass
                    if not victims:
                        lab.kill_group(call)
                if call.wait(timeout=60) == 0:
                    break
            # What PostgreSQL was told is so at that moment.
            for repo in ("repo", "repo2"):
                equal(archived(bench, repo).get(name), made[name], f"{name} in {repo}")
            status = bench.cluster.data / "pg_wal/archive_status"
            (status / f"{name}.ready").rename(status / f"{name}.done")
            (bench.cluster.data / "pg_wal" / name).unlink()
    finally:
        end_all(bench)
    idle(bench)
    for repo in ("repo", "repo2"):
        equal(archived(bench, repo), made, f"{repo} has all")
