# Runs commands and says what they took, CPU and memory of everything they start included.
# SPDX-License-Identifier: MIT
import ctypes
import datetime
import json
import os
import pathlib
import platform
import pwd
import re
import resource
import shutil
import statistics
import subprocess
import sys
import threading
import time

MIB = 1 << 20
PR_SET_CHILD_SUBREAPER = 36
SAMPLE_S = 0.03
# Made here: a helper process must not import anything after it has become user postgres.
LIBC = ctypes.CDLL(None, use_errno=True)


def size_of(text):
    number, unit = re.fullmatch(r"(\d+)\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE).groups()
    return int(number) << {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}[unit.upper()]


def become_postgres():
    if os.getuid() == 0:
        user = pwd.getpwnam("postgres")
        os.initgroups(user.pw_name, user.pw_gid)
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
        os.environ.update(HOME="/tmp", USER="postgres", LOGNAME="postgres")


def warm(folder):
    """Reads all files: one program writes past the page cache and one through it, and both shall find the same."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                while file.read(MIB):
                    pass


def sh(argv, text_in=None):
    done = subprocess.run([str(word) for word in argv], input=text_in, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        sys.exit(f"compare: {' '.join(map(str, argv))} failed:\n{done.stdout[-3000:]}")
    return done.stdout


class PeakMemory(threading.Thread):
    """Samples the sum of PSS of a process and all below it."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.peak_bytes, self.going = pid, 0, True

    def run(self):
        while self.going:
            total = sum(pss_of(pid) for pid in descendants(self.pid))
            self.peak_bytes = max(self.peak_bytes, total)
            time.sleep(SAMPLE_S)


def descendants(pid):
    """All processes below `pid`, which itself (our helper) does not count."""
    found, waiting = [], [pid]
    while waiting:
        parent = waiting.pop()
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children") as file:
                    children = [int(word) for word in file.read().split()]
                found += children
                waiting += children
        except OSError:
            pass
    return found


def pss_of(pid):
    """PSS; the resident set where PSS may not be read, as of a process that is not dumpable."""
    for file, field in (("smaps_rollup", "Pss:"), ("status", "VmRSS:")):
        try:
            with open(f"/proc/{pid}/{file}") as text:
                return next(int(line.split()[1]) << 10 for line in text if line.startswith(field))
        except (OSError, StopIteration):
            continue
    return 0


def measure(argv, log, codes=(0,)):
    """Runs a command below a helper that reaps all its descendants. Returns what it took."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os._exit(helper(argv, log, writing))
    os.close(writing)
    memory = PeakMemory(child)
    memory.start()
    with os.fdopen(reading) as pipe:
        result = json.loads(pipe.read() or "{}")
    memory.going = False
    memory.join()
    os.waitpid(child, 0)
    if result.get("code") not in codes:
        sys.exit(f"compare: {' '.join(argv)} failed:\n{log.read_text()[-3000:]}")
    result["pss_bytes"] = memory.peak_bytes
    return result


def helper(argv, log, writing):
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    started = time.monotonic()
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    command = os.fork()
    if command == 0:
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.execv(argv[0], argv)
    _, status = os.waitpid(command, 0)
    wall_s = time.monotonic() - started
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        pass
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    text = json.dumps({"code": os.waitstatus_to_exitcode(status), "wall_s": wall_s,
                       "cpu_s": used.ru_utime + used.ru_stime, "user_s": used.ru_utime,
                       "system_s": used.ru_stime, "rss_bytes": used.ru_maxrss << 10})
    os.write(writing, text.encode())
    return 0


def medians(runs, field):
    ours, peer = (statistics.median(run[field] for run in runs if run["program"] == who)
                  for who in ("pgbraid", "pgbackrest"))
    return {"pgbraid": ours, "pgbackrest": peer, "ratio": ours / peer if peer else None}


def machine(args):
    model = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return {"time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "cpu": model[1] if model else platform.processor(), "cores": os.cpu_count(),
            "kernel": platform.release(), "load": os.getloadavg(),
            "pgbraid": sh([args.pgbraid, "version"]).strip(),
            "pgbackrest": sh([args.pgbackrest, "version"]).strip(),
            "rounds": args.rounds, "process_max": args.process_max, "command": sys.argv[1:]}


def reachable(args):
    """The program, copied where user postgres can run it."""
    if not os.access(args.pgbraid, os.X_OK):
        sys.exit(f"compare: '{args.pgbraid}' is missing: tools/build bench makes it")
    args.work.mkdir(parents=True, exist_ok=True)
    target = args.work / "pgbraid"
    shutil.copy(args.pgbraid, target)
    target.chmod(0o755)
    args.pgbraid = str(target)
    if os.getuid() == 0:
        shutil.chown(args.work, "postgres", "postgres")
