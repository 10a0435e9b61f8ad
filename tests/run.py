#!/usr/bin/env python3
# Runs the compat and system tests: one line per test, then `N passed, N failed, N skipped`.
# SPDX-License-Identifier: MIT
"""usage: run.py [--jobs N] [--match TEXT]... [--list] [--keep] [--all|--short|--not-short] [SUITE...]

SUITE is the name of a file tests/<folder>/<suite>_test.py, or of a folder; default: everything.
As root the tests run as user postgres; only those marked `root` stay root.
Exit status: 0 all passed or skipped, 1 failures, 77 nothing ran.
"""
import argparse
from concurrent.futures import as_completed
from concurrent.futures.thread import ThreadPoolExecutor  # Lazy otherwise: too late as postgres.
import importlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True
import hostile  # noqa: E402
import lab  # noqa: E402
from case import CASES  # noqa: E402


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    # Tests wait more than they compute.
    parser.add_argument("--jobs", type=int, default=2 * (os.cpu_count() or 1))
    parser.add_argument("--match", action="append", default=[])
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--keep", action="store_true", help="leave the work directory")
    parser.add_argument("--all", action="store_true", help="the slow tests too")
    parser.add_argument("--short", action="store_true", help="only the few for sanitizers")
    parser.add_argument("--not-short", action="store_true", help="all but these")
    parser.add_argument("--work", default=os.environ.get("PGBRAID_TEST_DIR", "/tmp"))
    parser.add_argument("suite", nargs="*")
    return parser.parse_args(argv)


def load(suites):
    for path in sorted(HERE.glob("*/*_test.py")):
        if path.parent.name == "hosts":  # These have a runner of their own.
            continue
        suite = path.stem.removesuffix("_test")
        if not suites or suite in suites or path.parent.name in suites:
            sys.path.insert(0, str(path.parent))
            importlib.import_module(path.stem)


def missing_tools():
    for program, package in ((str(lab.PG_BIN / "initdb"), "postgresql-15"),
                             ("psql", "postgresql-client-15"), (lab.PEER, "pgbackrest"),
                             ("zstd", "zstd")):
        if not shutil.which(program):
            return f"'{program}' is missing: install the package '{package}'"
    if not os.access(lab.OURS, os.X_OK):
        return f"'{lab.OURS}' is missing: tools/build makes it"
    return None


OPEN_LABS = []


def give_up(number, _frame):
    """On a signal: no server of ours may stay behind."""
    for bench in OPEN_LABS:
        bench.stop_all()
    stop_shared_servers()
    print(f"ended by signal {number}", flush=True)
    os._exit(1)


def stop_shared_servers():
    while lab.SHARED_SERVERS:
        lab.SHARED_SERVERS.pop().stop()


def run_case(case, root, keep):
    """Returns (name, outcome, text, seconds)."""
    started = time.monotonic()
    directory = root / case.folder
    bench = None
    try:
        bench = lab.Lab(root, directory, with_cluster=case.cluster)
        OPEN_LABS.append(bench)
        case.function(bench, *case.arguments)
        outcome, text = "ok", ""
    except lab.Skip as skip:
        outcome, text = "SKIP", str(skip)
    except lab.Failure as failure:
        outcome, text = "FAIL", str(failure) + "\n  at " + place(failure)
    except Exception:  # A broken test is a failed test.
        outcome, text = "FAIL", traceback.format_exc()
    finally:
        if bench:
            bench.stop_all()
            OPEN_LABS.remove(bench)
    if outcome != "FAIL" and not keep:
        shutil.rmtree(directory, ignore_errors=True)
    return case.name, outcome, text, time.monotonic() - started


def place(failure):
    frames = [frame for frame in traceback.extract_tb(failure.__traceback__)
              if frame.filename.endswith("_test.py")]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "?"


def run_all(cases, root, jobs, keep):
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, give_up)
    counts = {"ok": 0, "FAIL": 0, "SKIP": 0}
    failed = []
    hostile.begin(root / "hostile")
    with ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(run_case, case, root, keep) for case in cases]
        for done in as_completed(waiting):
            name, outcome, text, seconds = done.result()
            counts[outcome] += 1
            print(f"{outcome:4} {seconds:6.1f} s  {name}", flush=True)
            if text:
                print("\n".join("       " + line for line in text.splitlines()), flush=True)
            if outcome == "FAIL":
                failed.append(name)
    stop_shared_servers()
    for name in failed:
        print(f"failed: {name}")
    hostile.show(root / "hostile")
    print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['SKIP']} skipped", flush=True)
    if counts["FAIL"]:
        return 1
    return 0 if counts["ok"] else 77


def in_user_postgres(work, function):
    """Runs the function in a child process that is user postgres; returns its exit status."""
    user = pwd.getpwnam("postgres")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.initgroups(user.pw_name, user.pw_gid)
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            os.environ.update(HOME=str(work), USER="postgres", LOGNAME="postgres")
            os.chdir(work)
            status = function()
        except Exception:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(status)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: os.kill(child, number))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def small_file_system(work):
    """Mounts a tiny file system for the tests about lack of space; None where that is not allowed."""
    path = work / "small"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m,mode=0777", "none", str(path)]
    done = subprocess.run(mount, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return path if done.returncode == 0 else None


def open_to_all(path, bits):
    """Whether every user gets at the path: its mode has `bits`, its folders can be searched."""
    return (path.stat().st_mode & bits == bits
            and all(folder.stat().st_mode & 0o001 for folder in path.parents))


def bring_within_reach(work):
    """Copies what user postgres could not reach, as in a clone below /root."""
    program = pathlib.Path(lab.OURS).resolve()
    if program.exists() and not open_to_all(program, 0o005):
        os.environ["PGBRAID"] = str(work / "pgbraid")
        shutil.copy(program, work / "pgbraid")
        (work / "pgbraid").chmod(0o755)
        if (program.parent / "module").is_dir():
            shutil.copytree(program.parent / "module", work / "module")
    golden = lab.SHARED / "golden"
    if golden.is_dir() and not open_to_all(golden, 0o005):
        os.environ["PGBRAID_SHARED"] = str(work / "shared")
        shutil.copytree(golden, work / "shared/golden")
        subprocess.run(["chmod", "-R", "a+rX", str(work / "shared")], check=True)
    importlib.reload(lab)  # It reads the environment when it is loaded; the tests load it later.


def main(argv, chosen):
    args = parse(argv)
    if args.list:
        print("\n".join(case.name for case in chosen(args)))
        return 0
    work = pathlib.Path(tempfile.mkdtemp(prefix="pgbraid-", dir=args.work))
    work.chmod(0o755)
    try:
        if os.getuid() == 0:
            bring_within_reach(work)
        cases = chosen(args)
        reason = missing_tools()
        return nothing_to_run(reason, len(cases)) if reason else start(args, cases, work)
    finally:
        small = work / "small"
        if small.is_mount():
            subprocess.run(["umount", str(small)], check=False)
        if args.keep:
            print(f"kept: {work}")
        else:
            shutil.rmtree(work, ignore_errors=True)


def chosen(args):
    load(args.suite)
    return [case for case in CASES
            if (args.all or not case.slow) and (case.short or not args.short)
            and not (case.short and args.not_short)
            and all(text in case.name for text in args.match)]


def nothing_to_run(reason, count):
    """Skipped, or failed where that is not allowed (CI)."""
    required = os.environ.get("PGBRAID_REQUIRE") == "1"
    print(f"{'FAIL' if required else 'SKIP'} everything: {reason}")
    print(f"0 passed, {count if required else 0} failed, {0 if required else count} skipped")
    return 1 if required else 77


def start(args, cases, work):
    if os.getuid() != 0:
        return run_all(cases, work, args.jobs, args.keep)
    lab.SMALL_FILE_SYSTEM = small_file_system(work)
    as_root, plain = [c for c in cases if c.root], [c for c in cases if not c.root]
    statuses = []
    if as_root:
        (work / "root").mkdir()
        statuses.append(run_all(as_root, work / "root", args.jobs, args.keep))
    if plain:
        (work / "t").mkdir()
        shutil.chown(work / "t", "postgres", "postgres")
        statuses.append(in_user_postgres(
            work / "t", lambda: run_all(plain, work / "t", args.jobs, args.keep)))
    return 1 if 1 in statuses else min(statuses, default=77)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], chosen))
