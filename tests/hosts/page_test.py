# The page "Several hosts, step by step" (cli/server/README.md): its own lines, on other names.
# SPDX-License-Identifier: MIT
import pathlib
import re

import lab
from lab import expect
from place import DATA, PG1, PG2, REPO, SPACE, user_of
from trial import trial

PAGE = pathlib.Path(__file__).resolve().parents[2] / "cli/server/README.md"
CONF = "/etc/pgbraid/pgbraid.toml"
WORKSHOP = "/root/authority"
# What the page calls them, where it means a host and not the command `backup`.
NAMES = ((r"\bdb1\b", PG1), (r"\bdb2\b", PG2),
         (r'(?<==) ?"backup"(?! auth)|(?<=")backup(?=" =)|(?<=CN=)backup(?=")|(?<=DNS:)backup\b|'
          r"\bbackup(?=\.(?:key|csr|crt)\b)", REPO),
         (r"/var/lib/postgresql/15/main", DATA), (r"/var/lib/pgbackrest\b", SPACE))


def named(text):
    for pattern, name in NAMES:
        text = re.sub(pattern, lambda found, name=name:
                      f' "{name}"' if found[0].startswith(' "') else name, text)
    return text


def blocks(title):
    """The indented blocks of a section, in their order."""
    section = re.split(r"^## ", PAGE.read_text(), flags=re.M)
    text = next(part for part in section if part.startswith(title + "\n"))
    found = re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, flags=re.M)
    return [named(re.sub(r"^    ", "", one.strip("\n"), flags=re.M)) + "\n" for one in found]


def as_root(site, host, text):
    for line in text.splitlines():
        site.town.shell(host, line)


def configure(site, on_repository, on_clusters):
    site.stanza = "demo"
    users = blocks("Users and directories")
    as_root(site, REPO, users[0])
    for host in (PG1, PG2):
        as_root(site, host, users[1])
        site.town.write(host, CONF, on_clusters, "postgres:640")
    site.town.write(REPO, CONF, on_repository, "pgbackrest:640")


def certificates(site, making, placing):
    """Five lines, and the last two again for the standby; then each host gets its own."""
    again = [line.replace(PG1, PG2) for line in making.splitlines()[-2:]]
    site.town.shell(REPO, f"mkdir -m 700 {WORKSHOP}")
    for line in [*making.splitlines(), *again]:
        site.town.shell(REPO, f"cd {WORKSHOP} && {line}")
    made = site.town.outside(REPO, WORKSHOP)
    for host in (REPO, PG1, PG2):
        site.town.shell(host, "mkdir -p -m 700 /root/given")
        for name in ("ca.crt", f"{host}.crt", f"{host}.key"):
            site.town.write(host, f"/root/given/{name}", (made / name).read_bytes())
        for line in placing.replace(PG1, host).splitlines():
            line = line.split("#")[0].replace("postgres", user_of(host))
            site.town.shell(host, f"cd /root/given && {line}")


def first_backup(site):
    site.cluster()
    site.sql(PG1, "alter system set archive_command = 'pgbraid --stanza=demo archive-push %p'")
    site.pg(PG1, "restart")
    for line in blocks("The first backup")[0].splitlines():
        site.town.shell(REPO, line, user="pgbackrest", limit_s=180)
    expect(len(site.labels()) == 1, "a backup is there")


def standby(site):
    restore, more, how = blocks("The standby")
    site.town.shell(PG2, restore.replace("replicator", "replic"), user="postgres", limit_s=180)
    site.pg(PG2, "start")
    site.wait_sql(PG2, "select count(*) from pg_stat_wal_receiver where status = 'streaming'", "1")
    text = site.town.outside(REPO, CONF).read_text()
    reach = "".join(line.replace("pg1", "pg2") + "\n" for line in text.splitlines()
                    if line.startswith("pg1-host-"))
    site.town.write(REPO, CONF, text + more + reach + how, "pgbackrest:640")
    ended = site.call(REPO, "backup")
    expect("WARN" not in ended.text, "the standby is used without a warning", ended)


@trial("page: several hosts over ssh, as the page says", transports=("ssh",), ours=True)
def over_ssh(site):
    repository, clusters = blocks("ssh")[2:4]
    configure(site, repository, clusters)
    first_backup(site)
    standby(site)


@trial("page: several hosts over TLS, as the page says", transports=("tls",), ours=True,
       ci=("tls",))
def over_tls(site):
    making, placing, repository, clusters, _, ping = blocks("TLS")
    configure(site, repository, clusters)
    certificates(site, making, placing)
    refused = site.town.shell(PG2, ping.replace("server-ping", "--io-timeout=1 server-ping"),
                              user="postgres", codes=(49,))
    expect("trying again until" in refused.text, "it is said how long it is tried", refused)
    for host in (REPO, PG1, PG2):
        site.start_server(host)
        said = site.town.outside(host, "/var/log/pgbackrest/server.out").read_text()
        expect("listening on 0.0.0.0:8432" in said and "clients that may come" in said,
               f"the server of {host} says where it listens", said)
        lab.wait_for(lambda host=host: site.town.shell(
            REPO, ping.replace(PG1, host), user="pgbackrest", codes=None).code == 0,
            f"the server of {host} answers", 20)
    first_backup(site)
    standby(site)
