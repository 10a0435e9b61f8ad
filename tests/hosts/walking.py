# What both walkthroughs have in common: how lines are typed and what is expected of their output.
# SPDX-License-Identifier: MIT
import re

from lab import expect
from place import DATA, PG1, PROGRAM

ACCEPT = "-o StrictHostKeyChecking=accept-new -o BatchMode=yes"


def typed(site, host, line, **more):
    """A line of the walkthrough, typed as root."""
    return site.town.shell(host, line, **more)


def as_user(site, host, user, words, codes=(0,)):
    """sudo -iu USER PROGRAM --stanza=STANZA WORDS"""
    return typed(site, host, f"sudo -iu {user} {PROGRAM} --stanza={site.stanza} {words}",
                 codes=codes, limit_s=180)


def append(site, host, path, text):
    with open(site.town.outside(host, path), "a") as file:
        file.write(text)


def lines(ended, *wanted):
    """These texts are in INFO lines, in this order."""
    at = 0
    for text in wanted:
        found = re.compile(r"INFO: .*" + re.escape(text)).search(ended.text, at)
        expect(found, f"an INFO line says '{text}', after those before it", ended)
        at = found.end()


def first_cluster(site):
    typed(site, PG1, "export PGSETUP_INITDB_OPTIONS=--data-checksums; "
                     "/usr/pgsql-15/bin/postgresql-15-setup initdb", limit_s=120)
    site.pg(PG1, "enable")
    site.pg(PG1, "start")


def archiving(site):
    append(site, PG1, f"{DATA}/postgresql.conf",
           "listen_addresses = '*'\narchive_mode = on\n"
           f"archive_command = '{PROGRAM} --stanza={site.stanza} archive-push %p'\n")
    site.pg(PG1, "restart")


def stanza_and_check(site, host, user):
    for command in ("stanza-create", "check"):
        ended = as_user(site, host, user, command)
        expect(f"INFO: {command} command end: completed successfully" in ended.text,
               f"{command} says how it ended", ended)


def full_backup(site, host, user):
    """A first backup and what the walkthroughs show of its log. Returns how it ended."""
    ended = as_user(site, host, user, "--type=full backup")
    lines(ended, "backup command begin", "backup start archive = 0000000100000000000000",
          "backup stop archive = 0000000100000000000000", "check archive for segment",
          "new backup label = ", "backup command end: completed successfully",
          "expire command begin", "expire command end: completed successfully")
    lines(ended, "full backup size = ")  # Where it stands has changed between versions.
    return ended


def allow_replication(site, *standbys):
    typed(site, PG1, "sudo -iu postgres psql -c \"CREATE ROLE replic_user WITH LOGIN REPLICATION "
                     "PASSWORD 'mypwd'\"")
    append(site, PG1, f"{DATA}/pg_hba.conf",
           "".join(f"host   replication   replic_user   {host}   scram-sha-256\n"
                   for host in standbys))
    site.pg(PG1, "reload")


def password_file(site, host):
    for line in ('echo "*:*:replication:replic_user:mypwd" >> ~postgres/.pgpass',
                 "chown postgres: ~postgres/.pgpass", "chmod 0600 ~postgres/.pgpass"):
        typed(site, host, line)


def restored_as_standby(site, ended, host):
    # pgBackRest 2.45 writes "repo1: restore backup set", the first walkthrough's version did not.
    lines(ended, "restore command begin", "restore backup set ",
          f"write updated {DATA}/postgresql.auto.conf", "restore global/pg_control",
          "restore command end: completed successfully")
    recovery_settings(site, host)


def recovery_settings(site, host):
    data = site.town.outside(host, DATA)
    text = (data / "postgresql.auto.conf").read_text()
    expect("primary_conninfo = 'host=pg1-srv user=replic_user'" in text, "primary_conninfo", text)
    # The names of the configuration may be in it where they are not found by default.
    wanted = rf"restore_command = '\S*{PROGRAM} .*--stanza={site.stanza} .*archive-get %f \"%p\"'"
    expect(re.search(wanted, text), "restore_command", text)
    expect((data / "standby.signal").exists(), "there is a standby.signal")


def waited_for_replay(ended):
    """A backup from a standby: its log tells what was waited for."""
    at = re.search(r"wait for replay on the standby.* to reach ([0-9A-F]+/[0-9A-F]+)", ended.text)
    expect(at, "a line says that the standby is waited for", ended)
    lines(ended, "backup start archive = ", "wait for replay on the standby",
          "replay on the standby", "backup stop archive = ",
          "new backup label = ", "expire command end: completed successfully")
