# Cut networks, hosts without power, wrong keys and full disks, while something runs.
# SPDX-License-Identifier: MIT
"""After every fault: no process, lock or temporary file of ours on any host, the right exit code, and
a repository in which pgBackRest finds nothing wrong."""
import signal
import time

from hostile import hostile
from lab import Run, equal, expect
from place import DATA, IS_PEER, PG1, PG2, PG4, REPO, SILENCE_S, SPACE, user_of
from pusher import Pusher
from trial import trial
from trouble import SHORT_S, boot, end_limit_s, lost, names_host, not_startable


def prepared(site, **more):
    """A cluster with noise and one backup to keep."""
    site.ready(**more)
    site.noise_table()
    site.call(REPO, "backup")
    return site.labels()


def works_again(site, keep, host=PG1):
    """The next backup succeeds, what was there stays, and all of it is valid."""
    site.full_speed()
    site.archived(host)
    site.call(REPO, "backup")
    now = site.labels()
    equal(now[:-1], keep, "backups before the last")
    site.clean(15)
    site.valid()


# Backup

@trial("fault: a short cut during a backup is survived")
def short_cut(site):
    keep = prepared(site)
    process = site.in_backup()
    site.town.cut(REPO, PG1)
    time.sleep(SHORT_S)
    site.town.heal(REPO, PG1)
    site.full_speed()
    site.finish(process)
    equal(len(site.labels()), len(keep) + 1, "backups")
    site.clean(10)
    site.valid()


@trial("fault: a cut during a backup ends it within the time-out")
def cut_in_backup(site):
    keep = prepared(site)
    process = site.in_backup()
    site.town.cut(REPO, PG1)
    ended = site.finish(process, lost(site), end_limit_s())
    names_host(ended, PG1)
    site.no_session()
    site.clean()
    site.town.heal(REPO, PG1)
    equal(site.labels(), keep, "backups")
    works_again(site, keep)


@trial("fault: power loss of the PostgreSQL host during a backup")
def cluster_without_power(site):
    keep = prepared(site)
    process = site.in_backup()
    site.town.kill(PG1)
    ended = site.finish(process, lost(site), end_limit_s())
    names_host(ended, PG1)
    site.clean()
    boot(site, PG1)
    site.pg(PG1, "start")
    works_again(site, keep)


@trial("fault: power loss of the repository host during a backup")
def repository_without_power(site):
    keep = prepared(site)
    process = site.in_backup()
    site.town.kill(REPO)
    site.finish(process, codes=None)
    site.no_session()
    site.clean()
    boot(site, REPO)
    equal(site.labels(), keep, "backups")
    works_again(site, keep)
    site.peer_restores(site.rows(PG1))


@trial("fault: SIGTERM during a backup ends it with 63 on every host", ci=("tls",))
def terminated(site):
    keep = prepared(site)
    process = site.in_backup()
    for ours in site.ours_on(REPO):
        if "backup" in ours.argv and not any(":remote" in word for word in ours.argv):
            ours.signal(signal.SIGTERM)
    site.finish(process, (63,), 30)
    site.no_session()
    site.clean(15)
    works_again(site, keep)


@trial("fault: kill -9 of the remote end of a backup", transports=("ssh",))
def remote_killed(site):
    keep = prepared(site)
    process = site.in_backup()
    for ours in site.ours_on(PG1):
        ours.signal(signal.SIGKILL)
    site.finish(process, lost(site), end_limit_s())
    site.no_session()
    site.clean(locks=False)
    works_again(site, keep)


@trial("fault: the server is killed during a backup", transports=("tls",))
def server_killed(site):
    keep = prepared(site)
    process = site.in_backup()
    for ours in site.ours_on(PG1) + site.ours_on(PG1, servers=True):
        ours.signal(signal.SIGKILL)
    site.finish(process, lost(site), end_limit_s())
    site.no_session()
    site.clean(locks=False)
    site.start_server(PG1)
    works_again(site, keep)


@trial("fault: PostgreSQL goes down during a backup")
def cluster_stopped(site):
    keep = prepared(site)
    process = site.in_backup()
    site.pg(PG1, "kill")
    ended = site.finish(process, (56, 57, 58), end_limit_s())
    site.clean()
    site.pg(PG1, "start")
    expect(ended, "ended")
    works_again(site, keep)


@trial("fault: a host that cannot be reached from the start")
def unreachable(site):
    keep = prepared(site)
    site.archived()  # Else the archiver still pushes the backup's history file, and waits too.
    site.town.cut(REPO, PG1)
    if not IS_PEER:  # It waits for ssh's own limit of more than two minutes.
        ended = site.call(REPO, "backup", codes=(*lost(site), 56), limit_s=end_limit_s())
        names_host(ended, PG1)
        site.clean(10)
    site.town.heal()
    works_again(site, keep)


# Restore

def restored(site, host, wanted):
    """The restore that was interrupted succeeds with --delta."""
    site.full_speed()
    site.call(host, "restore", "--delta", "--archive-mode=off")
    site.pg(host, "start")
    site.wait_sql(host, "select pg_is_in_recovery()", "f")
    equal(site.rows(host), wanted, "rows of the restored cluster")
    site.clean(15)
    site.valid()


@trial("fault: a short cut during a restore is survived")
def short_cut_in_restore(site):
    prepared(site)
    site.archived()
    wanted = site.rows(PG1)
    process = site.in_restore(PG4)
    site.town.cut(REPO, PG4)
    time.sleep(SHORT_S)
    site.town.heal(REPO, PG4)
    site.full_speed()
    site.finish(process)
    restored(site, PG4, wanted)


@trial("fault: a cut during a restore ends it within the time-out")
def cut_in_restore(site):
    prepared(site)
    site.archived()
    wanted = site.rows(PG1)
    process = site.in_restore(PG4)
    site.town.cut(REPO, PG4)
    ended = site.finish(process, lost(site), end_limit_s())
    names_host(ended, REPO)
    not_startable(site, PG4)
    site.clean(passing=False)
    site.town.heal()
    restored(site, PG4, wanted)


@trial("fault: power loss of the repository host during a restore")
def repository_lost_in_restore(site):
    prepared(site)
    site.archived()
    wanted = site.rows(PG1)
    process = site.in_restore(PG4)
    site.town.kill(REPO)
    site.finish(process, lost(site), end_limit_s())
    not_startable(site, PG4)
    site.clean(passing=False)
    boot(site, REPO)
    restored(site, PG4, wanted)


@trial("fault: power loss of the PostgreSQL host during a restore")
def cluster_lost_in_restore(site):
    prepared(site)
    site.archived()
    wanted = site.rows(PG1)
    process = site.in_restore(PG4)
    site.town.kill(PG4)
    site.finish(process, codes=None)
    site.clean()
    boot(site, PG4)
    not_startable(site, PG4)
    restored(site, PG4, wanted)


# WAL

def end_of_push(site, process):
    """A push without the other end gives up. pgBackRest 2.45 waits for ever to write into the pipe."""
    if IS_PEER:
        site.clean()
        site.finish(process, codes=None)
    else:
        site.finish(process, lost(site, 103, 104), end_limit_s())


@trial("fault: a short cut during archive-push is survived")
def short_cut_in_push(site):
    pusher = Pusher(site)
    process = pusher.start()
    site.town.cut(REPO, PG1)
    time.sleep(SHORT_S)
    site.town.heal(REPO, PG1)
    site.full_speed()
    site.finish(process)
    pusher.archiver_back()


@trial("fault: a cut during archive-push ends it within the time-out")
def cut_in_push(site):
    pusher = Pusher(site)
    process = pusher.start()
    site.town.cut(REPO, PG1)
    end_of_push(site, process)
    site.clean()
    site.town.heal()
    pusher.archiver_back()


@trial("fault: power loss of the repository host during archive-push")
def repository_lost_in_push(site):
    pusher = Pusher(site)
    process = pusher.start()
    site.town.kill(REPO)
    end_of_push(site, process)
    site.clean()
    boot(site, REPO)
    pusher.archiver_back()


@trial("fault: power loss of the PostgreSQL host during archive-push")
def cluster_lost_in_push(site):
    pusher = Pusher(site)
    process = pusher.start()
    site.town.kill(PG1)
    site.finish(process, codes=None)
    site.clean()
    boot(site, PG1)
    site.pg(PG1, "start")
    pusher.archiver_back()


@trial("fault: WAL waits while the hosts are cut, and arrives after")
def wal_waits(site):
    site.ready()
    first = site.archived()
    site.town.cut(PG1, REPO)
    for _ in range(2):
        site.sql(PG1, "create table if not exists ticks (n int); insert into ticks values (2);"
                      "select pg_switch_wal()")
    time.sleep(SILENCE_S / 2)
    site.town.heal()
    site.no_gap(first, site.archived(limit_s=250 if IS_PEER else 120))
    site.clean()


# Keys

class Moved:
    """A file of a host that is away for a while."""

    def __init__(self, site, host, path):
        self.path = site.town.outside(host, path)

    def __enter__(self):
        self.path.rename(self.path.with_name("away"))

    def __exit__(self, *_):
        self.path.with_name("away").rename(self.path)


KEYS = {PG1: "/var/lib/pgsql/.ssh/authorized_keys", REPO: "/home/pgbackrest/.ssh/authorized_keys"}


@trial("fault: a key that is not accepted", transports=("ssh",))
def wrong_key(site):
    keep = prepared(site)
    with Moved(site, PG1, KEYS[PG1]):
        refused(site, site.call(REPO, "backup", codes=None), "Permission denied", (125, 56))
        refused(site, site.call(REPO, "check", codes=None), "Permission denied",
                (125, 56, 27))
    with Moved(site, REPO, KEYS[REPO]):
        name = site.sql(PG1, "select pg_walfile_name(pg_current_wal_lsn())")
        site.sql(PG1, "select pg_switch_wal()")
        ended = site.call(PG1, "archive-push", f"{DATA}/pg_wal/{name}", codes=None)
        refused(site, ended, "Permission denied", (103, 104, 125))
        refused(site, site.call(PG4, "restore", codes=None), "Permission denied", (75, 103, 125))
        refused(site, site.info(PG4), "Permission denied", (0,))
    site.clean(10)
    works_again(site, keep)


def refused(site, ended: Run, text, codes):
    expect(ended.code in codes, f"exit {ended.code} instead of {codes}", ended)
    expect(text in ended.text, f"what ssh said is told: '{text}'", ended)


@trial("fault: a host key that is not known", transports=("ssh",))
def unknown_host(site):
    keep = prepared(site)
    with Moved(site, REPO, "/etc/ssh/ssh_known_hosts"):
        with hostile("connections without certificate, rule or greeting"):
            refused(site, site.call(REPO, "backup", codes=None), "Host key verification failed",
                    (125, 56))
    site.clean(10)
    works_again(site, keep)


@trial("fault: the program is missing on the other host")
def program_missing(site):
    if site.transport == "tls":
        site.configure()
        site.serve((REPO,))
        site.cluster()
        ended = site.call(REPO, "check", "--io-timeout=3", codes=(49, 56, 27))
    else:
        site.configure()
        site.cluster()
        ended = site.call(REPO, "check", "--pg1-host-cmd=/usr/local/bin/no-such-program",
                          codes=(125, 127, 56, 27) if not IS_PEER else tuple(range(1, 128)))
        expect("no-such-program" in ended.text, "the message names the program", ended)
    names_host(ended, PG1)
    site.clean(10)


# Room

SMALL = "40m"


@trial("fault: the disk of the repository is full")
def repository_full(site):
    site.town.mount_small(REPO, SPACE, SMALL, user_of(REPO))
    site.ready()
    # No WAL takes room, and the backup does not wait for any: only its copy is to lack space.
    site.sql(PG1, "alter system set archive_command = 'false'")
    site.pg(PG1, "reload")
    time.sleep(1.5)
    site.noise_table(size=48 << 20)
    began = time.monotonic()
    ended = site.call(REPO, "backup", "--no-archive-check", codes=(64,))
    expect(IS_PEER or time.monotonic() - began < 25, "a full disk is said at once", ended)
    site.no_session()
    site.clean(15)
    equal(site.labels(), [], "backups")
    site.town.shell(REPO, f"rm -rf {SPACE}/backup/{site.stanza}/2*", user="pgbackrest")
    push_without_room(site)


def push_without_room(site):
    """The room shrinks to less than a segment: the push fails and leaves nothing; later it succeeds."""
    name = site.sql(PG1, "select pg_walfile_name(pg_current_wal_lsn())")
    site.sql(PG1, "drop table noise; create table noise2 as select sha512(i::text::bytea) from "
                  "generate_series(1, 90000) i; select pg_switch_wal()")
    site.town.shell(REPO, f"head -c 100m /dev/zero > {SPACE}/filler; truncate -s -2M {SPACE}/filler",
                    user="pgbackrest", codes=None)
    ended = site.call(PG1, "archive-push", f"{DATA}/pg_wal/{name}", codes=(64, 104))
    expect(IS_PEER or "space" in ended.text, "the error tells of the room", ended)
    site.town.shell(REPO, f"rm {SPACE}/filler")
    site.clean(15)
    site.call(PG1, "archive-push", f"{DATA}/pg_wal/{name}")
    site.clean(5)


@trial("fault: the disk of the PostgreSQL host is full in a restore")
def cluster_full(site):
    prepared(site)
    wanted = site.rows(PG1)
    site.archived()
    site.town.mount_small(PG4, DATA, "24m", "postgres")
    began = time.monotonic()
    ended = site.call(PG4, "restore", "--archive-mode=off", codes=(64,))
    expect(IS_PEER or time.monotonic() - began < 25, "a full disk is said at once", ended)
    not_startable(site, PG4)
    site.clean(15, passing=False)
    site.town.unmount(PG4, DATA)
    site.town.exec(PG4, "rmdir", DATA)
    restored(site, PG4, wanted)


@trial("fault: PostgreSQL runs on another host than the configuration says")
def wrong_host(site):
    keep = prepared(site)
    site.configure(primary=PG2)
    site.call(REPO, "backup", codes=(56, 55, 41))
    site.clean(10)
    site.configure()
    works_again(site, keep)
