# Backups that are slow enough to be caught in their middle.
# SPDX-License-Identifier: MIT
import os
import re
import signal

import lab
from lab import OURS, equal, expect

# Slow enough to hit a backup in its middle: one worker, the slowest compression, a file of noise.
SLOW = {"compress_type": "bz2", "process_max": "1"}
NOISE_BYTES = 12 << 20


def slow_backup(bench, **settings):
    bench.ready(**{**SLOW, **settings})
    (bench.cluster.data / "odd names/noise").write_bytes(os.urandom(NOISE_BYTES))


def spawn_backup(bench, *words):
    kind = () if any(word.startswith("--type") for word in words) else ("--type=full",)
    return lab.spawn(bench.argv(OURS, "backup", *kind, *words), bench.dir / "backup.log")


def copying(bench, known):
    """Whether the repository holds a part of the noise of a backup that is not `known`."""
    return any(list(bench.label_dir(label).glob("pg_data/odd names/noise*"))
               for label in bench.labels() if label not in known)


def paused_backup(bench, *words):
    """A backup that is stopped (SIGSTOP) in its longest file; the smaller ones come later."""
    known = bench.labels()
    process = spawn_backup(bench, *words)
    lab.wait_for(lambda: copying(bench, known) or process.poll() is not None, "the copy begins", 60, 0.002)
    os.killpg(process.pid, signal.SIGSTOP)
    expect(process.poll() is None, "the backup was caught in its middle", log_of(bench))
    return process


def log_of(bench):
    return (bench.dir / "backup.log").read_text(errors="replace")


def finish(bench, process, codes=(0,)):
    os.killpg(process.pid, signal.SIGCONT)
    code = process.wait(timeout=120)
    expect(code in codes, f"exit {code} instead of {codes}", log_of(bench))


def no_session(bench):
    """PostgreSQL has no backup session of ours any more."""
    bench.cluster.wait_sql("select count(*) from pg_stat_activity where pid <> pg_backend_pid() "
                           "and backend_type = 'client backend'", "0")


def verified(bench, wanted_labels):
    """Both programs list exactly these labels; pgBackRest finds nothing wrong with them."""
    for call in (bench.ours, bench.peer):
        stanza = call("info", "--output=json").json()[0]
        equal(stanza["status"]["code"], 0, "status in info")
        equal([entry["label"] for entry in stanza["backup"]], wanted_labels, "labels in info")
    text = bench.peer("verify", "--output=text", "--verbose").text
    for label in wanted_labels:
        part = re.search(rf"backup: {label}, status: (\w+)", text)
        expect(part and part[1] == "valid", f"verify finds {label} valid", text)
