# SFTP servers that are killed, cut off or full while something runs, for a moment or for good.
# SPDX-License-Identifier: MIT
"""What comes back in time is no more than a line in the log. What does not ends the command with a
message; nothing of it is left when the next one has run, and pgBackRest finds nothing wrong."""
import re
import signal
import time

from lab import equal, expect, wait_for
from place import DATA, NOTICE_S, PG1, PG2, SFTP, SPACE, log_of, user_of
from pusher import Pusher
from trial import trial
from trouble import names_host, not_startable

RATE = "80mbit"
FILES, FILE_BYTES = 4, 32 << 20
CUT_S = 5  # Less than io-timeout.
DOWN_S = 2
# How a command ends that lost the server: its session broke, or no new one was made.
LOST = (39, 49)
LIMIT_S = NOTICE_S + 20
SMALL, LARGE = "40m", "300M"


def sftp_trial(name):
    return trial(f"sftp: {name}", transports=("sftp",), ours=True)


def prepared(site):
    """A cluster with one backup of it; after that, data that takes its time. Returns these."""
    site.ready(more={"compress-type": "none"})
    site.call(PG1, "backup")
    return site.noise_files(FILES, FILE_BYTES)


def told(ended):
    """The log names the server in a line that is no copy of the options."""
    lines = [line for line in ended.text.splitlines()
             if re.search(r" (INFO|WARN|DETAIL): ", line) and "command begin" not in line]
    expect(any(SFTP in line for line in lines), "the log tells of the broken session", ended)


def restored(site, data):
    """What is in the repository is restored on another host: the same data."""
    site.call(PG2, "restore", "--delta", "--archive-mode=off")
    equal(site.noise_on(PG2), data, "files that were restored")
    start_promoted(site)


def start_promoted(site):
    site.pg(PG2, "start")
    site.wait_sql(PG2, "select pg_is_in_recovery()", "f")
    equal(site.rows(PG2), site.rows(PG1), "rows of the restored cluster")


def whole(site, data, backups):
    """All of that many backups are good, the last one holds the data; nothing else is left."""
    equal(len(site.labels()), backups, "backups")
    equal(site.partial_backups(), [], "backups that were not finished")
    site.archived(limit_s=100)  # After a failure the archiver rests for up to a minute.
    restored(site, data)
    site.clean(15)
    site.valid()


# Comes back

@sftp_trial("the server is killed during a backup and comes back")
def killed_in_backup(site):
    data = prepared(site)
    process = site.in_backup(rate=RATE)
    site.kill_sshd()
    time.sleep(DOWN_S)
    site.start_sshd()
    site.full_speed()
    told(site.finish(process))
    whole(site, data, 2)


@sftp_trial("the server is killed three times during a backup")
def killed_again(site):
    data = prepared(site)
    process = site.in_backup(rate=RATE)
    for _ in range(3):
        site.restart_sshd()
        time.sleep(1)
    site.full_speed()
    told(site.finish(process))
    whole(site, data, 2)


@sftp_trial("the server is killed during a backup in bundles, encrypted, and comes back")
def killed_in_bundles(site):
    site.ready(more={"repo1-bundle": "y", "repo1-cipher-type": "aes-256-cbc",
                     "repo1-cipher-pass": "secret", "compress-type": "none"})
    data = site.noise_files(64, 1 << 20)
    site.town.slow(PG1, RATE)
    process = site.spawn(PG1, "backup")
    place = site.town.outside(SFTP, f"{SPACE}/backup/{site.stanza}")
    wait_for(lambda: any(place.glob("*F/bundle/*")) or process.poll() is not None,
             "the copy begins", 60, 0.02)
    time.sleep(1)
    expect(process.poll() is None, "the backup was caught in its middle", log_of(process))
    site.restart_sshd()
    site.full_speed()
    told(site.finish(process))
    whole(site, data, 1)


@sftp_trial("a session breaks while the backup waits for WAL")
def broken_at_rest(site):
    data = prepared(site)
    archiver(site, f"set archive_command = 'false {site.archive_command()}'")
    process = site.spawn(PG1, "backup")
    wait_for(lambda: "check archive for segment" in log_of(process) or process.poll() is not None,
             "the backup waits", 60, 0.02)
    site.restart_sshd()
    archiver(site, "reset archive_command")
    site.finish(process)
    whole(site, data, 2)


def archiver(site, change):
    site.sql(PG1, f"alter system {change}")
    site.pg(PG1, "reload")
    time.sleep(1.5)


@sftp_trial("a short cut during a backup is survived")
def short_cut_in_backup(site):
    data = prepared(site)
    process = site.in_backup(rate=RATE)
    site.town.cut(SFTP, PG1)
    time.sleep(CUT_S)
    site.town.heal(SFTP, PG1)
    site.full_speed()
    site.finish(process)
    whole(site, data, 2)


def with_data_to_restore(site):
    data = prepared(site)
    site.call(PG1, "backup")
    site.archived()
    return data


@sftp_trial("the server is killed during a restore and comes back")
def killed_in_restore(site):
    data = with_data_to_restore(site)
    process = site.in_restore(PG2, "--archive-mode=off", rate=RATE)
    site.kill_sshd()
    time.sleep(DOWN_S)
    site.start_sshd()
    site.full_speed()
    told(site.finish(process))
    equal(site.noise_on(PG2), data, "files that were restored")
    start_promoted(site)
    site.clean(15)


@sftp_trial("a short cut during a restore is survived")
def short_cut_in_restore(site):
    data = with_data_to_restore(site)
    process = site.in_restore(PG2, "--archive-mode=off", rate=RATE)
    site.town.cut(SFTP, PG2)
    time.sleep(CUT_S)
    site.town.heal(SFTP, PG2)
    site.full_speed()
    site.finish(process)
    equal(site.noise_on(PG2), data, "files that were restored")
    start_promoted(site)
    site.clean(15)


@sftp_trial("the server is killed during archive-push and comes back")
def killed_in_push(site):
    pusher = Pusher(site)
    process = pusher.start()
    site.kill_sshd()
    time.sleep(DOWN_S)
    site.start_sshd()
    site.full_speed()
    site.finish(process, (0, *LOST, 103, 104))
    pusher.archiver_back()


@sftp_trial("WAL waits while there is no server, and arrives after")
def wal_waits(site):
    site.ready()
    first = site.archived()
    site.kill_sshd()
    for _ in range(2):
        site.sql(PG1, "create table if not exists ticks (n int); insert into ticks values (2);"
                      "select pg_switch_wal()")
    site.wait_sql(PG1, "select failed_count > 0 from pg_stat_archiver")
    site.start_sshd()
    site.no_gap(first, site.archived(limit_s=120))
    site.call(PG1, "check")
    site.clean(15)


# Does not come back

def given_up(site, process, data):
    """The backup ends and names the server; the next one, with the server back, succeeds."""
    names_host(site.finish(process, LOST, LIMIT_S), SFTP)
    site.no_session()
    site.clean(passing=False)
    equal(len(site.labels()), 1, "backups")
    return lambda: (site.full_speed(), site.call(PG1, "backup"), whole(site, data, 2))


@sftp_trial("a cut during a backup ends it within the time-out")
def cut_in_backup(site):
    data = prepared(site)
    process = site.in_backup(rate=RATE)
    site.town.cut(SFTP, PG1)
    works_again = given_up(site, process, data)
    site.town.heal(SFTP, PG1)
    works_again()


@sftp_trial("the server is killed during a backup and stays away")
def no_server_any_more(site):
    data = prepared(site)
    process = site.in_backup(rate=RATE)
    site.kill_sshd()
    works_again = given_up(site, process, data)
    site.start_sshd()
    works_again()


@sftp_trial("power loss of the server during a backup")
def server_without_power(site):
    data = prepared(site)
    process = site.in_backup(rate=RATE)
    site.town.kill(SFTP)
    works_again = given_up(site, process, data)
    site.town.start(SFTP)
    works_again()


@sftp_trial("a cut during a restore ends it within the time-out")
def cut_in_restore(site):
    data = with_data_to_restore(site)
    process = site.in_restore(PG2, "--archive-mode=off", rate=RATE)
    site.town.cut(SFTP, PG2)
    names_host(site.finish(process, LOST, LIMIT_S), SFTP)
    not_startable(site, PG2)
    site.clean(passing=False)
    site.town.heal(SFTP, PG2)
    site.full_speed()
    restored(site, data)
    site.clean(15)


@sftp_trial("a server that cannot be reached from the start")
def unreachable(site):
    data = prepared(site)
    site.archived()
    site.town.cut(SFTP, PG1)
    names_host(site.call(PG1, "backup", codes=LOST, limit_s=LIMIT_S), SFTP)
    site.clean(15)
    site.town.heal(SFTP, PG1)
    site.call(PG1, "backup")
    whole(site, data, 2)


# The other end of the link

@sftp_trial("SIGTERM during a backup ends it with 63")
def terminated(site):
    data = prepared(site)
    process = site.in_backup(rate=RATE)
    for ours in site.ours_on(PG1):
        if "backup" in ours.argv:
            ours.signal(signal.SIGTERM)
    site.finish(process, (63,), 30)
    site.full_speed()
    site.no_session()
    site.clean(15)
    site.call(PG1, "backup")
    whole(site, data, 2)


@sftp_trial("power loss of the PostgreSQL host during a backup")
def cluster_without_power(site):
    data = prepared(site)
    process = site.in_backup(rate=RATE)
    site.town.kill(PG1)
    site.finish(process, codes=None)
    site.town.start(PG1)
    site.pg(PG1, "start")
    site.call(PG1, "backup")
    whole(site, data, 2)


# Room

@sftp_trial("the disk of the server is full")
def full(site):
    site.town.mount_small(SFTP, SPACE, SMALL, user_of(SFTP))
    site.ready(more={"compress-type": "lz4"})
    site.call(PG1, "backup")
    data = site.noise_files(2, FILE_BYTES)
    says_room(site.call(PG1, "backup", codes=(64,)))
    site.no_session()
    equal(len(site.labels()), 1, "backups")
    site.town.shell(SFTP, f"mount -o remount,size={LARGE} {SPACE}")
    push_without_room(site)
    site.call(PG1, "backup")
    whole(site, data, 2)


def says_room(ended):
    expect(re.search(r"ERROR: .*(no space left|bytes free)", ended.text, re.I | re.S),
           "the error tells of the room", ended)


def push_without_room(site):
    """A segment finds no room: the push says so and leaves nothing; with room PostgreSQL goes on."""
    site.town.shell(SFTP, f"head -c {LARGE} /dev/zero > {SPACE}/filler", user="pgbackrest", codes=None)
    site.add_rows()  # At the very start of a segment the name would be that of the last one.
    name = site.sql(PG1, "select pg_walfile_name(pg_current_wal_lsn())")
    site.noise_table(size=12 << 20)
    site.sql(PG1, "select pg_switch_wal()")
    says_room(site.call(PG1, "archive-push", f"{DATA}/pg_wal/{name}", codes=(64, 104)))
    site.town.shell(SFTP, f"rm {SPACE}/filler")
    site.wait_archived(name, limit_s=100)
