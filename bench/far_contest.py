# Backup and restore of pgbraid and pgBackRest beside each other, on a repository that is near or far.
# SPDX-License-Identifier: MIT
"""What compare_sftp and compare_store share: data, delays, rounds, tables."""
import argparse
import json
import os
import pathlib
import shutil
import signal
import statistics
import sys
import time

import clusters
import delay_relay
import lab
import measuring

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = ("pgbraid", "pgbackrest")
MB = 1e6
# As coreutils' `timeout` says that it sent SIGTERM, SIGKILL.
STOPPED = (124, 137)
KILL_AFTER_S = 15
# Eight random values in a row of 168 bytes: nothing that a compression would find.
ROW = ", ".join(f"gen_random_uuid() {column}" for column in "abcdefgh")
LARGE_TABLES, LARGE_ROWS = 3, 630_000
HUGE_MIB = 1024
SMALL_FILES, SMALL_ROWS = 4000, (45, 180)


def parse(name, about, argv, more):
    parser = argparse.ArgumentParser(prog=name, description=about,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--pgbraid", default=str(ROOT / "build/bench/pgbraid"))
    add("--pgbackrest", default="/usr/bin/pgbackrest")
    add("--delay", action="append", type=int, help="round trip in ms; default 0, 20, 95")
    add("--data", action="append", choices=("large", "huge", "small", "bundles", *more))
    add("--compress", choices=("none", "lz4"), default="none")
    add("--process-max", type=int, default=2)
    add("--rounds", type=int, default=3)
    add("--peer-rounds", type=int, default=1, help="of pgBackRest where there is a delay")
    add("--limit", type=int, default=180, help="seconds after which a command is stopped")
    add("--only", choices=PROGRAMS, help="leave the other one out")
    add("--work", type=pathlib.Path, default=pathlib.Path(f"/dev/shm/pgbraid-bench-{name}"))
    add("--json", type=pathlib.Path)
    args = parser.parse_args(argv)
    args.delay = [0, 20, 95] if args.delay is None else args.delay
    args.data = args.data or ["large", "small", "bundles", *more]
    args.programs = [args.only] if args.only else list(PROGRAMS)
    return args


# Data

def large_tables():
    for number in range(LARGE_TABLES):
        yield f"create table large_{number} as select {ROW} from generate_series(1, {LARGE_ROWS})"
    for name in ("template0", "template1"):
        yield f"alter database {name} is_template false"
        yield f"drop database {name}"
    yield "checkpoint"


def small_tables(count):
    low, high = SMALL_ROWS
    for first in range(0, count, 500):
        yield f"""do $$ begin for n in {first}..{min(first + 500, count) - 1} loop execute
            format('create table small_%s as select {ROW} from generate_series(1, %s)', n,
            {low} + (n * 37) % {high - low}); end loop; end $$"""
    yield "checkpoint"


def one_file(path):
    """Its name is none of a relation, so that nobody looks for pages in it."""
    with open(path, "wb") as out:
        for _ in range(HUGE_MIB):
            out.write(os.urandom(1 << 20))


def cluster(args, kind):
    """The data directory of a stopped cluster; made when missing."""
    home = args.work / (kind if kind in ("large", "huge") else "small")
    if not (home / "ready").exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        clusters.fill(home, home / "pg", large_tables() if kind == "large" else small_tables(0))
        if kind == "huge":
            one_file(home / "pg/base/noise")
        elif kind != "large":
            missing = SMALL_FILES - clusters.bytes_and_files(home / "pg")[1]
            shutil.rmtree(home / "pg")
            clusters.fill(home, home / "pg", small_tables(missing))
        (home / "ready").touch()
    return home / "pg"


# Runs

class Contest:
    """Both programs with one data set."""

    def __init__(self, args, server, kind, data):
        self.args, self.server, self.kind, self.data = args, server, kind, data
        self.dir = args.work / "runs" / kind
        self.dir.mkdir(parents=True)
        self.runs = []
        self.reference = {who: self.make_reference(who) for who in args.programs}

    def make_reference(self, who):
        """What is restored: made without a delay, as some cannot make it with one in time."""
        home = self.home(who, "reference")
        measuring.sh(self.argv(who, home, "backup", "--type=full", "--no-online"))
        return home

    def home(self, who, name):
        """A directory with an own, prepared repository."""
        home = self.dir / f"{who}-{name}"
        home.mkdir()
        self.configure(home, self.server.port, self.args.process_max)
        measuring.sh(self.argv(who, home, "stanza-create", "--no-online"))
        return home

    def configure(self, home, port, process_max):
        lines = {"repo1-path": home / "repo", "lock-path": home / "lock", "log-level-file": "off",
                 "log-level-console": "warn", "process-max": process_max,
                 "repo1-retention-full": "9", "compress-type": self.args.compress,
                 "repo1-bundle": "y" if self.kind == "bundles" else "n",
                 **self.server.options(port)}
        text = "[global]\n" + "".join(f"{key}={value}\n" for key, value in lines.items())
        (home / "pgbackrest.conf").write_text(text + f"\n[bench]\npg1-path={self.data}\n")

    def argv(self, who, home, command, *words):
        program = self.args.pgbraid if who == "pgbraid" else self.args.pgbackrest
        return [program, f"--config={home}/pgbackrest.conf", "--stanza=bench", command,
                *map(str, words)]

    def at(self, delay, process_max, programs, rounds):
        """All rounds with one delay; the others only as often as they have rounds."""
        port = self.server.port
        relay = delay_relay.Relay(port, delay) if delay else None
        for number in range(max(rounds.values())):
            for who in programs if number % 2 == 0 else reversed(programs):
                if number < rounds[who]:
                    self.one_round(who, number, relay, delay, process_max)
        if relay:
            relay.stop()

    def one_round(self, who, number, relay, delay, process_max):
        port = relay.port if relay else self.server.port
        about = {"data": self.kind, "program": who, "round": number, "delay": delay,
                 "process_max": process_max}
        # A store that is no directory keeps what was there under the same name.
        home = self.home(who, f"run-{delay}-{process_max}-{number}")
        self.configure(home, port, process_max)
        self.timed({**about, "command": "backup"}, relay, home, "--type=full", "--no-online")
        shutil.rmtree(home)
        home = self.reference[who]
        self.configure(home, port, process_max)
        target = self.dir / "restored"
        target.mkdir(mode=0o700)
        self.timed({**about, "command": "restore"}, relay, home, f"--pg1-path={target}",
                   "--type=none")
        # A tenth of the files is not what it was.
        for path in sorted(path for path in target.rglob("*") if path.is_file())[::10]:
            path.write_bytes(b"")
        self.timed({**about, "command": "delta"}, relay, home, f"--pg1-path={target}", "--type=none", "--delta")
        shutil.rmtree(target)
        self.timed({**about, "command": "verify"}, relay, home)

    def timed(self, run, relay, home, *words):
        command = {"delta": "restore"}.get(run["command"], run["command"])
        self.timed_argv(run, relay, home, self.argv(run["program"], home, command, *words))

    def timed_argv(self, run, relay, home, argv):
        if relay:
            relay.begin_count()
        requests = self.server.requests()
        load = os.getloadavg()[0]
        result = measuring.measure(
            ["/usr/bin/timeout", f"--kill-after={KILL_AFTER_S}", str(self.args.limit), *argv],
            home / "log", (0, *STOPPED))
        run.update(result, load=load, stopped=result["code"] in STOPPED,
                   **(relay.counted() if relay else {}))
        if requests is not None:
            run["requests"] = self.server.requests() - requests
        run["repository_bytes"] = self.server.repository_bytes(home / "repo")
        moved = run.get("wire_bytes", 0) if run["stopped"] else run["repository_bytes"]
        run["bytes_per_s"] = moved / run["wall_s"]
        if relay:
            run["session_bytes_per_s"] = run["bytes_per_s"] / max(run["sessions"], 1)
        self.runs.append(run)
        print(f"  {run['data']}, {run['delay']} ms, {run['command']}, {run['program']}: "
              f"{run['wall_s']:.2f} s, load {load:.1f}", file=sys.stderr, flush=True)


# Report

def middle(runs, who, field):
    values = [run[field] for run in runs if run["program"] == who and field in run]
    return statistics.median(values) if values else None


def both(runs, field, unit, form):
    """`ours / the peer's`; wall time of who was stopped with a sign."""
    cells = []
    for who in PROGRAMS:
        value = middle(runs, who, field)
        late = field == "wall_s" and any(run["stopped"] for run in runs if run["program"] == who)
        cells.append("-" if value is None else ("> " if late else "") + form.format(value / unit))
    return " / ".join(cells)


FIELDS = (("requests", "requests", 1, "{:.0f}"), ("wire_bytes", "wire MB", MB, "{:.1f}"), ("wall_s", "wall s", 1, "{:.2f}"),
          ("cpu_s", "CPU s", 1, "{:.2f}"), ("bytes_per_s", "MB/s", MB, "{:.2f}"),
          ("sessions", "sessions", 1, "{:.0f}"), ("session_bytes_per_s", "MB/s a session", MB, "{:.2f}"))


def print_table(delay, runs):
    relay = "no relay"
    if delay:
        relay = f"a plain stream through the relay: {delay_relay.own_speed(delay) / MB:.0f} MB/s"
    print(f"\n{delay} ms of round trip, {relay}; pgbraid / pgBackRest; times: how much faster\n")
    print("| data | process-max | command | repository MB | "
          + " | ".join(title for _, title, *_ in FIELDS) + " | times |")
    print("|---|---|---|---|" + "---|" * len(FIELDS) + "---|")
    for key in dict.fromkeys((run["data"], run["process_max"], run["command"]) for run in runs):
        chosen = [run for run in runs if (run["data"], run["process_max"], run["command"]) == key]
        ours, peer = (middle(chosen, who, "bytes_per_s") for who in PROGRAMS)
        whole = [run["repository_bytes"] for run in chosen if not run["stopped"]]
        cells = [*map(str, key), f"{max(whole) / MB:.1f}" if whole else "-"]
        cells += [both(chosen, field, unit, form) for field, _, unit, form in FIELDS]
        cells.append(f"{ours / peer:.2f}" if ours and peer else "-")
        print("| " + " | ".join(cells) + " |", flush=True)


def contests(args, make_server, report, more):
    """Data sets first, then delays: a cluster's pages stay in the cache."""
    for kind in args.data:
        place = args.work / "runs" / f"server-{kind}-{os.getpid()}"
        place.mkdir(parents=True)
        # Each has its own: a store may keep what was removed for hours, and fill up.
        server = make_server(place)
        try:
            make, data = more.get(kind, (Contest, lambda args: cluster(args, kind)))
            rounds_of(args, make(args, server, kind, data(args)), report)
        finally:
            server.stop()


def rounds_of(args, contest, report):
    size, count = clusters.bytes_and_files(contest.data)
    report["data"].append({"kind": contest.kind, "bytes": size, "files": count})
    print(f"{contest.kind}: {size / MB:.1f} MB in {count} files", flush=True)
    for delay in args.delay:
        rounds = {who: args.rounds if who == "pgbraid" or not delay else args.peer_rounds
                  for who in args.programs}
        contest.at(delay, args.process_max, args.programs, rounds)
        if 0 < delay == max(args.delay) and "pgbraid" in args.programs and args.process_max > 1:
            contest.at(delay, 1, ["pgbraid"], {"pgbraid": args.rounds})
    report["runs"] += contest.runs
    shutil.rmtree(contest.dir)


def stop(number, _frame):
    sys.exit(f"ended by signal {number}")


def main(name, about, make_server, more=None):
    """@param make_server  (directory) -> for one data set, where repositories lie: `port` on the loopback, `options(port)`
    as a configuration has them, `requests()` so far or None, `repository_bytes(path)`, `stop()`
    @param more  further data: what contests are made of it (as `Contest`), and what makes it of the arguments"""
    args = parse(name, about, sys.argv[1:], more or {})
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    output = args.json and open(args.json, "w")
    measuring.reachable(args)
    measuring.become_postgres()
    os.chdir(args.work)
    shutil.rmtree(args.work / "runs", ignore_errors=True)
    report = {"machine": measuring.machine(args), "data": [], "runs": []}
    print(json.dumps(report["machine"]))
    try:
        contests(args, make_server, report, more or {})
        for delay in args.delay:
            print_table(delay, [run for run in report["runs"] if run["delay"] == delay])
    except (lab.Failure, OSError) as failure:
        sys.exit(f"{name}: {failure}")
    finally:
        if output:
            json.dump(report, output, indent=1)
            output.close()
        shutil.rmtree(args.work / "runs", ignore_errors=True)
    return 0
