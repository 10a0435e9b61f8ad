# Certificates that are wrong, of another stanza or expired, and the life of the server.
# SPDX-License-Identifier: MIT
import re

import certificates
from hostile import hostile
from lab import equal, expect
from place import DATA, IS_PEER, PG1, PG2, PROGRAM, REPO, user_of
from trial import trial

FOLDER = certificates.FOLDER
# What a certificate that does not hold leads to: access denied, or the handshake fails.
REFUSED = (105, 49, 39, 95) if not IS_PEER else tuple(range(1, 127))
# How commands end that find no cluster to work with; a warning tells why.
NO_CLUSTER = (56, 27)


def tls(name, *arguments, **more):
    return trial(name, *arguments, transports=("tls",), **more)


def prepared(site):
    site.ready()
    site.call(REPO, "backup")
    return site.labels()


def identity(site, host, authority, name, **dates):
    """Gives a host another certificate for what it asks of others; its server keeps its own."""
    authority.issue(name, "other", **dates)
    user = user_of(host)
    authority.put(site.town, host, user, "other.crt", "other.crt", 644)
    authority.put(site.town, host, user, "other.key", "other.key", 600)
    prefix = "pg1" if host == REPO else "repo1"
    return (f"--{prefix}-host-cert-file={FOLDER}/other.crt",
            f"--{prefix}-host-key-file={FOLDER}/other.key")


def refused_everywhere(site, words_of, codes=REFUSED):
    """Commands on both sides are refused, nothing is left behind, and all works with the right one."""
    keep = site.labels()
    words = words_of(REPO)
    for command in ("check", "backup"):
        with hostile("connections without certificate, rule or greeting"):
            site.call(REPO, command, *words, codes=(*codes, *NO_CLUSTER))
    words = words_of(PG1)
    name = site.sql(PG1, "select pg_walfile_name(pg_current_wal_lsn())")
    with hostile("connections without certificate, rule or greeting"):
        site.call(PG1, "archive-push", *words, f"{DATA}/pg_wal/{name}", codes=(*codes, 103, 104))
    with hostile("connections without certificate, rule or greeting"):
        site.call(PG1, "archive-get", *words, name, "/tmp/x", codes=(*codes, 103, 104))
    with hostile("connections without certificate, rule or greeting"):
        site.call(PG2, "restore", *words_of(PG2), codes=(*codes, 75, 103))
    site.clean(10)
    site.archived()
    site.call(REPO, "backup")
    equal(site.labels()[:-1], keep, "backups before the last")
    site.valid()


@tls("tls: a certificate of another authority is refused", ci=("tls",))
def other_authority(site):
    prepared(site)
    foreign = certificates.Authority(site.dir / "foreign", "another town")
    refused_everywhere(site, lambda host: identity(site, host, foreign, host))


@tls("tls: an expired certificate is refused")
def expired(site):
    prepared(site)
    refused_everywhere(site, lambda host: identity(site, host, site.authority, host,
                                                   end="20200601000000Z"))


@tls("tls: a certificate that is not valid yet is refused")
def not_yet(site):
    prepared(site)
    refused_everywhere(site, lambda host: identity(site, host, site.authority, host,
                                                   start="20900101000000Z"))


@tls("tls: a certificate of another stanza or an unknown name is denied with 105")
def other_name(site):
    prepared(site)
    refused_everywhere(site, lambda host: identity(site, host, site.authority, "stranger"), (105,))


@tls("tls: a certificate serves its own stanza alone")
def other_stanza(site):
    prepared(site)
    site.configure()
    text = site.town.outside(PG1, "/etc/pgbackrest/pgbackrest.conf").read_text()
    site.town.write(PG1, "/etc/pgbackrest/pgbackrest.conf",
                    text + f"[other]\npg1-path={DATA}\n", "postgres:640")
    site.stanza = "other"
    name = site.sql(PG1, "select pg_walfile_name(pg_current_wal_lsn())")
    with hostile("connections without certificate, rule or greeting"):
        site.call(PG1, "archive-get", name, "/tmp/x", codes=(105, 104, 103))
        ended = site.info(PG1)
        expect("access denied" in ended.text or "status: error" in ended.text, "info tells of it",
               ended)
    site.stanza = "main"
    site.call(PG1, "archive-push", f"{DATA}/pg_wal/{name}")
    site.clean(10)


@tls("tls: a server with a certificate of another authority or name is not trusted")
def wrong_server(site):
    keep = prepared(site)
    foreign = certificates.Authority(site.dir / "foreign", "another town")
    for authority, name, dates in ((foreign, PG1, {}), (site.authority, PG2, {}),
                                   (site.authority, PG1, {"end": "20200601000000Z"})):
        site.stop_server(PG1)
        authority.issue(name, "served", **dates)
        for kind, mode in (("crt", 644), ("key", 600)):
            authority.put(site.town, PG1, "postgres", f"served.{kind}", f"{PG1}.{kind}", mode)
        site.start_server(PG1)
        with hostile("connections without certificate, rule or greeting"):
            site.call(REPO, "backup", codes=(*REFUSED, *NO_CLUSTER))
            site.clean(10)
    site.stop_server(PG1)
    site.authority.hand_out(site.town, PG1, "postgres")
    site.start_server(PG1)
    site.call(REPO, "backup")
    equal(site.labels()[:-1], keep, "backups before the last")
    site.valid()


@tls("tls: without a client certificate only server-ping gets an answer")
def no_certificate(site):
    prepared(site)
    site.town.exec(REPO, PROGRAM, "server-ping", PG1, user="pgbackrest")
    site.stop_server(PG1)
    site.town.exec(REPO, PROGRAM, "--io-timeout=2", "server-ping", PG1, user="pgbackrest", codes=(49,))
    site.start_server(PG1)
    with hostile("connections without certificate, rule or greeting"):
        ended = site.town.shell(REPO, "printf 'GET / HTTP/1.1\\r\\n\\r\\n' | timeout 10 openssl "
                                      f"s_client -quiet -connect {PG1}:8432", codes=None)
        expect(b"main" not in ended.out, "nothing is told to a stranger", ended)
    site.call(REPO, "check")
    site.clean(10)


@tls("tls: SIGHUP reloads certificates and rights, running work goes on")
def reload(site):
    prepared(site)
    site.noise_table()
    process = site.in_backup()
    path = "/etc/pgbackrest/pgbackrest.conf"
    text = site.town.outside(PG1, path).read_text()
    site.town.write(PG1, path, text.replace(f"{REPO}=main", "nobody=main"), "postgres:640")
    site.reload_server(PG1)
    site.full_speed()
    site.finish(process)
    with hostile("connections without certificate, rule or greeting"):
        site.call(REPO, "check", codes=(105, *NO_CLUSTER))
    site.town.write(PG1, path, text, "postgres:640")
    site.reload_server(PG1)
    site.call(REPO, "check")
    site.clean(10)
    site.valid()


@tls("tls: SIGTERM ends the server and what it serves")
def server_ends(site):
    prepared(site)
    site.noise_table()
    process = site.in_backup()
    site.stop_server(PG1)
    site.finish(process, tuple(range(1, 127)), 90)
    site.no_session()
    site.clean()
    site.start_server(PG1)
    site.full_speed()
    site.call(REPO, "backup")
    site.clean(10)
    site.valid()
    text = site.town.outside(PG1, "/var/log/pgbackrest/server.out").read_text(errors="replace")
    expect(not re.search(r"assert|terminate called", text), "the server's log is in order", text)
