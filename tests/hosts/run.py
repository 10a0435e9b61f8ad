#!/usr/bin/env python3
# Runs the tests over several simulated hosts: one line per test, then `N passed, N failed, N skipped`.
# SPDX-License-Identifier: MIT
"""usage: run.py [--all] [--match TEXT]... [--list] [--keep] [--work DIR] [SUITE...]

SUITE is the name of a file tests/hosts/<suite>_test.py or its beginning before a '_'; default: all. Without --all only the few
that CI runs. The program under test comes from PGBRAID; PGBRAID=/usr/bin/pgbackrest tries the tests
themselves. Takes root (namespaces) and ../shared/hosts; where these are missing all is skipped.
Exit status: 0 all passed or skipped, 1 failures, 77 nothing ran.
"""
import argparse
import contextlib
import importlib
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
sys.dont_write_bytecode = True
import hostile  # noqa: E402
import lab  # noqa: E402
import place  # noqa: E402
import sftp_site  # noqa: E402
import town  # noqa: E402
from trial import TRIALS  # noqa: E402

# A town takes some hundred megabytes; in memory it is quicker, since fsync costs nothing there.
MEMORY, MEMORY_BYTES = pathlib.Path("/dev/shm"), 4 << 30


class Interrupted(BaseException):
    """A signal asked for the end; unwinds through everything that must be put away."""


def interrupt(number, _frame):
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise Interrupted(f"ended by signal {number}")


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="all tests")
    parser.add_argument("--match", action="append", default=[])
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--keep", action="store_true", help="leave logs and disks")
    parser.add_argument("--work", default=default_work())
    parser.add_argument("suite", nargs="*")
    return parser.parse_args(argv)


def default_work():
    if "PGBRAID_TEST_DIR" in os.environ:
        return os.environ["PGBRAID_TEST_DIR"]
    with contextlib.suppress(OSError):
        space = os.statvfs(MEMORY)
        if space.f_bavail * space.f_frsize > MEMORY_BYTES:
            return str(MEMORY)
    return "/tmp"


def chosen(args):
    for path in sorted(HERE.glob("*_test.py")):
        name = path.stem.removesuffix("_test")
        if not args.suite or name in args.suite or name.split("_")[0] in args.suite:
            importlib.import_module(path.stem)
    return [one for one in TRIALS if (args.all or one.ci)
            and all(text in one.name for text in args.match)]


def missing_tools():
    """What CI has to have."""
    if not os.access(lab.OURS, os.X_OK):
        return f"'{lab.OURS}' is missing: tools/build makes it"
    for program, package in ((lab.PEER, "pgbackrest"), ("openssl", "openssl"),
                             (str(lab.PG_BIN / "initdb"), "postgresql-15")):
        if not shutil.which(program):
            return f"'{program}' is missing: install the package '{package}'"
    return None


def nothing_to_run(reason, count, required):
    print(f"{'FAIL' if required else 'SKIP'} hosts: {reason}")
    print(f"0 passed, {count if required else 0} failed, {0 if required else count} skipped")
    return 1 if required else 77


def build(work, hosts, bare):
    """A town with the programs installed. Bare: machines fresh from the installer."""
    built = town.Town(work / ("bare" if bare else "town"), hosts, bare)
    try:
        built.up()
        built.install(lab.OURS, place.PROGRAM)
        built.install(lab.PEER, place.PEER_NAME)
    except BaseException:
        built.down()
        raise
    return built


def make_template(built, work):
    """A stopped cluster that all others are copied from."""
    built.hosts_sh("pg-up", place.PG1, limit_s=120)
    data = built.outside(place.PG1, place.DATA)
    built.exec(place.PG1, "psql", "-X", "-q", *(word for line in FILL for word in ("-c", line)),
               user="postgres")
    built.exec(place.PG1, "systemctl", "stop", place.UNIT)
    with open(data / "postgresql.conf", "a") as conf:
        conf.write(SETTINGS.replace("PROGRAM", place.PROGRAM).replace("STANZA", place.STANZA))
    with open(data / "pg_hba.conf", "a") as hba:
        hba.write("host replication,all all samenet trust\n")
    template = work / "template"
    lab.run(["cp", "-a", data, template])
    lab.run(["rm", "-rf", data])
    return template


FILL = ("create role replic with login replication",
        "create table rows as select i as id, md5(i::text) || md5((i * 7)::text) as t "
        "from generate_series(1, 30000) i", "vacuum", "checkpoint")
SETTINGS = """
listen_addresses = '*'
archive_mode = on
archive_command = 'PROGRAM --stanza=STANZA --log-level-console=warn archive-push %p'
fsync = off
shared_buffers = 16MB
max_wal_size = 128MB
min_wal_size = 32MB
autovacuum = off
hot_standby = on
wal_keep_size = 64MB
wal_retrieve_retry_interval = 500ms
wal_receiver_timeout = 10s
wal_sender_timeout = 10s
timezone = 'UTC'
"""


def sweep(built):
    """Back to machines without configuration, clusters and repository."""
    built.calm()
    for host in built.hosts:
        built.shell(host, "rm -rf /backup_space/* /tmp/* /tmp/.[!.]* /etc/pgbackrest /etc/pgbraid "
                          "/etc/pgbackrest.conf /etc/peer /var/log/pgbackrest/* /var/log/pgbraid/* "
                          "/var/spool/pg*/* /var/lib/pgsql/15/* /var/lib/pgsql/.pgpass "
                          "/run/postgresql/* /dev/shm/*")
        built.shell(host, f"chown {place.user_of(host)}: /var/log/pgbackrest /var/spool/pgbackrest",
                    codes=None)


class Towns:
    """Builds a town when a test asks for it, puts it away when the next asks for another."""

    def __init__(self, work):
        self.work, self.built, self.template = work, None, None

    def get(self, hosts, bare):
        if self.built and (bare or self.built.bare != bare or self.built.hosts != hosts):
            self.away()
        if not self.built:
            self.built = build(self.work, hosts, bare)
            try:
                self.template = None if bare else make_template(self.built, self.work)
            except BaseException:
                self.away()
                raise
        if not bare:
            sweep(self.built)
        return self.built

    def away(self):
        if self.built:
            self.built.down()
        if self.template:
            shutil.rmtree(self.template, ignore_errors=True)
        self.built = self.template = None


def run_one(one, number, towns, work):
    """Returns (outcome, text)."""
    if one.ours and place.IS_PEER:
        return "SKIP", "only ours promises this"
    try:
        kind = sftp_site.SftpSite if one.transport == "sftp" else place.Site
        built = towns.get(kind.hosts, one.bare)
        site = kind(built, one.transport, work / f"{number:03}", towns.template)
        one.function(site, *one.arguments)
        return "ok", ""
    except lab.Skip as skip:
        return "SKIP", str(skip)
    except lab.Failure as failure:
        return "FAIL", f"{failure}\n  at {where(failure)}"
    except Exception:  # A broken test is a failed test.
        return "FAIL", traceback.format_exc()


def where(failure):
    frames = [frame for frame in traceback.extract_tb(failure.__traceback__)
              if frame.filename.endswith("_test.py")]
    return " <- ".join(f"{pathlib.Path(frame.filename).name}:{frame.lineno}"
                       for frame in reversed(frames)) or "?"


def order(one):
    """Trials that share a town one after the other."""
    return not one.bare, one.transport == "sftp"


def run_all(trials, work):
    counts, failed, towns = {"ok": 0, "FAIL": 0, "SKIP": 0}, [], Towns(work)
    hostile.begin(work / "hostile")
    try:
        for number, one in enumerate(sorted(trials, key=order)):
            started = time.monotonic()
            outcome, text = run_one(one, number, towns, work)
            counts[outcome] += 1
            print(f"{outcome:4} {time.monotonic() - started:6.1f} s  {one.name}", flush=True)
            if text:
                print("\n".join("       " + line for line in text.splitlines()), flush=True)
            if outcome == "FAIL":
                failed.append(one.name)
    except Interrupted as signalled:
        print(signalled, flush=True)
        failed.append("ended early")
        counts["FAIL"] += 1
    finally:
        towns.away()
    for name in failed:
        print(f"failed: {name}")
    hostile.show(work / "hostile")
    print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['SKIP']} skipped", flush=True)
    return 1 if failed else 0 if counts["ok"] else 77


def main():
    args = parse(sys.argv[1:])
    trials = chosen(args)
    if args.list:
        print("\n".join(("ci   " if one.ci else "     ") + one.name for one in trials))
        return 0
    if reason := missing_tools():
        return nothing_to_run(reason, len(trials), os.environ.get("PGBRAID_REQUIRE") == "1")
    if reason := town.missing():
        return nothing_to_run(reason, len(trials), False)
    if not trials:
        print("0 passed, 0 failed, 0 skipped")
        return 77
    work = pathlib.Path(tempfile.mkdtemp(prefix="pgbraid-hosts-", dir=args.work))
    work.chmod(0o755)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        return run_all(trials, work)
    finally:
        if args.keep:
            print(f"kept: {work}")
        else:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
