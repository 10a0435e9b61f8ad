# Throw-away PostgreSQL clusters, repositories and commands for the tests.
# SPDX-License-Identifier: MIT
"""A `Lab` is one directory with a cluster, a repository and a configuration in it.

The program under test comes from PGBRAID (default build/dev/pgbraid; its front, which lies beside it,
from PGBRAID_FRONT), the tool it is compared with
from PGBRAID_PEER (default /usr/bin/pgbackrest). Nothing here runs as root: run.py sees to that.
"""
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time
import unicodedata

SOURCE = pathlib.Path(__file__).resolve().parent.parent
OURS = os.environ.get("PGBRAID", str(SOURCE / "build/dev/pgbraid"))
FRONT = os.environ.get("PGBRAID_FRONT", str(pathlib.Path(OURS).with_name("pgbraid_front")))
PEER = os.environ.get("PGBRAID_PEER", "/usr/bin/pgbackrest")
PG_BIN = pathlib.Path(os.environ.get("PGBRAID_PG_BIN", "/usr/lib/postgresql/15/bin"))
SHARED = pathlib.Path(os.environ.get("PGBRAID_SHARED", SOURCE.parent / "shared"))
STANZA = "demo"
PASSPHRASE = "lab-passphrase"
COMMAND_LIMIT_S = 300
# A file system of a few MiB for the tests about lack of space; run.py mounts it where it may.
SMALL_FILE_SYSTEM = None
# What all tests of a run share, stopped at its end.
SHARED_SERVERS = []

TYPES = ("none", "gz", "lz4", "zst", "bz2")
EXTENSION = {"none": "", "gz": ".gz", "lz4": ".lz4", "zst": ".zst", "bz2": ".bz2"}


class Skip(Exception):
    """The surroundings lack what the test needs; never raised because of the program under test."""


class Failure(AssertionError):
    """An expectation of a test does not hold."""


def expect(condition, what, detail=""):
    """Fails the test with `what` (and the last of `detail`) unless the condition holds."""
    if not condition:
        raise Failure(what + (("\n" + str(detail)[-3500:]) if detail else ""))


def equal(actual, wanted, what):
    expect(actual == wanted, f"{what}: got {actual!r}, expected {wanted!r}")


class Run:
    """How a command ended: exit code (negative: killed by that signal) and all that it printed."""

    def __init__(self, argv, code, out, err, seconds):
        self.argv, self.code, self.out, self.err, self.seconds = argv, code, out, err, seconds

    @property
    def text(self):
        return (self.out + self.err).decode("utf-8", "replace")

    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"$ {' '.join(map(str, self.argv))}\n-> exit {self.code}\n{self.text}"


def run(argv, codes=(0,), env=None, cwd=None, stdin=None, limit_s=COMMAND_LIMIT_S):
    """Runs a command to its end and fails the test unless it exits with one of `codes` (None: any)."""
    started = time.monotonic()
    # PGBRAID_... and PGBACKREST_... are options to the programs: only those of the test count.
    full_env = {name: value for name, value in os.environ.items()
                if not name.startswith(("PGBRAID_", "PGBACKREST_"))}
    full_env.update(env or {})
    done = subprocess.run([str(word) for word in argv], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=full_env, cwd=cwd, input=stdin,
                          stdin=subprocess.DEVNULL if stdin is None else None, timeout=limit_s)
    ended = Run(argv, done.returncode, done.stdout, done.stderr, time.monotonic() - started)
    if codes is not None:
        wanted = (codes,) if isinstance(codes, int) else codes
        expect(ended.code in wanted, f"exit {ended.code} instead of {wanted}", ended)
    return ended


def put_program(program, target):
    """A copy that can be executed. Another process writes it and scripts: what a thread of this one has open for writing, a
    command that another thread starts just then has open, too, and until that is executed the file cannot be."""
    run(["cp", program, target])


def put_script(path, text, mode="755"):
    run(["install", "-m", mode, "/dev/stdin", path], stdin=text.encode())


def quote(words):
    return " ".join("'" + str(word).replace("'", "'\\''") + "'" if " " in str(word) else str(word)
                    for word in words)


def sha1(path):
    return _digest(path, hashlib.sha1())


def sha256(path):
    return _digest(path, hashlib.sha256())


def _digest(path, digest):
    with open(path, "rb", buffering=0) as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


class Cluster:
    """A PostgreSQL cluster below `home`: data directory `pg`, tablespace `ts`, links go to `linked`."""

    def __init__(self, home, programs=PG_BIN):
        self.home = pathlib.Path(home)
        self.data = self.home / "pg"
        self.programs = pathlib.Path(programs)
        self.archive_command = ""

    def create(self, *initdb_options):
        self.home.mkdir(parents=True, exist_ok=True)
        run([self.programs / "initdb", "-D", self.data, "-k", "--wal-segsize=1", "-U", "postgres",
             "-A", "trust", "--locale=C", "-E", "UTF8", "--no-sync", *initdb_options])
        self.set_options(listen_addresses="''", fsync="off", shared_buffers="16MB",
                         max_connections="20", wal_level="replica", archive_mode="on",
                         max_wal_size="64MB", autovacuum="off", log_min_messages="warning",
                         unix_socket_permissions="0700", timezone="'UTC'", hot_standby="on")

    def set_options(self, **options):
        with open(self.data / "postgresql.conf", "a") as conf:
            for name, value in options.items():
                conf.write(f"{name} = {value}\n")

    def start(self, wait=True, **options):
        """Starts the server on a socket in `home`; options overrule those of the files."""
        options.setdefault("archive_command", "'" + self.archive_command.replace("'", "''") + "'")
        settings = [f"unix_socket_directories={self.home}"]
        settings += [f"{name}={value.strip(chr(39))}" for name, value in options.items()]
        words = " ".join("-c \"" + text.replace("\"", "\\\"") + "\"" for text in settings)
        run([self.programs / "pg_ctl", "-D", self.data, "-l", self.home / "server.log", "-o", words,
             "-t", "60", "start", "-w" if wait else "-W"],
            codes=(0,) if wait else None)
        return self

    def stop(self, mode="fast"):
        if (self.data / "postmaster.pid").exists():
            run([self.programs / "pg_ctl", "-D", self.data, "-m", mode, "-t", "60", "-w", "stop"],
                codes=None)

    def running(self):
        return run([self.programs / "pg_ctl", "-D", self.data, "status"], codes=None).code == 0

    def log(self):
        path = self.home / "server.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def sql(self, text, database="postgres", codes=(0,)):
        return run(["psql", "-h", self.home, "-U", "postgres", "-d", database, "-X", "-A", "-t",
                    "-q", "-v", "ON_ERROR_STOP=1", "-c", text], codes=codes).out.decode().strip()

    def wait_sql(self, text, wanted, limit_s=60):
        """Waits until the query answers `wanted`."""
        end = time.monotonic() + limit_s
        while (answer := self.sql(text)) != wanted:
            expect(time.monotonic() < end, f"'{text}' answers '{answer}', not '{wanted}'", self.log())
            time.sleep(0.05)

    def wait_promoted(self, limit_s=60):
        self.wait_sql("select pg_is_in_recovery()", "f", limit_s)

    def switch_and_wait_archived(self):
        """Ends the current WAL segment and waits until it is archived. Returns its name."""
        name = self.sql("select pg_walfile_name(pg_current_wal_lsn())")
        self.sql("select pg_switch_wal()")
        self._wait_none_ready(name)
        return name

    def wait_history_archived(self):
        """After a backup: waits for its history file, which PostgreSQL archives when the backup is done."""
        self._wait_none_ready("*.backup")

    def _wait_none_ready(self, pattern, limit_s=60):
        """Waits until no such file is to be archived. (What `last_archived_wal` tells is the latest in
        time: the history file of a backup may come after the segment that follows it.)"""
        end = time.monotonic() + limit_s
        while ready := list((self.data / "pg_wal/archive_status").glob(f"{pattern}.ready")):
            expect(time.monotonic() < end,
                   f"not archived: {ready}; {self.sql('select a from pg_stat_archiver a')}", self.log())
            time.sleep(0.05)

    def fingerprint(self):
        """One text that differs when the data of any of our tables differ."""
        return self.sql(
            "select string_agg(h, ' ') from (select count(*) || ':' || md5(string_agg(t::text, '|' "
            "order by id)) as h from big t union all select count(*) || ':' || md5(string_agg("
            "t::text, '|' order by id)) from small t union all select count(*) || ':' || md5("
            "string_agg(t::text, '|' order by id)) from far t) as all_tables")


_template_lock = threading.Lock()


def template_cluster(root):
    """The stopped cluster that all others are copied from: made once per test run."""
    home = pathlib.Path(root) / "template"
    with _template_lock:
        if not (home / "ready").exists():
            shutil.rmtree(home, ignore_errors=True)
            _make_template(Cluster(home))
            (home / "ready").touch()
    return home


def _make_template(cluster):
    cluster.create()
    (cluster.home / "ts").mkdir(mode=0o700)
    cluster.start(archive_mode="off")
    cluster.sql(f"create tablespace far_ts location '{cluster.home / 'ts'}'")
    cluster.sql("create table big as select id, md5(id::text) || md5((id * 7)::text) as t "
                "from generate_series(1, 45000) id")
    cluster.sql("create table small (id int primary key, t text)")
    cluster.sql("insert into small select i, 'row ' || i from generate_series(1, 50) i")
    cluster.sql("create table far tablespace far_ts as select id, repeat(md5(id::text), 8) as t "
                "from generate_series(1, 9000) id")
    cluster.sql("create unlogged table fleeting as select 1 as id")
    cluster.sql("vacuum")
    cluster.sql("checkpoint")
    cluster.stop()
    _add_odd_files(cluster)


def _add_odd_files(cluster):
    """Foreign files that a data directory may hold: odd names and modes, empty ones, links."""
    odd = cluster.data / "odd names"
    odd.mkdir(mode=0o700)
    (odd / "hollow").mkdir(mode=0o750)
    texts = {"a=b": b"equal sign\n", "with space": b"x" * 5000, "empty": b"", "a={\"size\":1}": b"j",
             "quote\"back\\slash": b"q", "sn\u00f6w": b"utf-8\n", "=": b"only a sign"}
    for name, text in texts.items():
        (odd / name).write_bytes(text)
    (odd / "a=b").chmod(0o640)
    noise = hashlib.sha512(b"noise").digest()
    with open(odd / "three megabytes", "wb") as file:
        for _ in range(3 * 1024 * 1024 // 64 + 3):
            noise = hashlib.sha512(noise).digest()
            file.write(noise)
    linked = cluster.home / "linked"
    (linked / "folder").mkdir(parents=True, mode=0o700)
    linked.chmod(0o700)
    (linked / "folder" / "inside").write_bytes(b"behind a directory link\n")
    (linked / "extra.conf").write_bytes(b"# behind a file link\n")
    (cluster.data / "folder_link").symlink_to("../linked/folder")
    (cluster.data / "extra_link.conf").symlink_to("../linked/extra.conf")


def copy_cluster(template, home):
    """A copy of a stopped cluster with its tablespaces moved along."""
    home = pathlib.Path(home)
    shutil.rmtree(home, ignore_errors=True)
    run(["cp", "-a", "--reflink=auto", template, home])
    cluster = Cluster(home)
    for link in (cluster.data / "pg_tblspc").iterdir():
        target = os.readlink(link)
        link.unlink()
        link.symlink_to(target.replace(str(template), str(home)))
    return cluster


class Lab:
    """A cluster `cluster`, a repository `repo` and one INI configuration for both programs."""

    def __init__(self, root, directory, with_cluster=True):
        self.root = pathlib.Path(root)
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.repo = self.dir / "repo"
        self.conf = self.dir / "pgbackrest.conf"
        self.settings = {}
        self.started = []
        self.cluster = None
        if with_cluster:
            self.cluster = copy_cluster(template_cluster(root), self.dir / "c")
            self.started.append(self.cluster)

    # Configuration

    def configure(self, **settings):
        """Writes the configuration; names take _ for -, a value of None removes a line."""
        if not self.settings:
            self.settings = {
                "repo1-path": self.repo, "lock-path": self.dir / "lock",
                "spool-path": self.dir / "spool", "log-path": self.dir / "log",
                "log-level-file": "off", "log-level-console": "detail", "log-level-stderr": "off",
                "archive-timeout": "20", "start-fast": "y", "process-max": "2",
                "repo1-retention-full": "9"}
        for name, value in settings.items():
            self.settings[name.replace("_", "-")] = value
        lines = ["[global]"] + [f"{k}={v}" for k, v in self.settings.items() if v is not None]
        if self.cluster:
            lines += ["", f"[{STANZA}]", f"pg1-path={self.cluster.data}",
                      f"pg1-socket-path={self.cluster.home}", "pg1-user=postgres"]
        self.conf.write_text("\n".join(lines) + "\n")
        self.conf.chmod(0o640)
        return self

    def argv(self, program, command, *words):
        return [program, f"--config={self.conf}", f"--stanza={STANZA}", command, *words]

    def call(self, program, command, *words, codes=(0,), **more):
        if command == "backup" and not any(word.startswith("--type") for word in words):
            words = ("--type=full", *words)
        return run(self.argv(program, command, *words), codes=codes, **more)

    def ours(self, command, *words, codes=(0,), **more):
        ended = self.call(OURS, command, *words, codes=None, **more)
        expect(ended.code >= 0, f"killed by signal {-ended.code}", ended)
        expect(b"AddressSanitizer" not in ended.err and b"runtime error:" not in ended.err,
               "a sanitizer reports an error", ended)
        if codes is not None:
            wanted = (codes,) if isinstance(codes, int) else codes
            expect(ended.code in wanted, f"exit {ended.code} instead of {wanted}", ended)
        return ended

    def peer(self, command, *words, codes=(0,), **more):
        return self.call(PEER, command, *words, codes=codes, **more)

    def push_command(self, program):
        """The text of archive_command. pgBackRest wants to see its own name in it."""
        return quote(self.argv(program, "archive-push", "--log-level-console=warn", "%p"))

    def start(self, pusher=OURS, **options):
        self.cluster.archive_command = self.push_command(pusher)
        self.cluster.start(**options)
        return self.cluster

    def stop_all(self):
        for cluster in self.started:
            cluster.stop("immediate")

    def ready(self, program=OURS, pusher=OURS, **settings):
        """Configured, started, stanza created."""
        self.configure(**settings)
        self.start(pusher)
        self.call(program, "stanza-create")
        return self

    # Repository

    def labels(self):
        path = self.repo / "backup" / STANZA
        return sorted(entry.name for entry in path.iterdir()
                      if entry.name[:8].isdigit() and not entry.is_symlink())

    def completed_labels(self):
        return [label for label in self.labels()
                if (self.repo / "backup" / STANZA / label / "backup.manifest").exists()]

    def label_dir(self, label=None):
        return self.repo / "backup" / STANZA / (label or self.labels()[-1])

    def wal_files(self):
        return sorted(path for path in (self.repo / "archive" / STANZA).glob("*/*/*")
                      if len(path.name) > 64 and path.name[24] == "-")

    # Restore

    def restore(self, program, home, *words, codes=(0,), **more):
        """Restores into `home`/pg (tablespaces, links beside it). Returns the Cluster (not started)."""
        target = Cluster(home)
        self.restore_run(program, home, *words, codes=codes, **more)
        self.started.append(target)
        return target

    def restore_run(self, program, home, *words, codes=(0,), links=True, **more):
        home = pathlib.Path(home)
        (home / "pg").mkdir(parents=True, exist_ok=True)
        (home / "pg").chmod(0o700)
        words = [f"--pg1-path={home / 'pg'}", f"--tablespace-map-all={home / 'ts'}", *words]
        if links:
            (home / "linked").mkdir(mode=0o700, exist_ok=True)
            words.append("--link-all")
        if program == OURS:
            return self.ours("restore", *words, codes=codes, **more)
        return self.call(program, "restore", *words, codes=codes, **more)

    def start_restored(self, target):
        """Starts a restored cluster, waits for the end of recovery."""
        target.start(archive_command="")
        target.wait_promoted()
        return target


def printable(data):
    """Whether output holds nothing but text: no control characters, no bytes that are no UTF-8."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(unicodedata.category(char) != "Cc" or char in "\n\t" for char in text)


# Processes

def spawn(argv, log_path):
    """Starts a command in the background in its own process group."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PGBRAID_")}
    with open(log_path, "wb") as log:
        return subprocess.Popen([str(word) for word in argv], stdout=log, stderr=log, env=env,
                                stdin=subprocess.DEVNULL, start_new_session=True)


def kill_group(process, number=signal.SIGKILL):
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass


def wait_for_group(process, limit_s=30):
    """Waits until none of a killed group lives: each of them may hold what the others held, a lock for instance."""
    def lives():
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
            except OSError:
                continue
            if int(group) == process.pid and state not in "ZX":
                return True
        return False

    process.wait()
    wait_for(lambda: not lives(), f"the end of group {process.pid}", limit_s)


def wait_until_still(look, what, pause_s=1):
    """Waits until two looks are equal: a server may still do what it was asked by one who is dead."""
    seen = [look()]

    def is_still():
        time.sleep(pause_s)
        seen.append(look())
        return seen[-1] == seen[-2]

    wait_for(is_still, what)


def wait_for(condition, what, limit_s=60, pause_s=0.01):
    end = time.monotonic() + limit_s
    while not condition():
        expect(time.monotonic() < end, f"waited {limit_s} s in vain: {what}")
        time.sleep(pause_s)
