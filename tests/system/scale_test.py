# What a cluster of very many files costs in memory.
# SPDX-License-Identifier: MIT
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import lab
from case import test
from lab import expect

FILES = 50_000
# The program, its threads and the memory of its graph; and what is promised for a file.
BASE_KIB = 40_000
FILE_BYTES = 300


def add_files(database):
    """Relations of nothing, and now and then one with content: what a million tables leave."""
    database.mkdir(mode=0o700)
    (database / "PG_VERSION").write_text("15\n")
    where = os.open(database, os.O_RDONLY)
    for number in range(FILES):
        file = os.open(str(100_000 + number), os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=where)
        if number % 20 == 0:
            os.ftruncate(file, 8192)
        os.utime(file, (1_700_000_000, 1_700_000_000))
        os.close(file)
    os.close(where)


def peak_kib(argv, out):
    """The largest resident set that a command had, as long as it could be asked."""
    with open(out, "wb") as log:
        process = subprocess.Popen([str(word) for word in argv], stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=subprocess.STDOUT)
    peak = 0
    while process.poll() is None:
        with contextlib.suppress(OSError):
            text = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            if found := re.search(r"^VmHWM:\s+(\d+)", text, re.MULTILINE):
                peak = int(found[1])
        time.sleep(0.005)
    expect(process.returncode == 0, f"exit {process.returncode}: {lab.quote(argv)}",
           pathlib.Path(out).read_text()[-2000:])
    return peak


def check(bench, what, command, *words):
    peak = peak_kib(bench.argv(lab.OURS, command, *words), bench.dir / "out")
    limit = BASE_KIB + FILES * FILE_BYTES // 1000
    expect(peak <= limit, f"{what}: {FILES} files take no more memory than is promised",
           f"{peak} KiB, {limit} are promised")
    expect(peak > 3000, f"{what}: the process was seen", f"{peak} KiB")


# Not in the short rounds: sanitizers keep what was freed.
@test("scale: a backup, an incr, info, verify and a restore of 50,000 files in 300 bytes for each")
def memory(bench):
    bench.configure(repo1_bundle="y", compress_type="gz", log_level_console="warn")
    add_files(bench.cluster.data / "base" / "77777")
    bench.ours("stanza-create", "--no-online")
    check(bench, "full", "backup", "--no-online", "--type=full")
    (bench.cluster.data / "postgresql.auto.conf").write_text("# changed\n")
    check(bench, "incr", "backup", "--no-online", "--type=incr")
    check(bench, "info", "info", f"--set={bench.labels()[-1]}")
    check(bench, "verify", "verify")
    # Where each new file costs no disk.
    fast = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    target = pathlib.Path(tempfile.mkdtemp(dir=fast, prefix="pgbraid-scale-"))
    try:
        words = (f"--pg1-path={target}/pg", "--type=none", "--link-all",
                 f"--tablespace-map-all={target}/spaces")
        (target / "pg").mkdir(mode=0o700)
        check(bench, "restore", "restore", *words)
        check(bench, "delta", "restore", *words, "--delta")
        restored = sum(1 for _ in (target / "pg/base/77777").iterdir())
        expect(restored == FILES + 1, "all files are there again", restored)
    finally:
        shutil.rmtree(target)
