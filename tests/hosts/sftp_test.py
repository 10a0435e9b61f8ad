# The second walkthrough: a repository on an SFTP server, typed as it stands; and what comes after it.
# SPDX-License-Identifier: MIT
import dataclasses
import re
import time

from lab import equal, expect
from place import DATA, PG1, PG2, SFTP, SPACE
from sftp_site import SHA1_LINE, SSHD_CONF
from trial import trial
from walking import (ACCEPT, allow_replication, append, archiving, as_user, first_cluster,
                     full_backup, lines, password_file, restored_as_standby, stanza_and_check,
                     typed, waited_for_replay)

STANZA = "demo"
NODES = (PG1, PG2)
PASSPHRASE = "BeSureToGenerateAndUseASecurePassphrase"
SSH_HOME = "/var/lib/pgsql/.ssh"
ASK_PASS = "/tmp/ask-pass"
CIPHER_PASS = "acbd"
ARRIVALS = "select count(*) from arrivals"

NODE_INI = f"""[global]
repo1-bundle=y
repo1-type=sftp
repo1-path={SPACE}
repo1-sftp-host=sftp-srv
repo1-sftp-host-key-hash-type=sha1
repo1-sftp-host-user=pgbackrest
repo1-sftp-private-key-file={SSH_HOME}/id_rsa_sftp
repo1-sftp-private-key-passphrase={PASSPHRASE}

repo1-retention-full=2
start-fast=y
log-level-console=info
log-level-file=debug
delta=y
process-max=2

[demo]
pg1-path={DATA}
"""
STANDBY_INI = f"""pg2-host=pg1-srv
pg2-path={DATA}
backup-standby=y
recovery-option=primary_conninfo=host=pg1-srv user=replic_user
"""
NODE_TOML = f"""[global]
repo1-bundle = true
repo1-type = "sftp"
repo1-path = "{SPACE}"
repo1-sftp-host = "sftp-srv"
repo1-sftp-host-key-hash-type = "sha1"
repo1-sftp-host-user = "pgbackrest"
repo1-sftp-private-key-file = "{SSH_HOME}/id_rsa_sftp"
repo1-sftp-private-key-passphrase = "{PASSPHRASE}"

repo1-retention-full = 2
start-fast = true
log-level-console = "info"
log-level-file = "debug"
delta = true
process-max = 2

[demo]
pg1-path = "{DATA}"
"""
STANDBY_TOML = f"""pg2-host = "pg1-srv"
pg2-path = "{DATA}"
backup-standby = true
recovery-option = {{ primary_conninfo = "host=pg1-srv user=replic_user" }}
"""


@dataclasses.dataclass(frozen=True)
class Way:
    """One way to walk: how the configuration is written and what the reader is free to choose."""
    file: str
    node: str
    standby: str
    key: str = "rsa -b 4096"  # as `ssh-keygen -t` takes it
    scan: bool = False  # the server's key by ssh-keyscan, else by the first login
    encrypted: bool = False

    def text(self, host):
        more = ""
        if self.encrypted:
            more = f"repo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass={CIPHER_PASS}\n"
        return (self.node.replace("[global]\n", "[global]\n" + more)
                + (self.standby if host == PG2 else ""))

    def cipher(self):
        return "aes-256-cbc" if self.encrypted else "none"


INI = Way("/etc/pgbackrest.conf", NODE_INI, STANDBY_INI)
TOML = Way("/etc/pgbraid/pgbraid.toml", NODE_TOML, STANDBY_TOML, scan=True)


def postgres(site, host, words, **more):
    return as_user(site, host, "postgres", words, **more)


def repository_user(site):
    for line in ("groupadd pgbackrest", "adduser -g pgbackrest -n pgbackrest",
                 f"mkdir -m 750 -p {SPACE}", f"chown pgbackrest: {SPACE}",
                 "sudo -u pgbackrest mkdir -m 750 -p /home/pgbackrest/.ssh"):
        typed(site, SFTP, line)


def keys_of_sftp(site, way):
    """A key pair of its own on each node, which takes a passphrase."""
    for host in NODES:
        typed(site, host, f"sudo -u postgres ssh-keygen -q -f {SSH_HOME}/id_rsa_sftp -t {way.key} "
                          f'-N "{PASSPHRASE}"')
        typed(site, SFTP, f"ssh root@{host} cat {SSH_HOME}/id_rsa_sftp.pub | "
                          "sudo -u pgbackrest tee -a /home/pgbackrest/.ssh/authorized_keys")
        if way.scan:
            typed(site, host, f"ssh-keyscan sftp-srv | sudo -u postgres tee -a {SSH_HOME}/known_hosts")
        log_in_by_hand(site, host)


def log_in_by_hand(site, host):
    """ssh asks for the passphrase, which a program answers here, and remembers the server's key."""
    site.town.write(host, ASK_PASS, f"#!/bin/sh\necho {PASSPHRASE}\n", "postgres:700")
    typed(site, host, f"sudo -u postgres SSH_ASKPASS={ASK_PASS} SSH_ASKPASS_REQUIRE=force ssh "
                      "-o StrictHostKeyChecking=accept-new pgbackrest@sftp-srv "
                      f"-i {SSH_HOME}/id_rsa_sftp true")


def keys_between_nodes(site):
    for host in NODES:
        typed(site, host, 'sudo -u postgres ssh-keygen -q -N "" -t rsa -b 4096 '
                          f"-f {SSH_HOME}/id_rsa")
        typed(site, host, f"sudo -u postgres restorecon -R {SSH_HOME}")
    for host, other in ((PG1, PG2), (PG2, PG1)):
        typed(site, host, f"ssh root@{other} cat {SSH_HOME}/id_rsa.pub | "
                          f"sudo -u postgres tee -a {SSH_HOME}/authorized_keys")
    for host, other in ((PG2, PG1), (PG1, PG2)):
        typed(site, host, f"sudo -u postgres ssh {ACCEPT} postgres@{other} true")


def configure(site, way, host):
    site.town.write(host, way.file, way.text(host), "postgres:640")


def look(site, way):
    """`info` says on both nodes the same, and what the walkthrough shows."""
    texts = [postgres(site, host, "info").out.decode() for host in NODES]
    equal(texts[0], texts[1], "info on the other node")
    for wanted in (f"stanza: {STANZA}\n", "    status: ok\n", f"    cipher: {way.cipher()}\n",
                   "    db (current)\n", "wal archive min/max (15", "full backup: ",
                   "timestamp start/stop: ", "wal start/stop: ", "database size: ",
                   "repo1: backup set size: "):
        expect(wanted in texts[0], f"info says '{wanted}'", texts[0])


def standby(site, way):
    password_file(site, PG2)
    configure(site, way, PG2)
    look(site, way)
    restored_as_standby(site, postgres(site, PG2, "--type=standby restore --no-delta"), PG2)
    site.pg(PG2, "enable")
    site.pg(PG2, "start")
    site.wait_sql(PG1, "select count(*) from pg_stat_replication where state = 'streaming' "
                       "and usename = 'replic_user'", "1")
    site.sql(PG1, "create table arrivals as select generate_series(1, 5000) as n")
    site.caught_up(PG2)
    equal(site.sql(PG2, ARRIVALS), "5000", "rows that were streamed")


def logins(site, host):
    text = site.town.outside(host, "/var/log/sshd.log").read_text(errors="replace")
    return text.count("Accepted publickey for postgres")


def backup_from_standby(site):
    before = logins(site, PG1)
    waited_for_replay(postgres(site, PG2, "--type=full backup"))
    expect(logins(site, PG1) > before, "the primary was reached over SSH")
    equal(len(site.labels()), 2, "backups")


def retention(site):
    """The third full backup lets the first go, and all WAL from before the second."""
    first, second = site.labels()
    old = archived_before(site, second)
    expect(old, "there is WAL from before the second backup", site.segments())
    ended = postgres(site, PG1, "--type=full backup")
    lines(ended, "expire command begin", f"expire full backup {first}",
          f"remove expired backup {first}", "expire command end: completed successfully")
    labels = site.labels()
    equal(labels[:-1], [second], "backups before the last")
    equal(archived_before(site, second), [], "WAL from before the oldest backup")
    stanza = site.stanza_info(PG2)
    equal([one["label"] for one in stanza["backup"]], labels, "backups in info")
    start = stanza["backup"][0]["archive"]["start"]
    equal(stanza["archive"][0]["min"], start, "the oldest segment in info")
    site.no_gap(start, stanza["archive"][0]["max"])


def archived_before(site, label):
    """Names of all that is archived from before the start of a backup."""
    start = next(one["archive"]["start"] for one in site.stanza_info(PG1)["backup"]
                 if one["label"] == label)
    place = site.town.outside(SFTP, f"{SPACE}/archive/{STANZA}")
    return sorted(path.name for path in place.glob("*/*/*") if path.name[:24] < start
                  and re.match(r"[0-9A-F]{24}", path.name))


def point_in_time(site):
    """To a moment on the second node; then to a restore point, over damage."""
    time.sleep(1.1)  # A backup's end is known by the second.
    moment = site.sql(PG1, "select clock_timestamp()")
    time.sleep(1.1)
    site.sql(PG1, "delete from arrivals where n > 4000")
    site.sql(PG1, "select pg_create_restore_point('halfway')")
    site.sql(PG1, "delete from arrivals where n > 1000")
    site.archived()
    restore = "--archive-mode=off --target-action=promote restore"
    site.pg(PG2, "stop")
    postgres(site, PG2, f"--type=time --target='{moment}' {restore}")
    equal(promoted_arrivals(site), "5000", "rows at that moment")
    damage(site)
    postgres(site, PG2, f"--type=name --target=halfway {restore}")
    equal(promoted_arrivals(site), "4000", "rows at the restore point")
    damage(site)
    postgres(site, PG2, "--archive-mode=off restore")
    expect(not site.town.outside(PG2, f"{DATA}/foreign").exists(), "the foreign file is gone")
    equal(promoted_arrivals(site), "1000", "rows at the end of the WAL")
    site.pg(PG2, "stop")


def damage(site):
    """Changes, adds and removes files of a stopped cluster."""
    site.pg(PG2, "stop")
    data = site.town.outside(PG2, DATA)
    (data / "PG_VERSION").write_bytes(b"99")
    (data / "foreign").write_bytes(b"not in the backup")
    files = sorted(path for path in (data / "base").glob("5/*") if path.stat().st_size > 8192)
    files[0].unlink()
    content = bytearray(files[1].read_bytes())
    content[100] ^= 1
    files[1].write_bytes(content)


def promoted_arrivals(site):
    site.pg(PG2, "start")
    site.wait_sql(PG2, "select pg_is_in_recovery()", "f")
    site.sql(PG2, "select count(*) from pg_class; select sum(length(t::text)) from pg_proc t")
    return site.sql(PG2, ARRIVALS)


def walk(site, way):
    site.stanza = STANZA
    if way.key == "ed25519":  # Who has such a key leaves the server as the distribution ships it.
        conf = site.town.outside(SFTP, SSHD_CONF)
        conf.write_text(conf.read_text().replace(SHA1_LINE, ""))
        site.restart_sshd()
    repository_user(site)
    keys_of_sftp(site, way)
    keys_between_nodes(site)
    first_cluster(site)
    configure(site, way, PG1)
    archiving(site)
    stanza_and_check(site, PG1, "postgres")
    full_backup(site, PG1, "postgres")
    allow_replication(site, PG2)
    standby(site, way)
    backup_from_standby(site)
    look(site, way)
    retention(site)
    point_in_time(site)
    site.clean(10)
    cipher = {"repo1-cipher-type": "aes-256-cbc", "repo1-cipher-pass": CIPHER_PASS}
    site.write_peer_conf(cipher if way.encrypted else {})
    site.valid()
    site.peer_restores("1000", query=ARRIVALS)


def walkthrough(name, way):
    trial(f"sftp: the walkthrough, {name}", way, transports=("sftp",), bare=True,
          ours=True)(walk)


walkthrough("pgbackrest.conf as it stands", INI)
walkthrough("in TOML", TOML)
walkthrough("an encrypted repository, Ed25519 keys",
            dataclasses.replace(INI, key="ed25519", encrypted=True))
