# PostgreSQL in states that a backup, a check or a restore cannot use.
# SPDX-License-Identifier: MIT
import os

import time

import lab
import paused
from case import test
from lab import expect


def refused(ended, code, *texts):
    expect(ended.code == code, f"exit code {code}", ended)
    for text in texts:
        expect(text in ended.text, f"the message holds '{text}'", ended)
    expect(lab.printable(ended.out + ended.err), "the program prints text only", ended)


@test("postgres: not running: backup is error 56, check fails too")
def not_running(bench):
    bench.ready()
    bench.cluster.stop()
    refused(bench.ours("backup", codes=None), 56)
    expect(bench.ours("check", codes=None).code in (27, 56), "check fails")
    expect(not bench.labels(), "no label is left behind")


@test("postgres: stanza-create without PostgreSQL fails, offline it works")
def stanza_offline(bench):
    bench.configure()
    refused(bench.ours("stanza-create", codes=None), 56)
    bench.ours("stanza-create", "--no-online")
    bench.start()
    bench.ours("check")


@test("postgres: a standby alone is no primary: error 56")
def only_standby(bench):
    bench.ready()
    bench.cluster.stop()
    (bench.cluster.data / "standby.signal").touch()
    bench.start()
    refused(bench.ours("backup", codes=None), 56)
    expect(not bench.labels(), "no label is left behind")


@test("postgres: archive_mode off is error 87, always is 67")
def archive_mode(bench):
    bench.ready()
    for mode, code in (("off", 87), ("always", 67)):
        bench.cluster.stop()
        bench.start(archive_mode=mode)
        refused(bench.ours("check", codes=None), code, "archive_mode")
        refused(bench.ours("backup", codes=None), code, "archive_mode")


@test("postgres: a foreign archive_command is error 68")
def archive_command(bench):
    bench.ready()
    bench.cluster.stop()
    bench.cluster.archive_command = "cp %p /somewhere/%f"
    bench.cluster.start()
    refused(bench.ours("check", codes=None), 68, "archive_command")
    refused(bench.ours("backup", codes=None), 68)


@test("postgres: WAL that does not arrive is error 82 and leaves no completed backup")
def wal_missing(bench):
    bench.ready()
    bench.cluster.stop()
    bench.cluster.archive_command = "false pgbackrest"
    bench.cluster.start()
    bench.configure(archive_timeout="2")
    refused(bench.ours("backup", codes=None), 82)
    refused(bench.ours("check", codes=None), 82)
    expect(not bench.completed_labels(), "no backup is listed")


@test("postgres: limits of server, role or database for sessions and statements do not end ours", slow=True)
def session_limits(bench):
    paused.slow_backup(bench, start_fast="n")
    # Spread over half of 30 s: the start of the backup takes longer than any of the limits.
    bench.cluster.sql("alter system set checkpoint_timeout = '30s'")
    bench.cluster.sql("alter system set checkpoint_completion_target = 0.5")
    for how in ("alter system", "alter role postgres", "alter database postgres"):
        for name in ("statement_timeout", "lock_timeout", "idle_session_timeout",
                     "idle_in_transaction_session_timeout"):
            bench.cluster.sql(f"{how} set {name} = '2s'")
        bench.cluster.sql("select pg_reload_conf()")
        bench.cluster.sql("set statement_timeout = 0; update big set t = t || 'x'")
        process = paused.paused_backup(bench)
        time.sleep(3)  # Longer than a session may be idle.
        paused.finish(bench, process)
        if how == "alter role postgres":
            bench.cluster.sql("alter role postgres reset all")
        bench.ours("check")


@test("postgres: a session that was ended from outside is lost with what the server said of it")
def session_ended(bench):
    paused.slow_backup(bench)
    process = paused.paused_backup(bench)
    bench.cluster.sql("select pg_terminate_backend(pid) from pg_stat_activity "
                      "where pid <> pg_backend_pid() and backend_type = 'client backend'")
    paused.finish(bench, process, codes=(57,))
    for text in ("terminating connection due to administrator command", "pg_terminate_backend"):
        expect(text in paused.log_of(bench), f"the message holds '{text}'", paused.log_of(bench))


@test("postgres: the wrong data directory is error 58")
def wrong_path(bench):
    bench.ready()
    other = lab.copy_cluster(lab.template_cluster(bench.root), bench.dir / "other")
    bench.conf.write_text(bench.conf.read_text().replace(str(bench.cluster.data), str(other.data)))
    refused(bench.ours("backup", codes=None), 58)


@test("postgres: a cluster that is not the stanza's is error 51 for backup, 28 for stanza-create")
def other_cluster(bench):
    bench.ready()
    bench.ours("backup")
    bench.cluster.stop()
    bench.cluster.data.rename(bench.dir / "aside")
    bench.cluster.create()
    bench.start()
    refused(bench.ours("backup", codes=None), 51)
    refused(bench.ours("stanza-create", codes=None), 28)
    expect(bench.ours("check", codes=None).code in (28, 44, 51, 82, 103), "check fails")
    bench.cluster.sql("select pg_switch_wal()")
    segment = bench.cluster.data / "pg_wal" / "000000010000000000000001"
    ended = bench.ours("archive-push", segment, codes=None)
    expect(ended.code in (44, 103), "archive-push refuses the WAL of another cluster", ended)


@test("postgres: a file without read permission is error 41")
def unreadable_file(bench):
    bench.ready()
    locked = bench.cluster.data / "odd names" / "with space"
    locked.chmod(0)
    try:
        refused(bench.ours("backup", codes=None), 41, "with space")
    finally:
        locked.chmod(0o600)
    expect(not bench.completed_labels(), "no backup is listed")
    bench.ours("backup")


@test("postgres: a link into the data directory and a dangling link are refused")
def bad_links(bench):
    bench.ready()
    link = bench.cluster.data / "bad_link"
    for target, code in (("base", 70), ("/nowhere/at/all", 41)):
        link.symlink_to(target)
        refused(bench.ours("backup", codes=None), code, "/nowhere/at/all" if code == 41 else "")
        link.unlink()


@test("postgres: a directory among the links of tablespaces is error 69")
def directory_among_links(bench):
    bench.ready()
    stray = bench.cluster.data / "pg_tblspc" / "99999"
    stray.mkdir(mode=0o700)
    refused(bench.ours("backup", codes=None), 69, str(stray))
    expect(not bench.labels(), "nothing is left behind")
    stray.rmdir()
    bench.ours("backup")


@test("postgres: a fifo is left out with a warning")
def special_file(bench):
    bench.ready()
    os.mkfifo(bench.cluster.data / "odd names" / "pipe")
    ended = bench.ours("backup")
    expect("pipe" in ended.text and "WARN" in ended.text, "a warning names it", ended)
    expect("pipe" not in (bench.label_dir() / "backup.manifest").read_text(), "the manifest lacks it")


@test("postgres: an offline backup of a running cluster is error 38 without --force")
def offline_running(bench):
    bench.ready()
    refused(bench.ours("backup", "--no-online", codes=None), 38)
    bench.cluster.stop()
    bench.ours("backup", "--no-online")


@test("postgres: restore onto a running cluster is error 38, onto files error 40")
def restore_refused(bench):
    bench.ready()
    bench.ours("backup")
    before = lab.sha256(bench.cluster.data / "PG_VERSION")
    refused(bench.ours("restore", "--force", codes=None), 38)
    refused(bench.ours("restore", "--delta", codes=None), 38)
    bench.cluster.stop()
    refused(bench.ours("restore", codes=None), 40, "--delta")
    expect(lab.sha256(bench.cluster.data / "PG_VERSION") == before, "nothing was touched")
    bench.cluster.start()


@test("postgres: bad pages: the backup succeeds, warns and records them like pgBackRest")
def bad_pages(bench):
    bench.ready()
    path = bench.cluster.sql("select pg_relation_filepath('big')")
    bench.cluster.stop()
    file = bench.cluster.data / path
    data = bytearray(file.read_bytes())
    for page in (3, 4, 9):
        data[page * 8192 + 4000] ^= 0xFF
    file.write_bytes(data)
    bench.start()
    ended = bench.ours("backup")
    expect("3-4, 9" in ended.text and path in ended.text, "the warning names file and pages", ended)
    manifest = (bench.label_dir() / "backup.manifest").read_text()
    line = next(row for row in manifest.splitlines() if row.startswith(f"pg_data/{path}="))
    expect('"checksum-page":false,"checksum-page-error":[[3,4],9]' in line, "the manifest", line)
    for call in (bench.ours, bench.peer):
        backup = call("info", "--output=json").json()[0]["backup"][-1]
        expect(backup["error"] is True, "info carries the error mark", backup)
    bench.peer("backup", "--type=full")
    peers = (bench.label_dir() / "backup.manifest").read_text()
    other = next(row for row in peers.splitlines() if row.startswith(f"pg_data/{path}="))
    mark = '"checksum-page":false,"checksum-page-error":'
    expect(line.partition(mark)[2][:12] == other.partition(mark)[2][:12],
           "pgBackRest records the same", other)
