# The first walkthrough: a dedicated repository host and streaming replication, typed as it stands.
# SPDX-License-Identifier: MIT
import dataclasses
import json
import re
import time

import place
from lab import equal, expect
from place import DATA, PG1, PG2, PG3, PG4, PROGRAM, REPO
from trial import trial
from walking import (ACCEPT, allow_replication, append, archiving, as_user, first_cluster,
                     full_backup, password_file, restored_as_standby, stanza_and_check, typed,
                     waited_for_replay)

STANZA = "mycluster"
NODES = (PG1, PG2, PG3)
HOSTS = (*NODES, PG4)  # The last one is for what is tried out.

REPO_INI = f"""[global]
repo1-path=/backup_space
repo1-retention-full=2
log-level-console=info
log-level-file=debug
start-fast=y
repo1-cipher-type=aes-256-cbc
repo1-cipher-pass=acbd

[mycluster]
pg1-host=pg1-srv
pg1-path={DATA}
"""
NODE_INI = f"""[global]
repo1-host=backup-srv
repo1-host-user=pgbackrest
log-level-console=info
log-level-file=debug

[mycluster]
pg1-path={DATA}
"""
STANDBY_INI = "recovery-option=primary_conninfo=host=pg1-srv user=replic_user\n"
STANDBYS_INI = f"""pg2-host=pg2-srv
pg2-path={DATA}
pg3-host=pg3-srv
pg3-path={DATA}
backup-standby=y
"""
REPO_TOML = f"""[global]
repo1-path = "/backup_space"
repo1-retention-full = 2
log-level-console = "info"
log-level-file = "debug"
start-fast = true
repo1-cipher-type = "aes-256-cbc"
repo1-cipher-pass = "acbd"

[mycluster]
pg1-host = "pg1-srv"
pg1-path = "{DATA}"
"""
NODE_TOML = f"""[global]
repo1-host = "backup-srv"
repo1-host-user = "pgbackrest"
log-level-console = "info"
log-level-file = "debug"

[mycluster]
pg1-path = "{DATA}"
"""
STANDBY_TOML = 'recovery-option = { primary_conninfo = "host=pg1-srv user=replic_user" }\n'
STANDBYS_TOML = f"""pg2-host = "pg2-srv"
pg2-path = "{DATA}"
pg3-host = "pg3-srv"
pg3-path = "{DATA}"
backup-standby = true
"""


@dataclasses.dataclass(frozen=True)
class Dialect:
    """One way to write the configuration, and the files of the walkthrough in it."""
    file: str
    repository: str
    node: str
    standby: str
    standbys: str

    def quoted(self, value):
        return f'"{value}"' if self.file.endswith(".toml") else value

    def rule(self, client, stanza):
        """What a server grants to one client."""
        if self.file.endswith(".toml"):
            return f'"{client}" = "{stanza}"'
        return f"tls-server-auth={client}={stanza}"

    def lines(self, settings):
        out = [f"{key}={self.quoted(value)}" for key, value in settings.items()
               if not isinstance(value, list)]
        rules = [self.rule(*one.split("=")) for one in settings.get("tls-server-auth", ())]
        if rules and self.file.endswith(".toml"):
            rules = [f"tls-server-auth = {{ {', '.join(rules)} }}"]
        return "".join(line + "\n" for line in out + rules)

    def with_more(self, text, section, settings):
        """The text with more settings at the start of a section; as it stands if there are none."""
        return text.replace(f"[{section}]\n", f"[{section}]\n" + self.lines(settings))


INI = Dialect("/etc/pgbackrest.conf", REPO_INI, NODE_INI, STANDBY_INI, STANDBYS_INI)
TOML = Dialect("/etc/pgbraid/pgbraid.toml", REPO_TOML, NODE_TOML, STANDBY_TOML, STANDBYS_TOML)


def on_repository(site, dialect):
    """The file of the repository host; with TLS, what it takes to serve and to be let in."""
    text = dialect.with_more(dialect.repository, "global", site.serving(REPO, HOSTS))
    return dialect.with_more(text, STANZA, site.reach("pg1", REPO))


def on_node(site, dialect, host):
    text = dialect.node
    if site.transport == "tls":  # A certificate says who asks; there is no user to become.
        text = re.sub(r"repo1-host-user.*\n", "", text)
    return dialect.with_more(text, "global", {**site.reach("repo1", host),
                                              **site.serving(host, (REPO,))})


def repository_user(site):
    for line in ("groupadd pgbackrest", "adduser -g pgbackrest -n pgbackrest",
                 "chown pgbackrest: /var/log/pgbackrest", "mkdir -p /backup_space",
                 "chown pgbackrest: /backup_space"):
        typed(site, REPO, line)


def exchange_keys(site):
    typed(site, REPO, 'sudo -u pgbackrest ssh-keygen -q -N "" -t rsa -b 4096 '
                      "-f /home/pgbackrest/.ssh/id_rsa")
    typed(site, REPO, "sudo -u pgbackrest restorecon -R /home/pgbackrest/.ssh")
    for host in HOSTS:
        typed(site, host, 'sudo -u postgres ssh-keygen -q -N "" -t rsa -b 4096 '
                          "-f /var/lib/pgsql/.ssh/id_rsa")
        typed(site, host, "ssh root@backup-srv cat /home/pgbackrest/.ssh/id_rsa.pub | "
                          "sudo -u postgres tee -a /var/lib/pgsql/.ssh/authorized_keys")
        typed(site, REPO, f"ssh root@{host} cat /var/lib/pgsql/.ssh/id_rsa.pub | "
                          "sudo -u pgbackrest tee -a /home/pgbackrest/.ssh/authorized_keys")
    for host in HOSTS:
        typed(site, host, f"sudo -u postgres ssh {ACCEPT} pgbackrest@backup-srv true")
        typed(site, REPO, f"sudo -u pgbackrest ssh {ACCEPT} postgres@{host} true")


def configure(site, dialect):
    site.town.write(REPO, dialect.file, on_repository(site, dialect), "pgbackrest:640")
    site.town.write(PG1, dialect.file, on_node(site, dialect, PG1), "postgres:640")
    serve(site, REPO, PG1)
    archiving(site)


def serve(site, *hosts):
    """Certificates and servers (TLS), which answer from both sides."""
    site.serve(hosts)
    if site.transport == "tls":
        for host in hosts:
            typed(site, REPO, f"sudo -iu pgbackrest {PROGRAM} server-ping {host}")
            typed(site, host, f"sudo -iu {place.user_of(host)} {PROGRAM} server-ping {REPO}")


def first_backup(site):
    stanza_and_check(site, REPO, "pgbackrest")
    full_backup(site, REPO, "pgbackrest")


def same_info(site, hosts):
    texts = {host: as_user(site, host, place.user_of(host), "info").out.decode() for host in hosts}
    expect(len(set(texts.values())) == 1, "info is the same on every host", texts)
    text = texts[hosts[0]]
    for wanted in (f"stanza: {STANZA}\n", "    status: ok\n", "    cipher: aes-256-cbc\n",
                   "    db (current)\n", "wal archive min/max (15", "full backup: ",
                   "timestamp start/stop: ", "wal start/stop: ", "database size: "):
        expect(wanted in text, f"info says '{wanted}'", text)


def standbys(site, dialect):
    for host in (PG2, PG3):
        password_file(site, host)
        site.town.write(host, dialect.file, on_node(site, dialect, host) + dialect.standby,
                        "postgres:640")
        serve(site, host)
    same_info(site, (REPO, *NODES))
    for host in (PG2, PG3):
        ended = as_user(site, host, "postgres", "--type=standby restore")
        restored_as_standby(site, ended, host)
        site.pg(host, "enable")
        site.pg(host, "start")
    site.wait_sql(PG1, "select count(*) from pg_stat_replication where state = 'streaming' "
                       "and usename = 'replic_user'", "2")


def rows_arrive(site):
    site.sql(PG1, "create table arrivals as select generate_series(1, 5000) as n")
    for host in (PG2, PG3):
        site.wait_sql(host, "select to_regclass('arrivals') is not null")
        site.wait_sql(host, "select count(*) from arrivals", "5000")


def backup_from_standby(site, dialect):
    more = dialect.standbys
    for key in ("pg2", "pg3"):
        more += dialect.lines(site.reach(key, REPO))
    append(site, REPO, dialect.file, more)
    ended = as_user(site, REPO, "pgbackrest", "--type=full backup")
    waited_for_replay(ended)
    stanza = json.loads(as_user(site, PG3, "postgres", "--log-level-console=warn info "
                                "--output=json").out)[0]
    equal(len(stanza["backup"]), 2, "backups in info")


def point_in_time(site, dialect):
    """PITR on a scratch host, then a delta restore over it to the end of the WAL."""
    time.sleep(1.1)  # A backup's end is known by the second.
    moment = site.sql(PG1, "select clock_timestamp()")
    time.sleep(1.1)
    site.sql(PG1, "delete from arrivals where n > 1000")
    site.archived()
    site.town.write(PG4, dialect.file, on_node(site, dialect, PG4), "postgres:640")
    serve(site, PG4)
    restore = "--archive-mode=off --target-action=promote restore"
    as_user(site, PG4, "postgres", f"--type=time --target='{moment}' {restore}")
    equal(promoted_arrivals(site), "5000", "rows at that moment")
    site.pg(PG4, "stop")
    data = site.town.outside(PG4, DATA)
    (data / "PG_VERSION").write_bytes(b"99")
    (data / "foreign").write_bytes(b"not in the backup")
    as_user(site, PG4, "postgres", "--archive-mode=off restore", codes=(40,))
    ended = as_user(site, PG4, "postgres", "--delta --archive-mode=off restore")
    expect(not (data / "foreign").exists(), "the foreign file is gone", ended)
    equal(promoted_arrivals(site), "1000", "rows at the end of the WAL")
    site.pg(PG4, "stop")


def promoted_arrivals(site):
    site.pg(PG4, "start")
    site.wait_sql(PG4, "select pg_is_in_recovery()", "f")
    return site.sql(PG4, "select count(*) from arrivals")


def second_stanza(site, dialect):
    """The third node becomes a cluster of its own, with its own stanza on the same repository host."""
    site.pg(PG3, "stop")
    rewrite(site, REPO, dialect, "pg3-", (dialect.rule(PG3, STANZA), dialect.rule(PG3, "second")))
    append(site, REPO, dialect.file, "\n[second]\n" + dialect.lines(
        {"pg1-host": PG3, "pg1-path": DATA, **site.reach("pg1", REPO)}))
    rewrite(site, PG3, dialect, "recovery-option", (f"[{STANZA}]", "[second]"),
            (dialect.rule(REPO, STANZA), dialect.rule(REPO, "second")))
    for host in (REPO, PG3):
        site.reload_server(host)
    typed(site, PG3, f"rm -rf {DATA}; /usr/pgsql-15/bin/postgresql-15-setup initdb", limit_s=120)
    append(site, PG3, f"{DATA}/postgresql.conf", "archive_mode = on\n"
           f"archive_command = '{PROGRAM} --stanza=second archive-push %p'\n")
    site.pg(PG3, "start")
    for command in ("stanza-create", "check", "--type=full backup"):
        typed(site, REPO, f"sudo -iu pgbackrest {PROGRAM} --stanza=second {command}", limit_s=120)
    text = typed(site, REPO, f"sudo -iu pgbackrest {PROGRAM} info").out.decode()
    expect("stanza: mycluster" in text and "stanza: second" in text, "info lists both stanzas", text)
    as_user(site, REPO, "pgbackrest", "check")


def rewrite(site, host, dialect, dropped, *changes):
    """Takes lines away from a host's file and changes others."""
    at = site.town.outside(host, dialect.file)
    text = "".join(line for line in at.read_text().splitlines(True) if not line.startswith(dropped))
    for before, after in changes:
        text = text.replace(before, after)
    at.write_text(text)


def walk(site, dialect):
    site.stanza = STANZA
    repository_user(site)
    if site.transport == "ssh":
        exchange_keys(site)
    first_cluster(site)
    configure(site, dialect)
    first_backup(site)
    same_info(site, (PG1, REPO))
    allow_replication(site, PG2, PG3)
    standbys(site, dialect)
    rows_arrive(site)
    backup_from_standby(site, dialect)
    same_info(site, (REPO, *NODES))
    point_in_time(site, dialect)
    same_info(site, (REPO, *HOSTS))
    second_stanza(site, dialect)
    site.clean(10)
    site.write_peer_conf({"repo1-cipher-type": "aes-256-cbc", "repo1-cipher-pass": "acbd"})
    site.valid()


trial("walkthrough: repository host and streaming replication, pgbackrest.conf as it stands", INI,
      transports=("ssh",), bare=True, ci=("ssh",))(walk)
trial("walkthrough: repository host and streaming replication, pgbackrest.conf", INI,
      transports=("tls",), bare=True)(walk)
trial("walkthrough: repository host and streaming replication, in TOML", TOML, bare=True,
      ours=True)(walk)
