# A primary archives while everything around it is killed or goes away: what it made is what is archived.
# SPDX-License-Identifier: MIT
import time

import lab
from archive_module import ModuleCluster, stop_archivers
from campaign import Campaign, files_of, verifier
from case import test
from chaos import Chaos, found
from installed import installed
from lab import OURS, equal, expect
from other_host import over_ssh, over_tls
from sftp_server import SftpServer
from spooled import idle

ONE, TWO = ("repo",), ("repo", "repo2")
LZ4 = {"compress_type": "lz4"}
ASYNC = {**LZ4, "archive_async": "y", "archive_push_batch_size": "16MiB"}
RESIDENT = {**LZ4, "archive_server_start": "y"}
SECRETS = {1: lab.PASSPHRASE, 2: "another one, and long"}
MANY, FEW = 2000, 60
ALWAYS = ["foreground", "postgresql", "repository"]
# What a row of the campaign is: how segments travel, and what can happen to them.
COMMAND = {"settings": LZ4, "deeds": ALWAYS}
ASYNCHRONOUS = {"settings": ASYNC, "repos": TWO, "secret": True, "deeds": [*ALWAYS, "async_half", "async_half"]}
SSH = {"settings": ASYNC, "way": "ssh", "deeds": [*ALWAYS, "async_half", "connection"]}
TLS = {"settings": ASYNC, "way": "tls", "secret": True, "deeds": [*ALWAYS, "async_half", "connection", "server"]}
SFTP = {"settings": ASYNC, "way": "sftp", "deeds": [*ALWAYS, "async_half", "connection", "server"]}
ARCHIVER = {"settings": {**RESIDENT, "archive_require": "1", "archive_journal_max": "8GiB"}, "repos": TWO,
            "deeds": [*ALWAYS, "resident", "resident"]}
MODULE = {"settings": RESIDENT, "module": True, "deeds": [*ALWAYS, "resident", "resident"]}
MODULE_ALONE = {"settings": ASYNC, "module": True, "deeds": [*ALWAYS, "async_half"]}


def reach(bench, way, settings, secret, repos):
    """Writes the configuration; returns what the Chaos may do to the other host."""
    bench.cipher = ""
    ciphers = {f"repo{number}_cipher_{what}": value for number in range(1, 1 + len(repos)) if secret
               for what, value in (("type", "aes-256-cbc"), ("pass", SECRETS[number]))}
    there = {"repo1-path": bench.repo, **{name.replace("_", "-"): value for name, value in ciphers.items()}}
    if way == "ssh":
        return {"other": over_ssh(bench, "repo", there, **settings)}
    if way == "tls":
        return {"other": over_tls(bench, "repo", there, **settings)}
    second = {"repo2_path": bench.dir / "repo2", "repo2_retention_full": "9"} if len(repos) > 1 else {}
    if way == "sftp":
        server = SftpServer(bench)
        bench.configure(**server.options(**settings, **ciphers))
        return {"sftp": server}
    bench.configure(**settings, **ciphers, **second)
    return {}


@test("campaign: a few segments, asynchronously into two encrypted repositories", ASYNCHRONOUS, FEW, OURS)
@test("campaign: a command, one repository", COMMAND, MANY, OURS, slow=True)
@test("campaign: asynchronously into two encrypted repositories", ASYNCHRONOUS, MANY, None, slow=True)
@test("campaign: asynchronously over ssh", SSH, MANY, OURS, slow=True)
@test("campaign: asynchronously over TLS, encrypted", TLS, MANY, None, slow=True)
@test("campaign: asynchronously over SFTP", SFTP, MANY, OURS, slow=True)
@test("campaign: a resident archiver, a repository that is not required", ARCHIVER, MANY, None, slow=True)
@test("campaign: the module and a resident archiver", MODULE, MANY, OURS, slow=True)
@test("campaign: the module without an archiver", MODULE_ALONE, MANY, None, slow=True)
def campaign(bench, row, count, restorer):
    repos = row.get("repos", ONE)
    server = ModuleCluster(bench) if row.get("module") else None
    front = installed(bench)
    parts = reach(bench, row.get("way"), row["settings"], row.get("secret"), repos)
    work = Campaign(bench, repos, SECRETS if row.get("secret") else {})
    if server:
        server.set(program=front, config=bench.conf)
        bench.cluster.start()
    else:
        # A call that is killed must not look to PostgreSQL as if it had to stop.
        bench.cluster.archive_command = bench.push_command(front) + " || exit 1"
        bench.cluster.start()
    work.begin()
    began = time.monotonic()
    try:
        with Chaos(bench, work.done, row["deeds"], max(2, count // 130), **parts) as chaos:
            work.load(count)
        loaded = time.monotonic()
        wanted = work.settle(chaos.counts["postgresql"])
    finally:
        stop_archivers(bench)
    idle(bench)
    made = work.compare()
    expect(made >= count and chaos.counts, "it was a campaign", chaos.counts)
    print(f"       {made} segments, {dict(chaos.counts)}, load {loaded - began:.0f} s, "
          f"settled {time.monotonic() - loaded:.0f} s", flush=True)
    bench.cluster.stop()
    work.verify(made)
    work.recover(restorer or verifier(), wanted, 60 + count)
    expect("PANIC" not in bench.cluster.log(), "no panic", bench.cluster.log())


@test("campaign: a standby archives beside its primary into one repository")
def always(bench):
    """With archive_mode=always: both push the same segments, often at the same time."""
    bench.configure(**ASYNC, archive_mode_check="n")
    work = Campaign(bench, ONE, {})
    bench.cluster.set_options(archive_mode="always")
    bench.start()
    work.begin()
    standby = bench.restore(OURS, bench.dir / "standby", "--type=standby")
    conf = bench.dir / "standby.conf"
    text = bench.conf.read_text()
    for old, new in ((bench.cluster.data, standby.data), (bench.cluster.home, standby.home),
                     (bench.dir / "lock", standby.home / "lock"), (bench.dir / "spool", standby.home / "spool")):
        text = text.replace(f"={old}\n", f"={new}\n")
    conf.write_text(text)
    conf.chmod(0o640)
    standby.set_options(primary_conninfo=f"'host={bench.cluster.home} user=postgres'")
    standby.archive_command = bench.push_command(OURS).replace(str(bench.conf), str(conf))
    standby.start()
    work.load(FEW)
    wanted = work.settle()
    flushed = bench.cluster.sql("select pg_current_wal_flush_lsn()")
    standby.wait_sql(f"select pg_last_wal_replay_lsn() >= '{flushed}'", "t")
    equal(work.sums(standby), wanted, "the table of the standby")
    lab.wait_for(lambda: standby.sql("select pg_reload_conf()") and not files_of(standby, "ready"),
                 "the standby archives")
    made = work.compare()
    expect(len(files_of(standby, "done")) >= FEW, "the standby archived, too", files_of(standby, "done"))
    for cluster in (bench.cluster, standby):
        equal(cluster.sql("select failed_count from pg_stat_archiver"), "0", f"failures of {cluster.home}")
    idle(bench)
    lab.wait_for(lambda: not found(f"--config={conf} .*:async"), "the standby's background process ends")
    work.verify(made)
