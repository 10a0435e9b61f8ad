# Backups from standbys: who is read, who may fall away, and what a new timeline changes.
# SPDX-License-Identifier: MIT
import datetime
import re
import time

from lab import equal, expect
from place import IS_PEER, PG1, PG2, PG3, PG4, REPO, ROWS, SPACE
from trial import trial
from trouble import boot, end_limit_s, lost


# The segments that a standby needs before the copy begins cross the slow wire too.
RATE = "24mbit"


def with_standbys(site, *standbys, mode="y", size=32 << 20):
    """Primary with noise, a backup of it, and standbys that stream and are backed up from."""
    site.ready()
    site.noise_table(size=size)
    site.call(REPO, "backup")
    for host in standbys:
        site.standby(host)
    site.configure(standbys=standbys, more_repo={"backup-standby": mode})
    for host in standbys:
        site.caught_up(host)


def sources(ended):
    """host -> bytes that a backup copied from it, by the lines of its files."""
    found = summed(re.findall(r"DETAIL: backup file ([a-z0-9-]+):/[^\n]* \((?:bundle [^,]*, )?"
                              r"(?:[\d.]+[KMG]?B->)?([\d.]+)([KMG]?B), [\d.]+%\)", ended.text))
    if not IS_PEER:  # Ours tells the sums too.
        told = summed((host, number, unit) for number, unit, host in re.findall(
            r"file\(s\), ([\d.]+)([KMG]?B) came from pg\d+ host '([^']+)'", ended.text))
        for host, size in told.items():  # Sizes are rounded; pg_control is in no sum.
            expect(abs(found.get(host, 0) - size) <= 0.1 * size + 16384,
                   f"the lines of files agree with the sum of {host}", f"{found}\n{told}\n{ended}")
    return found


def summed(told):
    units, found = {"B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}, {}
    for host, number, unit in told:
        found[host] = found.get(host, 0) + float(number) * units[unit]
    return found


@trial("standby: a backup reads from the standby, which is waited for")
def from_standby(site):
    with_standbys(site, PG2)
    ended = site.call(REPO, "backup")
    waited(ended)
    read = sources(ended)
    # Of the primary's own files only pg_control and few small ones count, whatever their number.
    expect(read.get(PG2, 0) > 10 * max(read.get(PG1, 0), 1), "nearly all comes from the standby",
           f"{read}\n{ended}")
    site.clean(10)
    site.valid()
    site.peer_restores(site.rows(PG1))


def waited(ended):
    texts = (r"wait for replay on the standby.* to reach [0-9A-F]+/[0-9A-F]+",
             r"replay on the standby.* reached [0-9A-F]+/[0-9A-F]+")
    for text in texts:
        expect(re.search(text, ended.text), f"a line '{text}'", ended)


@trial("standby: of a large file in blocks what changed comes from the standby", ours=True)
def blocks(site):
    with_standbys(site, PG2)
    site.configure(standbys=(PG2,), more_repo={"backup-standby": "y", "repo1-bundle": "y",
                                               "repo1-block": "y", "compress-type": "none"})
    site.call(REPO, "backup")
    site.sql(PG1, "delete from noise where ctid = '(7,1)'")
    site.sql(PG1, "checkpoint")
    site.caught_up(PG2)
    site.sql(PG2, "checkpoint")
    full = site.labels()[-1]
    ended = site.call(REPO, "backup", "--type=incr")
    expect(sources(ended).get(PG2, 0) > 20 << 20, "the large file is read on the standby", ended)
    label = site.labels()[-1]
    expect(label.startswith(full + "_"), "an incr of the full backup", label)
    place = site.town.outside(site.repo, f"{SPACE}/backup/{site.stanza}/{label}")
    stored = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    expect(stored < 8 << 20, "bytes that the incr stores", stored)
    site.clean(10)
    site.call(PG4, "restore", "--archive-mode=off")
    site.pg(PG4, "start")
    site.wait_sql(PG4, "select pg_is_in_recovery()", "f")
    for query in (ROWS, "select count(*), md5(string_agg(s::text, ',' order by s)) from noise"):
        equal(site.sql(PG4, query), site.sql(PG1, query), "rows that were restored")


@trial("standby: without one, y fails and prefer reads the primary")
def none_there(site):
    site.ready()
    site.cluster(PG2)
    site.pg(PG2, "stop")
    site.configure(standbys=(PG2,), more_repo={"backup-standby": "y"})
    site.call(REPO, "backup", codes=(56,))
    if not IS_PEER:  # 2.45 has no `prefer`.
        ended = site.call(REPO, "backup", "--backup-standby=prefer")
        equal(set(sources(ended)), {PG1}, "hosts that were read")
    site.clean(10)


@trial("standby: one that does not replay ends the backup with 82")
def does_not_replay(site):
    with_standbys(site, PG2)
    site.sql(PG2, "select pg_wal_replay_pause()")
    site.call(REPO, "backup", "--archive-timeout=5", codes=(82,))
    site.no_session()
    site.clean(15)
    site.sql(PG2, "select pg_wal_replay_resume()")
    site.call(REPO, "backup")
    site.valid()


@trial("standby: check on the primary, on a standby and on the repository host")
def check(site):
    with_standbys(site, PG2)
    for host in (REPO, PG1, PG2):
        ended = site.call(host, "check")
        expect("check command end: completed successfully" in ended.text, f"check on {host}", ended)
    site.clean(5)


@trial("standby: promoted during a backup ends it with 58")
def promoted(site):
    with_standbys(site, PG2)
    keep = site.labels()
    process = site.in_backup(slow=(PG2,), rate=RATE)
    site.pg(PG2, "promote")
    site.finish(process, (58,), end_limit_s())
    site.no_session()
    site.clean()
    equal(site.labels(), keep, "backups")


@trial("standby: power loss of the only one during a backup")
def only_one_lost(site):
    with_standbys(site, PG2)
    keep = site.labels()
    process = site.in_backup(slow=(PG2,), rate=RATE)
    site.town.kill(PG2)
    site.finish(process, lost(site, 56), end_limit_s())
    site.no_session()
    site.clean()
    equal(site.labels(), keep, "backups")
    boot(site, PG2)
    site.full_speed()
    site.pg(PG2, "start")
    site.caught_up(PG2)
    site.call(REPO, "backup")
    site.clean(15)
    site.valid()


@trial("standby: the work of one that is lost goes to the other", ours=True)
def other_takes_over(site):
    with_standbys(site, PG2, PG3)
    process = site.in_backup(slow=(PG2, PG3), rate=RATE)
    site.town.kill(PG2)
    site.full_speed_of(PG3)
    ended = site.finish(process, (0,), end_limit_s() + 60)
    expect(PG2 in ended.text, "the log tells of the lost standby", ended)
    expect(sources(ended).get(PG3, 0) > 8 << 20, "the other standby gave files", ended)
    site.clean()
    site.valid()
    site.peer_restores(site.rows(PG1))


@trial("standby: with prefer the primary takes the work of one that is lost", ours=True)
def primary_takes_over(site):
    with_standbys(site, PG2, mode="prefer")
    process = site.in_backup(slow=(PG2,), rate=RATE)
    site.town.kill(PG2)
    ended = site.finish(process, (0,), end_limit_s() + 60)
    expect(sources(ended).get(PG1, 0) > 8 << 20, "the primary gave files", ended)
    site.clean()
    site.valid()
    site.peer_restores(site.rows(PG1))


@trial("standby: power loss of the primary during a backup from a standby")
def primary_lost(site):
    with_standbys(site, PG2)
    keep = site.labels()
    process = site.in_backup(slow=(PG2,), rate=RATE)
    site.town.kill(PG1)
    site.finish(process, lost(site, 56, 57), end_limit_s())
    site.clean()
    equal(site.labels(), keep, "backups")


@trial("standby: failover between two backups, the old primary follows")
def failover(site):
    with_standbys(site, PG2)
    site.add_rows()
    site.archived()
    site.caught_up(PG2)
    old_rows = site.rows(PG1)
    site.pg(PG1, "stop")
    site.pg(PG2, "promote")
    site.wait_sql(PG2, "select pg_is_in_recovery()", "f")
    site.sql(PG2, f"alter system set archive_command = '{site.archive_command()}'")
    site.pg(PG2, "reload")
    site.configure(primary=PG2, standbys=(PG1,))
    site.add_rows(PG2)
    site.archived(PG2)
    # The backup of the first timeline, replayed across the switch.
    site.call(PG4, "restore", "--archive-mode=off")
    site.pg(PG4, "start")
    site.wait_sql(PG4, "select pg_is_in_recovery()", "f")
    equal(site.rows(PG4), site.rows(PG2), "rows of a restore across the switch")
    site.pg(PG4, "stop")
    # The old primary becomes a standby of the new one.
    site.call(PG1, "restore", "--type=standby", "--delta")
    site.pg(PG1, "start")
    site.wait_sql(PG1, "select count(*) from pg_stat_wal_receiver where status = 'streaming'", "1")
    site.caught_up(PG1, primary=PG2)
    site.configure(primary=PG2, standbys=(PG1,), more_repo={"backup-standby": "y"})
    waited(site.call(REPO, "backup"))
    expect(site.stanza_info(REPO)["backup"][-1]["archive"]["start"].startswith("00000002"),
           "the backup is on the second timeline")
    site.call(PG4, "restore", "--delta", "--archive-mode=off", "--type=immediate",
              f"--set={site.labels()[0]}", "--target-action=promote")
    site.pg(PG4, "start")
    site.wait_sql(PG4, "select pg_is_in_recovery()", "f")
    expect(site.rows(PG4) != old_rows, "the first backup alone is older")
    site.clean(10)
    site.valid()
    site.peer_restores(site.rows(PG2))


@trial("standby: two are read at once, sooner than one", ours=True)
def two_at_once(site):
    with_standbys(site, PG2, PG3, size=8 << 20)
    for number in range(6):  # One table is one file; files are what is shared out.
        site.noise_table(size=8 << 20, name=f"noise{number}")
    for host in (PG2, PG3):
        site.caught_up(host)
    whole, copying = {}, {}
    for standbys in ((PG2,), (PG2, PG3)):
        site.configure(standbys=standbys, more_repo={"backup-standby": "y", "compress-type": "none"})
        for host in (PG1, PG2, PG3):
            # Slow enough that the wire counts, not what else the machine does.
            site.town.slow(host, RATE)
        began = time.monotonic()
        ended = site.call(REPO, "backup")
        whole[len(standbys)] = time.monotonic() - began
        copying[len(standbys)] = copy_seconds(ended)
        site.full_speed()
        read = sources(ended)
        for host in standbys:
            expect(read.get(host, 0) > 10 << 20, f"{host} was read", read)
    # What comes before and after the copy takes its time on a busy machine, whatever is read.
    expect(copying[2] < 0.75 * copying[1] and whole[2] < whole[1],
           "two standbys are quicker than one", (copying, whole))
    site.clean(10)
    site.valid()


def copy_seconds(ended):
    """From the last standby that is ready to the end of the copy, by the log."""
    moments = [[datetime.datetime.fromisoformat(text) for text in
                re.findall(rf"^(\S+ \S+) P00   INFO: {line}", ended.text, re.M)]
               for line in ("replay on the standby reached", "execute backup stop")]
    return (moments[1][0] - moments[0][-1]).total_seconds()
