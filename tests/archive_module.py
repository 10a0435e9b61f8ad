# Clusters that archive with the archive module, beside a program that only pretends.
# SPDX-License-Identifier: MIT
import os
import pathlib
import re
import signal
import subprocess

import lab
from lab import OURS, Skip, equal, expect
from later_peer import its_postgresql, later_peer

MODULES = pathlib.Path(os.environ.get("PGBRAID_MODULES", pathlib.Path(OURS).parent / "module"))
PRETENDING = """#!/bin/sh
echo "$*" >>calls
case "$*" in
  *archive-server*) . ./tell-socket ;;
  *archive-push*) . ./push ;;
esac
"""


def programs_of(major):
    """The folder of this PostgreSQL's programs."""
    return lab.PG_BIN if major == "15" else its_postgresql(later_peer("2.60.0"))


class ModuleCluster:
    """A running server with the module. Its program is a shell script that tells the socket `socket`
    and archives nothing: what it is to do for `archive-push` is in the file `push`."""

    def __init__(self, bench, major="15"):
        library = MODULES / major / "pgbraid_archive.so"
        if not library.exists():
            raise Skip(f"'{library}' is not built: tools/server-headers {major} fetches what it needs")
        self.bench, self.place = bench, bench.dir / "m"
        self.socket = self.place / "a.sock"
        self.place.mkdir()
        self.program = self.place / "program"
        lab.put_script(self.program, PRETENDING.replace("calls", f"{self.place}/calls").replace("./", f"{self.place}/"))
        self.says(tell_socket=f"echo {self.socket}", push="exit 0")
        if major == "15":
            self.cluster = bench.cluster
        else:
            self.cluster = lab.Cluster(bench.dir / "c18", programs_of(major))
            self.cluster.create()
            bench.started.append(self.cluster)
        self.cluster.set_options(dynamic_library_path=f"'{library.parent}'", archive_library="'pgbraid_archive'",
                                 archive_command="''")
        self.set(stanza="demo", program=self.program)

    def says(self, **files):
        """What the program does when it is called."""
        for name, text in files.items():
            path = self.place / name.replace("_", "-")
            path.with_suffix(".new").write_text(text + "\n")
            path.with_suffix(".new").rename(path)

    def set(self, **settings):
        self.cluster.set_options(**{f"pgbraid_archive.{name}": f"'{value}'" for name, value in settings.items()})

    def start(self):
        self.cluster.start()
        self.archiver = self.archiver_process()
        return self

    def archiver_process(self):
        return self.cluster.sql("select pid from pg_stat_activity where backend_type = 'archiver'")

    def reload(self, **settings):
        self.set(**settings)
        self.cluster.sql("select pg_reload_conf()")

    def segments(self, count=1):
        """Ends as many segments; returns their names."""
        return [self.cluster.sql("select pg_walfile_name(pg_logical_emit_message(true, 'lab', 'x'));"
                                 "select pg_switch_wal()").splitlines()[0] for _ in range(count)]

    def is_archived(self, name):
        return (self.cluster.data / "pg_wal/archive_status" / f"{name}.done").exists() or not (
            self.cluster.data / "pg_wal/archive_status" / f"{name}.ready").exists()

    def wait_archived(self, names, limit_s=60):
        for name in names:
            lab.wait_for(lambda: self.is_archived(name), f"{name} is archived\n{self.log()[-3000:]}", limit_s)

    def archive(self, count=1):
        names = self.segments(count)
        self.wait_archived(names)
        return names

    def wait_log(self, text, limit_s=60):
        lab.wait_for(lambda: re.search(text, self.log()), f"the log says '{text}'\n{self.log()[-3000:]}", limit_s)

    def log(self):
        return self.cluster.log()

    def pushed(self):
        """Names that the program was called for, as often as it was."""
        calls = self.place / "calls"
        return re.findall(r"archive-push pg_wal/(\S+)$", calls.read_text() if calls.exists() else "", re.M)

    def same_process(self):
        """PostgreSQL's archiver has never ended."""
        equal(self.archiver_process(), self.archiver, "process of PostgreSQL's archiver")
        self.nothing_crashed()

    def nothing_crashed(self):
        expect(not re.search(r"\(PID \d+\) was terminated|PANIC", self.log()), "nothing crashed", self.log())


def archivers(bench):
    """Resident archivers of the Lab."""
    found = subprocess.run(["pgrep", "-f", "--", f"{bench.dir}.* archive-server$"], capture_output=True,
                           text=True).stdout.split()
    return [int(one) for one in found]


def stop_archivers(bench, number=signal.SIGTERM):
    for process in archivers(bench):
        os.kill(process, number)
    lab.wait_for(lambda: not archivers(bench), "the resident archiver ends")


def has_archiver():
    """Whether the program under test knows how to be one."""
    return lab.run([OURS, "help", "archive-server"], codes=None).code == 0
