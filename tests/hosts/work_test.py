# Every command from where it may run: repository host and PostgreSQL host.
# SPDX-License-Identifier: MIT
import time

from lab import equal, expect
from place import DATA, PG1, PG2, PG4, REPO, SPACE, STANZA
from trial import trial


@trial("work: backup, check, info and expire from the repository host", ci=("tls",))
def from_repository_host(site):
    site.ready(more_repo={"repo1-retention-full": "2"})
    site.call(REPO, "check")
    for _ in range(3):
        site.call(REPO, "backup")
    equal(len(site.labels()), 2, "backups that expire left")
    same_info(site, (REPO, PG1, PG2, PG4))
    site.call(REPO, "expire", "--repo1-retention-full=1")
    equal(len(site.labels()), 1, "backups after one more expire")
    site.clean(5)
    site.valid()
    site.peer_restores(site.rows(PG1))


def same_info(site, hosts):
    texts = {host: site.info(host).out.decode() for host in hosts}
    expect(len(set(texts.values())) == 1, "info is the same on every host", texts)
    expect("status: ok" in texts[hosts[0]], "the status is ok", texts)


@trial("work: stanza-create, check, backup and expire from the PostgreSQL host", ours=True)
def from_postgres_host(site):
    site.configure()
    # Both ends cannot be remote: the repository host knows of no PostgreSQL host here.
    site.write_conf(REPO, {"repo1-path": SPACE, "repo1-retention-full": "2", "log-level-file": "off",
                           **site.serving(REPO, (PG1,))}, {STANZA: {"pg1-path": DATA}})
    site.serve()
    site.cluster()
    site.call(PG1, "stanza-create")
    site.call(PG1, "check")
    for _ in range(2):
        site.call(PG1, "backup", "--start-fast", "--repo1-retention-full=1")
    equal(len(site.labels()), 1, "backups that expire left")
    same_info(site, (REPO, PG1))
    site.clean(5)
    site.valid()
    site.peer_restores(site.rows(PG1))


@trial("work: an encrypted repository with bundles, passphrase on the repository host alone")
def encrypted(site):
    site.ready(more_repo={"repo1-cipher-type": "aes-256-cbc", "repo1-cipher-pass": "only-here",
                          "repo1-bundle": "y"})
    site.call(REPO, "backup")
    equal(site.stanza_info(PG1)["cipher"], "aes-256-cbc", "cipher in info of the PostgreSQL host")
    site.add_rows()
    site.archived()
    site.standby(PG2)
    site.caught_up(PG2)
    equal(site.rows(PG2), site.rows(PG1), "rows of the standby")
    site.clean(5)
    site.valid()


for kind in ("none", "gz", "zst", "bz2"):
    @trial(f"work: compress-type {kind} there and back", kind)
    def there_and_back(site, kind):
        site.ready(more_repo={"compress-type": kind}, more_pg={"compress-type": kind})
        site.call(REPO, "backup")
        site.archived()
        site.call(PG4, "restore", "--archive-mode=off")
        start_promoted(site, PG4)
        equal(site.rows(PG4), site.rows(PG1), "rows of the restored cluster")
        site.clean(5)
        site.valid()


def start_promoted(site, host):
    site.pg(host, "start")
    site.wait_sql(host, "select pg_is_in_recovery()", "f")


@trial("work: PITR on a scratch host")
def point_in_time(site):
    site.ready()
    site.call(REPO, "backup")
    site.add_rows()
    wanted = site.rows(PG1)
    time.sleep(1.1)  # A backup's end is known by the second: no set ends surely before that second's end.
    moment = site.sql(PG1, "select clock_timestamp()")
    time.sleep(1.1)
    site.sql(PG1, "delete from rows where id > 100")
    site.archived()
    site.call(PG4, "restore", "--type=time", f"--target={moment}", "--target-action=promote",
              "--archive-mode=off")
    start_promoted(site, PG4)
    equal(site.rows(PG4), wanted, "rows at that moment")
    # A second time, over what is there.
    site.pg(PG4, "stop")
    site.call(PG4, "restore", "--type=immediate", "--delta", "--target-action=promote",
              "--archive-mode=off")
    start_promoted(site, PG4)
    equal(int(site.rows(PG4).split(":")[0]), 30000, "rows at the end of the backup")
    site.clean(5)


@trial("work: delta restore takes what changed and removes what is foreign")
def delta(site):
    site.ready()
    site.noise_file()
    site.call(REPO, "backup")
    wanted = site.rows(PG1)
    site.pg(PG1, "stop")
    data = site.town.outside(PG1, DATA)
    (data / "noise").write_bytes(b"scribbled over")
    (data / "foreign").write_bytes(b"not in the backup")
    before = sum(site.town.wire_bytes(PG1))
    site.call(PG1, "restore", codes=(40,))
    ended = site.call(PG1, "restore", "--delta")
    expect(not (data / "foreign").exists(), "the foreign file is gone", ended)
    equal((data / "noise").stat().st_size, 8 << 20, "size of the file that was damaged")
    moved = sum(site.town.wire_bytes(PG1)) - before
    expect(moved < 13 << 20, "only what changed crosses the wire", f"{moved} bytes")
    start_promoted(site, PG1)
    equal(site.rows(PG1), wanted, "rows")
    site.clean(5)


@trial("work: archive-push and archive-get through a remote repository")
def archive(site):
    site.ready()
    name = site.archived()
    copy = "/tmp/one segment"
    site.call(PG1, "archive-get", name, copy)
    source = site.town.outside(PG1, f"{DATA}/pg_wal/{name}")
    if source.exists():
        equal(site.town.outside(PG1, copy).read_bytes(), source.read_bytes(), "the segment")
    site.call(PG1, "archive-get", "000000010000000000000099", "/tmp/none", codes=(1,))
    expect(not site.town.outside(PG1, "/tmp/none").exists(), "nothing for a segment that is missing")
    # The same again is no error, other content under the same name is.
    site.town.shell(PG1, f"cp '{copy}' /tmp/{name}", user="postgres")
    site.call(PG1, "archive-push", f"/tmp/{name}")
    site.town.shell(PG1, f"printf x | dd of=/tmp/{name} bs=1 seek=9000000 conv=notrunc",
                    user="postgres")
    ended = site.call(PG1, "archive-push", f"/tmp/{name}", codes=(45, 104))
    expect("different checksum" in ended.text, "the error names the difference", ended)
    for command, words in (("archive-push", (f"/tmp/{name}",)), ("archive-get", (name, "/tmp/x")),
                           ("restore", ())):
        site.call(REPO, command, *words, codes=(72,))
    site.clean(5)


@trial("work: locks and stop files count on both sides")
def locks(site):
    site.ready()
    site.noise_file()
    process = site.in_backup()
    ended = site.call(REPO, "backup", codes=(50,))
    expect("lock" in ended.text, "the message speaks of the lock", ended)
    status = site.stanza_info(REPO)["status"]
    equal(status["lock"]["backup"]["held"], True, "the lock in info")
    expect(site.locks_on(PG1), "the PostgreSQL host is locked too")
    site.full_speed()
    site.finish(process)
    site.clean(10)
    stop_file(site, PG1, "all.stop", lambda: site.call(REPO, "backup", codes=(56, 62)))
    stop_file(site, REPO, f"{STANZA}.stop", lambda: site.call(REPO, "backup", codes=(62,)))
    stop_file(site, REPO, f"{STANZA}.stop",
              lambda: site.call(PG1, "archive-push", f"{DATA}/pg_wal/{current(site)}", codes=(62, 103, 104)))
    site.call(REPO, "backup")
    site.clean(5)
    site.valid()


def stop_file(site, host, name, then):
    path = site.town.outside(host, f"/tmp/pgbackrest/{name}")
    path.touch()
    then()
    path.unlink()


def current(site):
    return site.sql(PG1, "select pg_walfile_name(pg_current_wal_lsn())")


@trial("work: several stanzas on one repository host keep apart")
def stanzas(site):
    site.ready()
    first = site.labels
    site.call(REPO, "backup")
    wanted = first()
    other = Other(site)
    other.create()
    equal(first(), wanted, "backups of the first stanza")
    for host in (REPO, PG1):
        names = [one["name"] for one in site_info_of_all(site, host)]
        if site.transport == "ssh" or host == REPO:
            equal(names, sorted([STANZA, "other"]), f"stanzas in info on {host}")
    site.clean(5)


def site_info_of_all(site, host):
    import json
    from place import PROGRAM, user_of
    if site.transport == "tls" and host != REPO:
        return []  # Its certificate is for one stanza.
    return json.loads(site.town.exec(host, PROGRAM, "info", "--output=json",
                                     "--log-level-console=warn", user=user_of(host)).out)


class Other:
    """A second stanza: a cluster of its own on the fourth host."""

    def __init__(self, site):
        self.site = site

    def create(self):
        site = self.site
        site.stanza = "other"
        text = site.town.outside(REPO, "/etc/pgbackrest/pgbackrest.conf").read_text()
        text += f"[other]\npg1-host={PG4}\npg1-path={DATA}\n"
        text += "".join(f"{key}={value}\n" for key, value in site.reach("pg1", REPO).items())
        if site.transport == "tls":
            text = text.replace(f"{PG4}={STANZA}", f"{PG4}=other")
        site.town.write(REPO, "/etc/pgbackrest/pgbackrest.conf", text, "pgbackrest:640")
        path = "/etc/pgbackrest/pgbackrest.conf"
        own = site.town.outside(PG4, path).read_text().replace(f"[{STANZA}]", "[other]")
        site.town.write(PG4, path, own.replace(f"={STANZA}", "=other"), "postgres:640")
        if site.transport == "tls":
            for host in (REPO, PG4):
                site.stop_server(host)
                site.start_server(host)
        site.cluster(PG4)
        site.sql(PG4, f"alter system set archive_command = '{site.archive_command()}'")
        site.pg(PG4, "restart")
        site.call(REPO, "stanza-create")
        site.call(REPO, "backup")
        equal(len(site.labels()), 1, "backups of the second stanza")
        site.stanza = STANZA
