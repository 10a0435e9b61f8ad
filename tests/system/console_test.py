# Outputs that nobody reads, and what a signal leaves behind in the log.
# SPDX-License-Identifier: MIT
import os
import pathlib
import pty
import re
import signal
import subprocess
import termios

import lab
import paused
from case import test
from lab import OURS, STANZA, expect


def full_pipe():
    """A pipe that takes nothing more; nobody reads it."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)
    return reader, writer


def stopped_terminal():
    """A terminal whose user typed Ctrl-S."""
    reader, writer = pty.openpty()
    termios.tcflow(writer, termios.TCOOFF)
    return reader, writer


def start(bench, stream, out, *words):
    env = {name: value for name, value in os.environ.items() if not name.startswith("PGBRAID_")}
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: out}
    return subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL,
                            start_new_session=True, env=env, **streams)


def minds_signals(process):
    """Whether it has taken over SIGTERM by now."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    caught = int(re.search(r"SigCgt:\s*(\w+)", status)[1], 16)
    return caught >> (signal.SIGTERM - 1) & 1


def log_file(bench, command="backup"):
    path = bench.dir / "log" / f"{STANZA}-{command}.log"
    return path.read_text() if path.exists() else ""


def logged(bench, **settings):
    (bench.dir / "log").mkdir(exist_ok=True)
    return bench.ready(log_level_file="detail", **settings)


@test("console: a backup whose console nobody reads ends well, and its log file has every line")
def nobody_reads(bench):
    logged(bench)
    for make, stream, level in ((full_pipe, "stdout", "console"), (full_pipe, "stderr", "stderr"),
                                (stopped_terminal, "stdout", "console")):
        reader, writer = make()
        (bench.dir / f"log/{STANZA}-backup.log").unlink(missing_ok=True)
        process = start(bench, stream, writer, *bench.argv(
            OURS, "backup", "--type=full", f"--log-level-{level}=detail"))
        expect(process.wait(timeout=lab.COMMAND_LIMIT_S) == 0, f"the backup ends well ({stream})")
        os.close(writer)
        os.close(reader)
        text = log_file(bench)
        expect("backup command end: completed successfully" in text, "the log has its end", text)
        expect(text.count("DETAIL: backup file") > 100, "and every file", text)
        expect("nobody reads standard" in text, "and says who got nothing", text)
    paused.no_session(bench)


@test("console: SIGTERM ends whoever waits for a reader, and leaves neither lock nor session")
def signal_while_nobody_reads(bench):
    paused.slow_backup(bench)
    for make in (full_pipe, stopped_terminal):
        reader, writer = make()
        for words in (bench.argv(OURS, "info"), [OURS, "help"]):
            waiting = start(bench, "stdout", writer, *words)
            lab.wait_for(lambda: minds_signals(waiting), "it minds signals")
            waiting.send_signal(signal.SIGTERM)
            expect(waiting.wait(timeout=60) == 63, f"{words[-1]} ends with 63")
        known = bench.labels()
        process = start(bench, "stdout", writer, *bench.argv(OURS, "backup", "--type=full"))
        lab.wait_for(lambda: paused.copying(bench, known) or process.poll() is not None,
                     "the copy begins", 60, 0.002)
        process.send_signal(signal.SIGTERM)
        expect(process.wait(timeout=60) == 63, "the backup ends with 63")
        paused.no_session(bench)
        locks = list((bench.dir / "lock").glob("*.lock"))
        expect(not locks, "the lock files are gone", locks)
        os.close(writer)
        os.close(reader)


@test("console: a log file that nobody reads is no reason to wait either")
def log_file_is_a_pipe(bench):
    logged(bench)
    path = bench.dir / f"log/{STANZA}-backup.log"
    os.mkfifo(path)
    ended = bench.ours("backup")
    expect("goes on without a log file" in ended.text, "a WARN says so", ended)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    bench.ours("backup")
    os.close(reader)


@test("console: a command that a signal ended has its end line in the log file", short=True)
def end_line(bench):
    logged(bench, **paused.SLOW)
    (bench.cluster.data / "odd names/noise").write_bytes(os.urandom(paused.NOISE_BYTES))
    for number, name in ((signal.SIGTERM, "SIGTERM"), (signal.SIGINT, "SIGINT"),
                         (signal.SIGHUP, "SIGHUP")):
        process = paused.paused_backup(bench)
        os.kill(process.pid, number)
        paused.finish(bench, process, codes=(63,))
        expect(re.search(rf"P00   INFO: backup command end: terminated on signal {name}, while "
                         r"copying files: \d+% of \d+ bytes were done\n$", log_file(bench)),
               "the last line tells the signal and how far it came", log_file(bench))


@test("console: also where nobody could be asked to stop in order: while WAL is waited for")
def end_line_at_once(bench):
    logged(bench, archive_timeout="300")
    bench.cluster.sql("alter system set archive_command = '/bin/false pgbraid'")
    bench.cluster.sql("select pg_reload_conf()")
    bench.cluster.stop()
    bench.cluster.archive_command = "/bin/false pgbraid"
    bench.cluster.start()
    process = paused.spawn_backup(bench)
    lab.wait_for(lambda: "check archive for" in log_file(bench), "WAL is waited for")
    process.send_signal(signal.SIGTERM)
    expect(process.wait(timeout=60) == 63, "exit code 63")
    expect(re.search(r"\n\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} P00   INFO: backup command end: "
                     r"terminated on signal SIGTERM, while \w[\w ]+\n$", log_file(bench)),
           "the last line tells the signal and how far it came", log_file(bench))
    paused.no_session(bench)
