# The resident archiver and a repository on another host: its connections, and the locks that they hold there.
# SPDX-License-Identifier: MIT
import time

import spooled
from case import test
from lab import equal
from other_host import over_ssh, over_tls
from resident import Server
from spooled import all_archived, push, waiting

SYNC = {"compress_type": "lz4"}
ASYNC = spooled.ASYNC


@test("archiver: a repository behind ssh", over_ssh, SYNC)
@test("archiver: a repository behind TLS", over_tls, SYNC, short=True)
@test("archiver: a repository behind TLS, asynchronously", over_tls, ASYNC)
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
