# A repository host and PostgreSQL hosts with the program under test, set up and looked at.
# SPDX-License-Identifier: MIT
"""A `Site` is what a test works on: a town of hosts in a clean state with the program installed.

The program under test comes from PGBRAID. It may be pgBackRest itself: then the tests show that they
ask for nothing that pgBackRest would not do either; what only ours promises is asked of ours alone.
"""
import json
import os
import pathlib
import re
import signal
import time

import certificates
import lab
from lab import equal, expect

REPO = "backup-srv"
SFTP = "sftp-srv"
PG1, PG2, PG3, PG4 = "pg1-srv", "pg2-srv", "pg3-srv", "pg4-srv"
HOSTS = (REPO, PG1, PG2, PG3, PG4)
# Where the repository lies on a server that runs no program of ours.
SFTP_HOSTS = (SFTP, PG1, PG2)
STANZA = "main"
DATA = "/var/lib/pgsql/15/data"
SPACE = "/backup_space"
UNIT = "postgresql-15"
PEER_NAME = "peer-pgbackrest"
PEER_CONF = "/etc/peer/pgbackrest.conf"
# How long the other end may be silent, as configured; how long the program may take to notice and
# to tidy up, on a machine that does other things too.
SILENCE_S = 10
NOTICE_S = SILENCE_S + 30
IS_PEER = "pgbackrest" in pathlib.Path(lab.OURS).name
PROGRAM = "pgbackrest" if IS_PEER else "pgbraid"
# Files that may exist only while a command runs.
PASSING = re.compile(r"\.pgbackrest\.tmp|\.pgbraid\.tmp|\.tmp$")
NOISE_BYTES = 8 << 20
ROWS = "select count(*) || ':' || md5(string_agg(t, '|' order by id)) from rows"


def user_of(host):
    return "pgbackrest" if host in (REPO, SFTP) else "postgres"


class Site:
    """Hosts in a clean state: users, keys, no configuration, no cluster, an empty repository."""

    hosts = HOSTS
    repo = REPO  # Whose disk has the repository.
    base = REPO  # Where backups are made.

    def __init__(self, town, transport, work, template):
        self.town, self.transport = town, transport
        self.dir = pathlib.Path(work)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.template = template
        self.stanza = STANZA
        self.authority = None
        self.noise = "noise"

    # Configuration

    def configure(self, primary=PG1, standbys=(), more_repo=None, more_pg=None, hosts=HOSTS[1:]):
        """Writes the INI of every host. `more_repo`, `more_pg`: settings, None takes one away."""
        basics = self.basics()
        repo = {**basics, "repo1-path": SPACE, "repo1-retention-full": "9", "start-fast": "y"}
        clusters = {}
        for number, host in enumerate((primary, *standbys), 1):
            clusters.update({f"pg{number}-host": host, f"pg{number}-path": DATA})
            clusters.update(self.reach(f"pg{number}", REPO))
        repo.update(self.serving(REPO, hosts))
        self.write_conf(REPO, merged(repo, more_repo), {self.stanza: clusters})
        for host in hosts:
            own = {**basics, "repo1-host": REPO, **self.reach("repo1", host),
                   **self.serving(host, (REPO,))}
            stanza = {"pg1-path": DATA,
                      "recovery-option": f"primary_conninfo=host={primary} user=replic"}
            self.write_conf(host, merged(own, more_pg), {self.stanza: stanza})
        self.write_peer_conf(more_repo or {})
        return self

    def basics(self):
        found = {"log-level-console": "detail", "log-level-file": "off", "log-level-stderr": "off",
                 "compress-type": "lz4", "process-max": "2", "archive-timeout": "30",
                 "io-timeout": str(SILENCE_S), "db-timeout": "20", "protocol-timeout": "25"}
        return {**found, "log-level-stderr": "warn"} if IS_PEER else found

    def reach(self, prefix, client):
        """Settings of `client` for hosts that it reaches."""
        if self.transport == "ssh":
            return {}
        place = certificates.FOLDER
        return {f"{prefix}-host-type": "tls", f"{prefix}-host-ca-file": f"{place}/ca.crt",
                f"{prefix}-host-cert-file": f"{place}/{client}.crt",
                f"{prefix}-host-key-file": f"{place}/{client}.key"}

    def serving(self, host, clients):
        if self.transport == "ssh":
            return {}
        place = certificates.FOLDER
        return {"tls-server-address": "0.0.0.0", "tls-server-ca-file": f"{place}/ca.crt",
                "tls-server-cert-file": f"{place}/{host}.crt",
                "tls-server-key-file": f"{place}/{host}.key",
                "tls-server-auth": [f"{client}={self.stanza}" for client in clients]}

    def write_conf(self, host, settings, stanzas):
        text = ini("global", settings) + "".join(ini(name, keys) for name, keys in stanzas.items())
        self.town.write(host, "/etc/pgbackrest/pgbackrest.conf", text, f"{user_of(host)}:640")

    def write_peer_conf(self, repo):
        """What pgBackRest on the repository host needs to look at the repository."""
        text = ini("global", {
            "repo1-path": SPACE, "lock-path": "/tmp/peer", "log-level-file": "off",
            "log-level-console": "warn", "spool-path": "/tmp/peer",
            **{key: value for key, value in repo.items() if key.startswith("repo1-cipher")}})
        text += ini(self.stanza, {"pg1-path": "/tmp/peer-pg"})
        self.town.write(self.repo, PEER_CONF, text, "pgbackrest:640")

    # Commands

    def argv(self, command, *words):
        return [PROGRAM, f"--stanza={self.stanza}", command, *words]

    def call(self, host, command, *words, codes=(0,), **more):
        """Runs the program on a host as the user whom it belongs to there."""
        if command == "backup" and not any(word.startswith("--type") for word in words):
            words = ("--type=full", *words)
        ended = self.town.exec(host, *self.argv(command, *words), user=user_of(host), codes=None,
                               **more)
        return checked(ended, codes)

    def spawn(self, host, command, *words):
        """Starts the program on a host. Ends with `finish`."""
        if command == "backup" and not any(word.startswith("--type") for word in words):
            words = ("--type=full", *words)
        log = self.dir / f"{host}-{command}-{time.monotonic_ns()}.log"
        process = self.town.spawn(host, self.argv(command, *words), user_of(host), log)
        process.log_path, process.started = log, time.monotonic()
        return process

    def finish(self, process, codes=(0,), limit_s=120):
        """Waits for a spawned command. Returns what it printed and how it ended."""
        try:
            code = process.wait(timeout=limit_s)
        except lab.subprocess.TimeoutExpired:
            lab.kill_group(process)
            process.wait()
            raise lab.Failure(f"does not end within {limit_s} s\n{log_of(process)}") from None
        ended = lab.Run(process.args, code, process.log_path.read_bytes(), b"",
                        time.monotonic() - process.started)
        return checked(ended, codes)

    def peer(self, command, *words, codes=(0,), **more):
        """pgBackRest on the repository host."""
        return self.town.exec(self.repo, PEER_NAME, f"--config={PEER_CONF}",
                              f"--stanza={self.stanza}", command, *words, user="pgbackrest",
                              codes=codes, **more)

    # Servers (TLS)

    def serve(self, hosts=HOSTS):
        """Starts the program's server on every host where the transport is TLS."""
        if self.transport != "tls":
            return
        self.authority = self.authority or certificates.Authority(self.dir / "ca")
        for host in hosts:
            self.authority.hand_out(self.town, host, user_of(host))
            self.start_server(host)

    def start_server(self, host):
        if self.transport != "tls":
            return
        self.town.shell(host, f"setsid {PROGRAM} server > /var/log/pgbackrest/server.out 2>&1 "
                              "< /dev/null &", user=user_of(host))
        lab.wait_for(lambda: self.town.shell(host, "exec 3<>/dev/tcp/127.0.0.1/8432",
                                             codes=None).code == 0,
                     f"the server of {host} listens", 20, 0.1)

    def stop_server(self, host, number=signal.SIGTERM):
        for process in self.ours_on(host, servers=True):
            process.signal(number)
        lab.wait_for(lambda: not self.ours_on(host, servers=True), f"the server of {host} ends", 20)

    def reload_server(self, host):
        for process in self.ours_on(host, servers=True):
            process.signal(signal.SIGHUP)
        time.sleep(1)

    # Clusters

    def cluster(self, host=PG1):
        """Puts a copy of the template cluster on a host and starts it."""
        data = self.town.outside(host, DATA)
        lab.run(["rm", "-rf", data])
        lab.run(["cp", "-a", self.template, data])
        self.pg(host, "start")
        return self

    def archive_command(self):
        return f"{PROGRAM} --stanza={self.stanza} --log-level-console=warn archive-push %p"

    def ready(self, **more):
        """Configured, servers and primary started, stanza created."""
        self.configure(**more)
        self.serve()
        self.cluster()
        self.call(self.base, "stanza-create")
        return self

    def pg(self, host, verb, codes=(0,)):
        return self.town.exec(host, "systemctl", verb, UNIT, codes=codes, limit_s=150)

    def sql(self, host, text, codes=(0,)):
        return self.town.exec(host, "psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d",
                              "postgres", "-c", text, user="postgres",
                              codes=codes).out.decode().strip()

    def wait_sql(self, host, text, wanted="t", limit_s=60):
        end = time.monotonic() + limit_s
        while (answer := self.sql(host, text, codes=None)) != wanted:
            expect(time.monotonic() < end, f"{host}: '{text}' answers '{answer}', not '{wanted}'",
                   self.pg_log(host))
            time.sleep(0.1)

    def pg_log(self, host):
        texts = [path.read_text(errors="replace")
                 for path in (self.town.outside(host, "/var/lib/pgsql/15/pgstartup.log"),
                              *sorted(self.town.outside(host, f"{DATA}/log").glob("*")))
                 if path.exists()]
        return "".join(texts)[-3000:]

    def archived(self, host=PG1, limit_s=60):
        """Ends the current WAL segment, waits until it is archived. Returns its name."""
        self.sql(host, "create table if not exists ticks (n int); insert into ticks values (1)")
        # Not before there is something in it: at its very start a segment has the name of the last one.
        name = self.sql(host, "select pg_walfile_name(pg_current_wal_insert_lsn())")
        self.sql(host, "select pg_switch_wal()")
        self.wait_archived(name, host, limit_s)
        return name

    def wait_archived(self, name, host=PG1, limit_s=60):
        # Not by last_archived_wal: the history file of a backup may come after the segment behind it.
        self.wait_sql(host, "select exists (select from pg_ls_archive_statusdir() "
                            f"where name = '{name}.ready')", "f", limit_s)

    def standby(self, host, *words):
        """Restores a standby and starts it; waits until it streams from the primary."""
        self.call(host, "restore", "--type=standby", *words)
        self.pg(host, "start")
        self.wait_sql(host, "select count(*) from pg_stat_wal_receiver where status = 'streaming'",
                      "1")

    def caught_up(self, host, primary=PG1):
        """Waits until a standby has replayed all that the primary wrote."""
        lsn = self.sql(primary, "select pg_current_wal_lsn()")
        self.wait_sql(host, f"select pg_last_wal_replay_lsn() >= '{lsn}'")

    def rows(self, host):
        return self.sql(host, ROWS)

    def add_rows(self, host=PG1, count=10):
        self.sql(host, "insert into rows select m + i, 'added ' || (m + i) from (select max(id) m "
                       f"from rows) x, generate_series(1, {count}) i")

    def noise_file(self, host=PG1):
        """A file of the cluster that does not shrink and takes its time on a slow wire."""
        path = self.town.outside(host, f"{DATA}/noise")
        path.write_bytes(os.urandom(NOISE_BYTES))
        os.chown(path, *owner_of(path.parent))
        path.chmod(0o600)
        self.noise = "noise"

    def noise_table(self, host=PG1, size=NOISE_BYTES, name="noise"):
        """A table of the same kind; standbys have it too."""
        self.sql(host, f"create table {name} as select sha512((random()::text || i)::bytea) as s "
                       f"from generate_series(1, {size // 96}) i; checkpoint")
        self.noise = self.sql(host, f"select pg_relation_filepath('{name}')")

    # What is there afterwards

    def ours_on(self, host, servers=False):
        """Processes of the program on a host, and ssh clients; servers in rest only if asked for."""
        found, running = [], self.town.processes(host)
        serving = {process.pid for process in running if is_ours(process) and "server" in process.argv}
        for process in running:
            at_rest = process.pid in serving and process.parent not in serving
            if (is_ours(process) or is_client(process)) and at_rest == servers:
                found.append(process)
        return found

    def locks_on(self, host):
        return sorted(path.name for path in
                      self.town.outside(host, "/tmp/pgbackrest").glob("*.lock"))

    def passing_files_on(self, host):
        found = []
        for place in (SPACE, DATA, "/var/spool/pgbackrest", "/tmp/pgbackrest"):
            root = self.town.outside(host, place)
            for folder, _, names in os.walk(root):
                if "pgsql_tmp" not in folder:
                    found += [f"{folder}/{name}" for name in names if PASSING.search(name)]
        return found

    def clean(self, limit_s=NOTICE_S, passing=True, locks=True):
        """No process, no lock and no temporary file of ours on any host that runs.

        A process that was killed leaves the (free) files of its locks to the next command."""
        hosts = [host for host in self.town.hosts if host not in self.town.dead]
        if IS_PEER:  # It ends its processes late and leaves files behind; not ours to judge.
            for host in hosts:
                for process in self.ours_on(host):
                    process.signal(signal.SIGKILL)
            return

        def rest():
            return [text for host in hosts for text in
                    [f"{host}: process {process}" for process in self.ours_on(host)]
                    + [f"{host}: lock {name}" for name in self.locks_on(host) if locks]
                    + ([f"{host}: {name}" for name in self.passing_files_on(host)] if passing else [])]

        end = time.monotonic() + limit_s
        while found := rest():
            expect(time.monotonic() < end, f"something is left behind after {limit_s} s",
                   "\n".join(found))
            time.sleep(0.2)

    def no_session(self, host=PG1, limit_s=NOTICE_S):
        """PostgreSQL has no session of a backup any more."""
        self.wait_sql(host, "select count(*) from pg_stat_activity where pid <> pg_backend_pid() "
                            "and backend_type = 'client backend'", "0", limit_s)

    def labels(self):
        place = self.town.outside(self.repo, f"{SPACE}/backup/{self.stanza}")
        return sorted(path.name for path in place.glob("*F*")
                      if (path / "backup.manifest").exists() and not path.is_symlink())

    def segments(self):
        """Names of the archived segments."""
        place = self.town.outside(self.repo, f"{SPACE}/archive/{self.stanza}")
        return sorted(path.name[:24] for path in place.glob("*/*/*")
                      if re.match(r"[0-9A-F]{24}-[0-9a-f]{40}", path.name)
                      and "tmp" not in path.name)

    def no_gap(self, first, last):
        """Every segment of one timeline from first to last is archived."""
        have, number = set(self.segments()), int(first[8:16] + first[22:], 16)
        until = int(last[8:16] + last[22:], 16)
        wanted = [f"{first[:8]}{n >> 8:08X}000000{n & 255:02X}" for n in range(number, until + 1)]
        missing = [name for name in wanted if name not in have]
        expect(not missing, "no segment is missing", (missing, sorted(have)))

    def info(self, host, *words):
        return self.call(host, "info", "--log-level-console=warn", *words)

    def stanza_info(self, host):
        return json.loads(self.info(host, "--output=json").out)[0]

    def valid(self, labels=None):
        """pgBackRest finds every backup valid that is listed, and these are `labels`."""
        labels = self.labels() if labels is None else labels
        stanza = json.loads(self.peer("info", "--output=json").out)[0]
        equal([backup["label"] for backup in stanza["backup"]], labels, "labels for pgBackRest")
        if not labels:
            return
        text = self.peer("verify", "--output=text", "--verbose").text
        for label in labels:
            part = re.search(rf"backup: {label}, status: (\w+)", text)
            expect(part and part[1] == "valid", f"pgBackRest finds {label} valid", text)

    def peer_restores(self, wanted, *words, query=ROWS):
        """pgBackRest restores on the repository host, PostgreSQL starts there and answers `wanted`."""
        place = "/tmp/peer-pg"
        self.town.shell(self.repo, f"rm -rf {place}; mkdir -m 700 {place}", user="pgbackrest")
        self.peer("restore", "--archive-mode=off", *words)
        options = (f"-c unix_socket_directories={place} -c listen_addresses= "
                   f"-c hba_file={place}/all_hba.conf")
        self.town.write(self.repo, f"{place}/all_hba.conf", "local all all trust\n", "pgbackrest:600")
        log = f"{place}/start.log"
        self.town.exec(self.repo, "pg_ctl", "-D", place, "-l", log, "-o", options, "-w", "-t", "60",
                       "start", user="pgbackrest", codes=None)
        try:
            ask = ["psql", "-X", "-A", "-t", "-h", place, "-U", "postgres", "-d", "postgres", "-c",
                   query]
            found = self.town.exec(self.repo, *ask, user="pgbackrest", codes=None)
            expect(found.out.decode().strip() == wanted,
                   f"'{query}' in what pgBackRest restored answers {wanted}",
                   f"{found}\n{self.town.outside(self.repo, log).read_text(errors='replace')}")
        finally:
            self.town.exec(self.repo, "pg_ctl", "-D", place, "-m", "immediate", "-w", "stop",
                           user="pgbackrest", codes=None)

    # In the middle of something

    def copying(self, known=()):
        """Whether the repository holds a part of the noise of a backup that is not `known`."""
        place = self.town.outside(self.repo, f"{SPACE}/backup/{self.stanza}")
        return any(path.relative_to(place).parts[0] not in known
                   for path in place.glob(f"*F/pg_data/{self.noise}*"))

    def in_backup(self, *words, slow=(PG1,), rate="6mbit"):
        """A backup that is on its way over a slow wire."""
        known = [path.name for path in
                 self.town.outside(self.repo, f"{SPACE}/backup/{self.stanza}").glob("*F*")]
        for name in slow:
            self.town.slow(name, rate)
        process = self.spawn(self.base, "backup", *words)
        lab.wait_for(lambda: self.copying(known) or process.poll() is not None, "the copy begins",
                     60, 0.02)
        time.sleep(0.5)
        expect(process.poll() is None, "the backup was caught in its middle", log_of(process))
        return process

    def in_restore(self, host, *words, rate="6mbit"):
        """A restore that is on its way over a slow wire."""
        self.town.slow(host, rate)
        process = self.spawn(host, "restore", *words)
        place = self.town.outside(host, DATA)
        lab.wait_for(lambda: any(place.glob(f"{self.noise}*")) or process.poll() is not None,
                     "the restore begins", 60, 0.02)
        time.sleep(0.5)
        expect(process.poll() is None, "the restore was caught in its middle", log_of(process))
        return process

    def full_speed(self):
        for host in sorted(self.town.slowed - self.town.dead):
            self.full_speed_of(host)

    def full_speed_of(self, host):
        self.town.slow(host, "off")
        self.town.slowed.discard(host)


def merged(settings, more):
    return {key: value for key, value in {**settings, **(more or {})}.items() if value is not None}


def ini(section, settings):
    lines = [f"[{section}]"]
    for key, value in settings.items():
        lines += [f"{key}={one}" for one in (value if isinstance(value, list) else [value])]
    return "\n".join(lines) + "\n\n"


def owner_of(path):
    status = path.stat()
    return status.st_uid, status.st_gid


def log_of(process):
    return process.log_path.read_text(errors="replace")


def checked(ended, codes):
    """Fails the test when a command ended in no way that a program may end, or not as wanted."""
    expect(b"AddressSanitizer" not in ended.out + ended.err
           and b"runtime error:" not in ended.out + ended.err, "a sanitizer reports an error", ended)
    expect(ended.code < 128 or codes is None, "killed by a signal", ended)
    if codes is not None:
        wanted = (codes,) if isinstance(codes, int) else codes
        expect(ended.code in wanted, f"exit {ended.code} instead of {wanted}", ended)
    return ended


def is_ours(process):
    return pathlib.Path(process.argv[0]).name == PROGRAM


def is_client(process):
    return pathlib.Path(process.argv[0]).name == "ssh"
