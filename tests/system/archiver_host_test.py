# The resident archiver and a repository on another host: its connections, and the locks that they hold there.
# SPDX-License-Identifier: MIT
import contextlib
import os
import signal
import time

import lab
import spooled
from case import test
from lab import OURS, equal, expect
from other_host import over_ssh, over_tls
from resident import Server, callers
from sftp_server import SftpServer, descendants
from spooled import all_archived, push, waiting

SYNC = {"compress_type": "lz4"}
ASYNC = spooled.ASYNC


def on_sftp(bench, _, place, **settings):
    bench.cipher = ""
    bench.configure(**SftpServer(bench).options(**settings))


@test("archiver: a repository behind ssh", over_ssh, SYNC)
@test("archiver: a repository behind TLS", over_tls, SYNC, short=True)
@test("archiver: a repository behind TLS, asynchronously", over_tls, ASYNC)
@test("archiver: a repository on SFTP", on_sftp, SYNC)
@test("archiver: a repository on SFTP, asynchronously", on_sftp, ASYNC)
def behind_a_network(bench, way, settings):
    way(bench, "repo", {"repo1-path": bench.repo}, **settings)
    bench.ours("stanza-create", "--no-online")
    with Server(bench) as server:
        names = []
        for number in range(1, 7):
            names += waiting(bench, (number,))
            push(bench, names[-1])
            if number == 3:
                time.sleep(1.5)  # Nothing is to be done: it lets the other host go.
                bench.ours("stanza-create", "--no-online")
        equal(server.end(), 0, "exit status")
    all_archived(bench, names)


@test("archiver: it ends while a repository hangs, and who asked does the work", SYNC, short=True)
@test("archiver: it ends while a repository hangs, and who asked does the work, asynchronously", ASYNC)
def hangs_at_the_end(bench, settings):
    bench.cipher = ""
    sftp = SftpServer(bench)
    bench.configure(**sftp.options(**settings))
    bench.ours("stanza-create", "--no-online")
    names = waiting(bench, (1,))
    with Server(bench) as server:
        push(bench, names[0])
        names += waiting(bench, (2,))
        frozen = [sftp.process.pid, *descendants(sftp.process.pid)]
        for process in frozen:
            with contextlib.suppress(ProcessLookupError):  # one that ends just then
                os.kill(int(process), signal.SIGSTOP)
        call = lab.spawn(bench.argv(OURS, "archive-push", bench.cluster.data / "pg_wal" / names[1]),
                         bench.dir / "push.log")
        lab.wait_for(lambda: callers(bench) == 1, "somebody asks the server")
        time.sleep(1)  # for what it was asked to come to the repository
        equal(server.end(), 0, "exit status")
        expect("is left to others" in server.log, "it says so", server.log)
        for process in frozen:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(process), signal.SIGCONT)
        equal(call.wait(60), 0, "status of who asked")
    spooled.idle(bench)
    all_archived(bench, names)
    expect(not list(bench.repo.rglob("*.tmp")), "temporary files")
