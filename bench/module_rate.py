# How fast a real server gets rid of its WAL: by the archive module, and by a command for each segment.
# SPDX-License-Identifier: MIT
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from clusters import PG_BIN
from measuring import sh

WAYS = ("pgbraid", "pgbackrest", "pgbraid, command")  # The first one by the module.
LIMIT_S = 900
WAL_SQL = """create table grown (id int, text text);
    insert into grown select id, md5(id::text) || md5((id * 3)::text) from generate_series(1, {rows}) id;"""
ROWS_OF_A_SEGMENT = 8500


def place_module(args):
    """The library where user postgres can load it."""
    built = args.build / "module/15/pgbraid_archive.so"
    if not built.exists():
        sys.exit(f"compare_archive: '{built}' is missing: tools/server-headers, then tools/build")
    args.module = args.work / "module"
    args.module.mkdir(exist_ok=True)
    shutil.copy(built, args.module)


def waiting(data):
    """Names of the segments that are due."""
    return sorted(path.stem for path in (data / "pg_wal/archive_status").glob("*.ready"))


def pg_ctl(home, *words):
    sh([PG_BIN / "pg_ctl", "-D", home / "pg", "-l", home / "server.log", "-w", *words])


def template(args):
    """A stopped server with segments of 1 MiB that nobody has archived."""
    home = args.work / f"module-source-{args.small_segments}"
    if (home / "ready").exists():
        return home
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    sh([PG_BIN / "initdb", "-D", home / "pg", "--wal-segsize=1", "-U", "postgres", "-A", "trust", "--locale=C",
        "-E", "UTF8", "--no-sync"])
    with open(home / "pg/postgresql.conf", "a") as conf:
        conf.write("listen_addresses = ''\nfsync = off\narchive_mode = on\nautovacuum = off\n"
                   "log_min_messages = warning\n")
    pg_ctl(home, "-o", f"-c unix_socket_directories={home}", "start")
    try:
        sh(["psql", "-X", "-q", "-h", home, "-U", "postgres", "-d", "postgres", "-v", "ON_ERROR_STOP=1"],
           WAL_SQL.format(rows=ROWS_OF_A_SEGMENT * args.small_segments))
    finally:
        pg_ctl(home, "stop")
    if len(waiting(home / "pg")) < args.small_segments * 0.8:
        sys.exit(f"compare_archive: only {len(waiting(home / 'pg'))} segments were made")
    (home / "ready").touch()
    return home


def settings_for(way, words, library):
    """What holds WAL back, and what lets it go: lines of postgresql.conf."""
    if way == "pgbraid":
        return ([f"dynamic_library_path = '$libdir:{library}'", "archive_library = 'pgbraid_archive'",
                 f"pgbraid_archive.program = '{words[0]}'",
                 f"pgbraid_archive.config = '{words[1].removeprefix('--config=')}'"],
                "pgbraid_archive.stanza = 'bench'")
    return [], f"archive_command = '{' '.join(words)} archive-push %p'"


def one_run(args, way, options):
    """Segments per second of one way, with a server, a repository and an archiver of its own."""
    home = args.work / "runs" / "module"
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(exist_ok=True)
    sh(["cp", "-a", template(args), home])
    lines = {"repo1-path": home / "repo", "lock-path": home / "lock", "spool-path": home / "spool",
             "log-path": home / "log", "log-level-file": "off", "log-level-console": "warn",
             "process-max": args.process_max, **options}
    (home / "pgbackrest.conf").write_text("[global]\n" + "".join(f"{key}={value}\n" for key, value in lines.items())
                                          + f"\n[bench]\npg1-path={home}/pg\n")
    words = [args.pgbackrest if way == "pgbackrest" else args.pgbraid, f"--config={home}/pgbackrest.conf",
             "--stanza=bench"]
    sh([*words, "stanza-create", "--no-online"])
    hold, release = settings_for(way, words, args.module)
    with open(home / "pg/postgresql.conf", "a") as conf:
        conf.write("".join(f"{line}\n" for line in hold))
    archiver = start_archiver(words, home) if way == "pgbraid" else None
    pg_ctl(home, "-o", f"-c unix_socket_directories={home}", "start")
    try:
        due = len(waiting(home / "pg"))
        with open(home / "pg/postgresql.conf", "a") as conf:
            conf.write(release + "\n")
        began = time.perf_counter()
        pg_ctl(home, "reload")
        while waiting(home / "pg"):
            time.sleep(0.005)
            if time.perf_counter() - began > LIMIT_S:
                sys.exit(f"compare_archive: '{way}' does not archive; see {home}/server.log")
        wall_s = time.perf_counter() - began
    finally:
        pg_ctl(home, "stop")
        if archiver:
            archiver.send_signal(signal.SIGTERM)
            archiver.wait(60)
    shutil.rmtree(home)
    return {"program": way, "wall_s": wall_s, "segments_per_s": due / wall_s}


def start_archiver(words, home):
    """The resident archiver, once it listens."""
    path = pathlib.Path(sh([*words, "archive-server", "socket"]).strip())
    archiver = subprocess.Popen([*map(str, words), "archive-server"], stdout=open(home / "archiver.log", "w"),
                                stderr=subprocess.STDOUT)
    end = time.monotonic() + 30
    while not path.exists():
        if archiver.poll() is not None or time.monotonic() > end:
            sys.exit(f"compare_archive: no archiver at '{path}': {(home / 'archiver.log').read_text()}")
        time.sleep(0.01)
    return archiver


def module_rates(args):
    """Yields (row, runs), one for each way to run the archiver."""
    for compress in args.compress:
        for mode in ("n", "y"):
            runs = []
            for number in range(args.rounds):
                for way in WAYS if number % 2 else reversed(WAYS):
                    runs.append(one_run(args, way, {"compress-type": compress, "archive-async": mode}))
            yield f"module, segments of 1 MiB, {compress}, archive-async={mode}", runs
