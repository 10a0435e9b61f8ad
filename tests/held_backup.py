# A backup that lasts as long as a test wants.
# SPDX-License-Identifier: MIT
import subprocess

import lab
from lab import OURS, expect


def backup_meanwhile(bench, meanwhile):
    """A backup that ends no sooner than `meanwhile`, which begins when files are copied: its last segment is not
    archived."""
    hold, log = bench.dir / "hold", bench.dir / "backup.log"
    lab.put_script(bench.dir / "push", f"#!/bin/sh\nwhile [ -e {hold} ]; do sleep 0.05; done\n"
                   + "exec " + bench.push_command(OURS).replace("%p", '"$1"') + "\n")
    bench.cluster.sql("create table later as select i, repeat('x', 1000) t from generate_series(1, 10000) i; checkpoint")
    bench.cluster.stop()
    bench.cluster.archive_command = f"{bench.dir}/push %p"
    bench.cluster.start()
    with open(log, "wb") as out:
        process = subprocess.Popen([str(word) for word in bench.argv(OURS, "backup", "--type=full", "--archive-timeout=60")],
                                   stdout=out, stderr=out, stdin=subprocess.DEVNULL)
    try:
        lab.wait_for(lambda: b"backup file" in log.read_bytes() or process.poll() is not None, "files are copied")
        hold.touch()
        meanwhile(process)
        expect(process.poll() is None, "the backup still runs", log.read_text())
        hold.unlink()
        code = process.wait(lab.COMMAND_LIMIT_S)
    finally:
        hold.unlink(missing_ok=True)
        process.kill()
    expect(code == 0, f"exit {code}", log.read_text())
