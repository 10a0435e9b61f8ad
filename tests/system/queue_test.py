# archive-push-queue-max and stalls: watched by the clock, whatever hangs.
# SPDX-License-Identifier: MIT
import os
import signal

import lab
from case import test
from lab import OURS, STANZA, equal, expect
from spooled import archived, background, idle, push, waiting
from wal_files import prepared, segment


def hang(bench, **settings):
    """Puts repo1 behind an ssh that never says anything."""
    ssh = bench.dir / "ssh"
    lab.put_script(ssh, "#!/bin/sh\nexec sleep 600\n")
    bench.configure(cmd_ssh=ssh, repo1_host="other-host", repo1_host_user="somebody", **settings)


def start_push(bench, name):
    return lab.spawn(bench.argv(OURS, "archive-push", bench.cluster.data / "pg_wal" / name),
                     bench.dir / f"{name}.log")


def end_background(bench):
    for process in background(bench):
        os.kill(process, signal.SIGTERM)
    idle(bench)


@test("queue: what hangs does not hide that too much WAL waits", short=True)
def hanging(bench):
    prepared(bench, archive_push_queue_max="3MiB")
    hang(bench)
    name = waiting(bench, (1,))[0]
    call = start_push(bench, name)
    lab.wait_for(lambda: "archive-push command begin" in (bench.dir / f"{name}.log").read_text(),
                 "the call has begun")
    expect(call.poll() is None, "it waits")
    # PostgreSQL goes on writing.
    waiting(bench, range(2, 5))
    equal(call.wait(timeout=60), 0, "exit status")
    said = (bench.dir / f"{name}.log").read_text()
    expect(f"WARN: dropped WAL file '{name}' because archive queue exceeded 3MB" in said, "told", said)
    marker = bench.dir / "spool/journal" / STANZA / "repo1" / f"{name}-{name}.gap"
    expect(marker.exists(), "a marker")


@test("queue: the same, asynchronously, and again and again while it hangs", short=True)
def hanging_async(bench):
    prepared(bench, archive_push_queue_max="3MiB", archive_async="y", archive_timeout="60")
    hang(bench)
    try:
        name = waiting(bench, (1,))[0]
        call = start_push(bench, name)
        lab.wait_for(lambda: background(bench), "the background process is at work")
        names = [name, *waiting(bench, range(2, 5))]
        equal(call.wait(timeout=60), 0, "exit status")
        for one in names:
            ended = push(bench, one)
            expect(f"dropped WAL file '{one}'" in ended.text, "told", ended)
        equal(len(background(bench)), 1, "background processes")
        for one in waiting(bench, range(5, 9)):
            ended = push(bench, one)
            expect(f"dropped WAL file '{one}'" in ended.text, "told", ended)
        equal([path.name for path in (bench.dir / "spool/journal" / STANZA / "repo1").glob("*.gap")],
              [f"{segment(1)}-{segment(8)}.gap"], "one gap")
    finally:
        end_background(bench)


@test("queue: a gap of dropped WAL is shown for each repository that misses it")
def shown(bench):
    prepared(bench, repo2_path=bench.dir / "repo2", archive_push_queue_max="2MiB")
    names = waiting(bench, range(1, 4))
    push(bench, names[0])
    push(bench, names[1])
    equal(archived(bench), {names[1]: archived(bench, "repo2")[names[1]]}, "archived")
    words = bench.ours("info").text
    for repo in (1, 2):
        expect(f"repo{repo}: gap since " in words and f": {names[0]}/{names[0]}\n" in words, "the gap", words)
        summed = bench.ours("verify", f"--repo={repo}", "--output=text").text
        expect("status: ok\n  gap since " in summed and f": {names[0]}/{names[0]}\n" in summed, "verify", summed)
        told = bench.ours("verify", f"--repo={repo}", "--output=json", "--log-level-console=off").json()
        equal([one["wal"] for one in told["gap"]], [{"start": names[0], "stop": names[0]}], "verify")


@test("queue: a stall is told in the log of the background process")
def stall(bench):
    (bench.dir / "log").mkdir(mode=0o750)
    prepared(bench, archive_async="y", archive_timeout="2", log_level_file="warn")
    hang(bench)
    try:
        name = waiting(bench, (1,))[0]
        push(bench, name, codes=(82,))
        log = bench.dir / "log" / f"{STANZA}-archive-push-async.log"
        lab.wait_for(lambda: log.exists() and "WARN: no WAL file was archived for" in log.read_text(),
                     "told")
        expect(f"the first is '{name}'" in log.read_text(), "which", log.read_text())
    finally:
        end_background(bench)
