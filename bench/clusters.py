# The stopped clusters that both programs are measured on.
# SPDX-License-Identifier: MIT
import pathlib
import re
import shutil

from measuring import MIB, sh

PG_BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
PAGE = 8192

FILL = {
    "compressible": """create table accounts as select id, id % 100000 as branch, 0 as balance,
        repeat(' ', 84)::char(84) as filler from generate_series(1, {rows}) id;
        create unique index on accounts (id);""",
    "mixed": """create table events as select id, md5(id::text) as key, timestamp '2026-01-01' +
        id * interval '1.37 s' as at, (random() * 1e6)::int as amount, 'event ' || (id % 37) ||
        ' of user ' || (random() * 5000)::int || ': ' || md5(random()::text) as note
        from generate_series(1, {rows}) id;
        create index on events (key); create index on events (at); create index on events (amount);""",
}
ROW_BYTES = {"compressible": 146, "mixed": 215}
SMALL_TABLE_BYTES = 96 << 10


def data_set(args, kind):
    """The data directory of a stopped cluster of about the wanted size; made when missing."""
    home = args.work / f"{kind}-{args.size // MIB}MiB"
    data = home / "pg"
    if not (home / "ready").exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        print(f"making a {kind} cluster of {args.size // MIB} MiB in {home}", flush=True)
        fill(home, data, tables_of(kind, args.size))
        (home / "ready").touch()
    return data


def fill(home, data, scripts):
    """A stopped cluster in which these SQL scripts ran."""
    sh([PG_BIN / "initdb", "-D", data, "-k", "-U", "postgres", "-A", "trust", "--locale=C",
        "-E", "UTF8", "--no-sync"])
    work_at(home, data, scripts)
    drop_old_wal(data)


def work_at(home, data, scripts):
    """Starts the stopped cluster, runs these SQL scripts and stops it."""
    options = (f"-c listen_addresses= -c unix_socket_directories={home} -c fsync=off "
               "-c wal_level=minimal -c max_wal_senders=0 -c max_wal_size=256MB "
               "-c min_wal_size=32MB -c autovacuum=off -c shared_buffers=256MB "
               "-c maintenance_work_mem=256MB -c max_locks_per_transaction=2000")
    sh([PG_BIN / "pg_ctl", "-D", data, "-l", home / "server.log", "-o", options, "-w", "start"])
    try:
        psql = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", home, "-U", "postgres", "-d",
                "postgres"]
        for script in scripts:
            sh(psql, script)
    finally:
        sh([PG_BIN / "pg_ctl", "-D", data, "-w", "stop"])


def tables_of(kind, size_bytes):
    rest = max(size_bytes - 24 * MIB, MIB)
    if kind == "small":
        count = max(rest // SMALL_TABLE_BYTES, 1)
        for first in range(0, count, 1000):
            yield f"""do $$ begin for n in {first}..{min(first + 999, count - 1)} loop
                execute format('create table small_%s as select id, md5(id::text || %s) as t,
                repeat(''x'', (id %% 40)) as f from generate_series(1, %s) id', n, n,
                80 + (n * 37) % 1900); end loop; end $$;"""
    else:
        yield FILL[kind].format(rows=rest // ROW_BYTES[kind])
    yield "vacuum freeze; checkpoint;"


def drop_old_wal(data):
    """A stopped cluster needs only the segment of its last checkpoint; others would be noise."""
    control = sh([PG_BIN / "pg_controldata", data])
    needed = re.search(r"REDO WAL file:\s+(\w+)", control)[1]
    for path in (data / "pg_wal").iterdir():
        if path.is_file() and path.name != needed:
            path.unlink()


def bytes_and_files(folder):
    sizes = [path.lstat().st_size for path in folder.rglob("*") if path.is_file()]
    return sum(sizes), len(sizes)
