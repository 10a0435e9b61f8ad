# A cluster that makes WAL while all goes wrong around it, and what has to be in the archive afterwards.
# SPDX-License-Identifier: MIT
import pathlib
import re
import shutil
import time

import lab
from journaled import due, gaps, kept
from lab import OURS, PEER, STANZA, Failure, Skip, equal, expect, run
from later_peer import later_peer
from libpq import Session
from spooled import archived

BACKLOG = 48  # Segments that may wait: otherwise the load is over before anything could happen to it.
SEGMENTS_OF_FILE = 4096  # of 1 MiB, in one log file of 4 GiB
HEAL_LIMIT_S = 300


def number_of(name):
    return int(name[8:16], 16) * SEGMENTS_OF_FILE + int(name[16:24], 16)


def files_of(cluster, ending):
    """Names of the files whose state (`ready` or `done`) PostgreSQL keeps."""
    return [path.stem for path in (cluster.data / "pg_wal/archive_status").glob(f"*.{ending}")]


def verifier():
    """The newest pgBackRest that is to be had."""
    try:
        return later_peer("2.60.0")
    except Skip:
        return PEER


class Campaign:
    """Has the Lab's cluster keep all WAL it makes, so that the archive can be compared with it. `secrets` are
    the passphrases of repositories by number."""

    def __init__(self, bench, repos, secrets):
        self.bench, self.repos, self.secrets = bench, repos, secrets
        self.folder = bench.cluster.data / "pg_wal"
        bench.cluster.set_options(wal_keep_size="'16GB'")

    def begin(self, *numbers):
        """A stanza, a table, and a backup in the repositories with these numbers (default: all); WAL counts from
        here."""
        self.bench.ours("stanza-create")
        self.bench.cluster.sql("create table grown (i bigint, t text)")
        self.first = self.bench.cluster.switch_and_wait_archived()
        for number in numbers or range(1, 1 + len(self.repos)):
            self.bench.ours("backup", f"--repo={number}")

    # The load

    def status(self, ending):
        return files_of(self.bench.cluster, ending)

    def done(self):
        return len(self.status("done"))

    def made(self):
        newest = max(path.name for path in self.folder.iterdir() if len(path.name) == 24)
        return number_of(newest) - number_of(self.first)

    def load(self, count):
        """Makes so many segments and waits until as many are archived; a server that is killed comes back."""
        session, rows = None, 0
        end = time.monotonic() + 120 + count
        while self.done() < count:
            expect(time.monotonic() < end, f"{count} segments in time: {self.made()} are made, {self.done()} archived",
                   self.bench.cluster.log())
            full = self.made() >= count + 1 or len(self.status("ready")) > min(BACKLOG, count // 5)
            try:
                session = session or Session(self.bench.cluster.home)
                if full:
                    session.ask("select pg_reload_conf()")  # After three failures it would rest for a minute.
                    time.sleep(0.2)
                    continue
                rows += 1
                # Most of it are messages, which leave no table behind that would have to be read again.
                session.ask(f"insert into grown select i, repeat(md5((i * {rows})::text), 5) from generate_series("
                            f"1, {rows * 37 % 500}) i")
                session.ask(f"select pg_logical_emit_message(true, 'lab', repeat(md5((i * {rows})::text), 1000)) "
                            f"from generate_series(1, {rows * 13 % 70}) i")
                if rows % 3 == 0:
                    session.ask("select pg_switch_wal()")
            except Failure:
                if session:
                    session.close()
                session = None
                time.sleep(0.1)
        if session:
            session.close()

    def sums(self, cluster):
        return cluster.sql("select count(*), sum(i), md5(sum(length(t) * i)::text) from grown")

    # Afterwards

    def remind(self, kills):
        """A server that is killed between the end of a segment and the note that it is ready notes it when it would
        use the file again, and here it keeps them all: this does it in its place."""
        def without_note():
            open_one = self.bench.cluster.sql("select pg_walfile_name(pg_current_wal_lsn() + 1)")
            noted = {*self.status("ready"), *self.status("done")}
            return {path.name for path in self.folder.iterdir()
                    if len(path.name) == 24 and self.first <= path.name < open_one and path.name not in noted}

        if not kills:
            return
        missing = without_note()
        time.sleep(1)
        missing &= without_note()
        expect(len(missing) <= kills, f"segments without a note, after {kills} kills", sorted(missing))
        for name in missing:
            path = self.folder / f"archive_status/{name}.ready"
            path.touch()
            shutil.chown(path, "postgres")

    def settle(self, kills=0):
        """Waits until nothing waits any more; returns what the table comes to. The server was killed so often."""
        cluster = self.bench.cluster
        cluster.wait_sql("select 1", "1")
        cluster.sql("insert into grown values (-1, 'the last')")
        wanted = self.sums(cluster)  # That makes WAL, too: hints about transactions are written.
        end = time.monotonic() + HEAL_LIMIT_S
        cluster.sql("select pg_switch_wal()")
        self.remind(kills)
        while self.status("ready") or any(kept(self.bench, number) for number in (1, 2)):
            expect(time.monotonic() < end, f"these wait: {sorted(self.status('ready'))[:5]} {kept(self.bench)[:5]}",
                   cluster.log())
            if not self.status("ready"):  # A journal is emptied while PostgreSQL archives.
                due(self.bench)
                cluster.sql("select pg_logical_emit_message(true, 'lab', 'x'); select pg_switch_wal()")
            cluster.sql("select pg_reload_conf()")  # It looks at once, not only after a minute.
            time.sleep(0.3)
        return wanted

    def generated(self):
        """The SHA-1 of each whole segment by name."""
        open_one = self.bench.cluster.sql("select pg_walfile_name(pg_current_wal_lsn() + 1)")
        return {path.name: lab.sha1(path) for path in self.folder.iterdir()
                if len(path.name) == 24 and self.first <= path.name < open_one}

    def compare(self):
        """Each segment once in each repository, under the name of its content; returns how many."""
        made = self.generated()
        numbers = sorted(number_of(name) for name in made)
        equal(numbers, list(range(number_of(self.first), number_of(self.first) + len(made))), "all WAL was kept")
        told = set(self.status("done"))
        expect(told >= set(made), "PostgreSQL was told of each", sorted(set(made) - told))
        for repo in self.repos:
            there = {name: checksum for name, checksum in archived(self.bench, repo).items() if name >= self.first}
            wrong = {name: (there.get(name), made.get(name)) for name in {*there, *made}
                     if there.get(name) != made.get(name)}
            equal(wrong, {}, f"what is in {repo}, and was generated, by name")
        for number in (1, 2):
            equal(gaps(self.bench, number), [], f"gaps of repo{number}")
        return len(made)

    # pgBackRest

    def conf_there(self):
        """A configuration of a host that has all repositories, for pgBackRest: no options of ours in it."""
        bench, path = self.bench, self.bench.dir / "there.conf"
        lines = ["[global]", f"lock-path={bench.dir / 'lock-there'}", f"spool-path={bench.dir / 'spool-there'}",
                 "log-level-file=off", "log-level-console=detail", "process-max=2"]
        for number, repo in enumerate(self.repos, 1):
            lines.append(f"repo{number}-path={bench.dir / repo}")
            if number in self.secrets:
                lines += [f"repo{number}-cipher-type=aes-256-cbc", f"repo{number}-cipher-pass={self.secrets[number]}"]
        lines += [f"[{STANZA}]", f"pg1-path={bench.cluster.data}", f"pg1-socket-path={bench.cluster.home}",
                  "pg1-user=postgres"]
        path.write_text("\n".join(lines) + "\n")
        path.chmod(0o640)
        return path

    def verify(self, count):
        """pgBackRest reads each segment of each repository and finds what its name says."""
        for number in range(1, len(self.repos) + 1):
            text = run([verifier(), f"--config={self.conf_there()}", f"--stanza={STANZA}", f"--repo={number}", "verify",
                        "--output=text", "--verbose"], limit_s=600).text
            seen = re.search(r"total WAL checked: (\d+), total valid WAL: (\d+)", text)
            expect(seen and seen[1] == seen[2] and int(seen[1]) >= count, f"{count} segments of repo{number}", text)
            bad = re.findall(r"(?:missing|checksum invalid|size invalid|other): [1-9]\d*|ERROR.*|status: invalid", text)
            equal(bad, [], f"what pgBackRest finds in repo{number}")

    def recover(self, program, wanted, limit_s):
        """A restore of the backup from the beginning, replayed to the end of WAL, has what the primary has."""
        home = self.bench.dir / "restored"
        for part in ("pg", "linked"):
            (home / part).mkdir(parents=True, mode=0o700)
        conf = self.bench.conf if program == OURS else self.conf_there()
        run([program, f"--config={conf}", f"--stanza={STANZA}", "restore", f"--pg1-path={home / 'pg'}", "--link-all",
             f"--tablespace-map-all={home / 'ts'}"])
        target = lab.Cluster(pathlib.Path(home))
        self.bench.started.append(target)
        target.start(archive_mode="off")
        target.wait_promoted(limit_s)
        equal(self.sums(target), wanted, "the restored table")
        target.stop()
