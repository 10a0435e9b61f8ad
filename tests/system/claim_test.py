# Several backups of one stanza that know nothing of each other, and backups that fail: whose a
# backup directory is, and what stays of it.
# SPDX-License-Identifier: MIT
import os
import re
import signal

import lab
from case import test
from lab import OURS, STANZA, equal, expect
from other_host import look, over_ssh
from paused import (copying, finish, log_of, no_session, paused_backup, slow_backup, spawn_backup,
                    verified)
from sftp_test import SftpServer

LEFT_ALONE = "is left alone"


def elsewhere(bench, command, *words, codes=(0,)):
    """The same on a host that shares nothing but the repository: no locks, no connections."""
    conf = bench.dir / "elsewhere.conf"
    lines = ["[global]", f"repo1-path={bench.repo}", f"lock-path={bench.dir / 'lock-elsewhere'}",
             f"log-path={bench.dir / 'log-elsewhere'}", "log-level-file=off",
             "log-level-console=detail", "start-fast=y", "repo1-retention-full=9", "process-max=2",
             "archive-timeout=20", f"[{STANZA}]", f"pg1-path={bench.cluster.data}",
             f"pg1-socket-path={bench.cluster.home}", "pg1-user=postgres"]
    conf.write_text("\n".join(lines) + "\n")
    conf.chmod(0o640)
    return lab.run([OURS, f"--config={conf}", f"--stanza={STANZA}", command, *words], codes=codes)


def make_old(path):
    """As if nothing in the directory had changed for an hour."""
    then = os.stat(path).st_mtime - 3600
    for top, paths, names in os.walk(path):
        for name in (".", *paths, *names):
            os.utime(os.path.join(top, name), (1, then), follow_symlinks=False)


def both_valid(bench):
    """Two backups, and no incomplete directory beside them."""
    labels = bench.completed_labels()
    equal(bench.labels(), labels, "directories of backups")
    equal(len(labels), 2, "backups")
    for call in (bench.ours, bench.peer):
        listed = call("info", "--output=json").json()[0]["backup"]
        equal(sorted(one["label"] for one in listed), labels, "labels in info")
    text = bench.peer("verify", "--output=text", "--verbose").text
    for label in labels:
        expect(f"backup: {label}, status: valid" in text, f"verify finds {label} valid", text)


def begin(bench):
    """A backup that is stopped in its middle, and its label."""
    process = paused_backup(bench)
    return process, bench.labels()[-1]


@test("claim: a backup of another lock-path leaves the running one alone", short=True)
def two_lock_paths(bench):
    slow_backup(bench)
    process, label = begin(bench)
    second = elsewhere(bench, "backup", "--type=full")
    expect(f"'{label}' {LEFT_ALONE}" in second.text, "it says so", second)
    expect(f"backup {label} {LEFT_ALONE}" in second.text, "the expire after it, too", second)
    finish(bench, process)
    both_valid(bench)


@test("claim: expire of another lock-path leaves the running backup alone")
def expire_elsewhere(bench):
    slow_backup(bench)
    process, label = begin(bench)
    # Not the newest directory: that one stays whatever it is.
    (bench.label_dir(label).parent / "20980101-000000F").mkdir()
    make_old(bench.label_dir("20980101-000000F"))
    ended = elsewhere(bench, "expire")
    expect(f"backup {label} {LEFT_ALONE}" in ended.text, "it says so", ended)
    equal(bench.labels(), [label], "only what nobody works on was removed")
    finish(bench, process)
    verified(bench, [label])


def taken_away(bench, process, label, goes_on=False):
    """Somebody takes the directory of a paused backup, since it seems to be of nobody."""
    make_old(bench.label_dir(label))
    words = ("--compress-type=bz2",) if goes_on else ()
    second = elsewhere(bench, "backup", "--type=full", *words)
    said = f"resumable backup {label} " if goes_on else f"'{label}' cannot be resumed"
    expect(said in second.text, "the old directory is gone on with, or removed", second)
    finish(bench, process, codes=(41, 55, 64, 73))
    expect("completed successfully" not in log_of(bench), "no success is reported", log_of(bench))
    expect(label not in bench.labels(), "the directory does not come back", bench.labels())
    equal(len(bench.completed_labels()), 1, "the other backup is there")


@test("claim: a backup that another one goes on with fails, and does that one no harm")
def resumed_elsewhere(bench):
    slow_backup(bench)
    process, label = begin(bench)
    taken_away(bench, process, label, goes_on=True)
    verified(bench, bench.completed_labels())


@test("claim: a backup whose directory was taken away fails, files", {}, short=True)
@test("claim: a backup whose directory was taken away fails, bundles",
      {"repo1_bundle": "y", "repo1_bundle_limit": "512KiB", "repo1_bundle_size": "1MiB"})
def directory_taken(bench, settings):
    slow_backup(bench, **settings)
    process, label = begin(bench)
    taken_away(bench, process, label)
    verified(bench, bench.completed_labels())


@test("claim: a repository behind ssh: the running backup is left alone, or misses its directory")
def behind_ssh(bench):
    over_ssh(bench, "repo", {"repo1-path": bench.repo}, compress_type="bz2", process_max="1")
    bench.start()
    bench.ours("stanza-create")
    (bench.cluster.data / "odd names/noise").write_bytes(os.urandom(12 << 20))
    process, label = begin(bench)
    second = elsewhere(bench, "backup", "--type=full")
    expect(f"'{label}' {LEFT_ALONE}" in second.text, "it says so", second)
    finish(bench, process)
    equal(len(bench.completed_labels()), 2, "both became backups")
    lab.run(["rm", "-rf", *[bench.label_dir(one) for one in bench.labels()]])
    process, label = begin(bench)
    taken_away(bench, process, label)


@test("claim: a repository on SFTP: the running backup is left alone, or misses its directory", slow=True)
def on_sftp(bench):
    bench.cipher = ""
    server = SftpServer(bench)
    slow_backup(bench, **server.options())
    process, label = begin(bench)
    second = elsewhere(bench, "backup", "--type=full")
    expect(f"'{label}' {LEFT_ALONE}" in second.text, "it says so", second)
    other = bench.ours("expire", f"--lock-path={bench.dir / 'third'}")
    expect(f"backup {label} {LEFT_ALONE}" in other.text, "over SFTP as well", other)
    finish(bench, process)
    equal(len(bench.completed_labels()), 2, "both became backups")
    expect("status: valid" in look(bench, "verify", "--output=text", "--verbose").text, "verify")
    lab.run(["rm", "-rf", *[bench.label_dir(one) for one in bench.labels()]])
    process, label = begin(bench)
    taken_away(bench, process, label)


@test("claim: a signal while the backup waits for WAL leaves no directory, without resume")
def signal_in_wait(bench):
    slow_backup(bench, archive_timeout="300", resume="n")
    process = paused_backup(bench)
    bench.cluster.sql("alter system set archive_command = 'false'")
    bench.cluster.sql("select pg_reload_conf()")
    os.killpg(process.pid, signal.SIGCONT)
    lab.wait_for(lambda: re.search(r"check archive for segment\(s\)", log_of(bench))
                 or process.poll() is not None, "the copy ends", 120)
    os.kill(process.pid, signal.SIGTERM)
    equal(process.wait(timeout=60), 63, log_of(bench))
    equal(bench.labels(), [], "directories of backups")
    no_session(bench)


@test("claim: a backup that fails removes its directory without resume, and nothing else", slow=True)
def failed(bench):
    slow_backup(bench, resume="n")
    bench.ours("backup")
    kept = bench.labels()
    process = paused_backup(bench)
    bench.cluster.stop("immediate")
    finish(bench, process, codes=(56, 57, 58))
    equal(bench.labels(), kept, "directories of backups")
    bench.start()
    verified(bench, kept)


@test("claim: a backup that was killed is swept once nothing has changed for a while")
def killed(bench):
    slow_backup(bench)
    process = spawn_backup(bench)
    lab.wait_for(lambda: copying(bench, []) or process.poll() is not None, "the copy begins", 60,
                 0.002)
    lab.kill_group(process)
    process.wait()
    label = bench.labels()[-1]
    ended = bench.ours("backup", f"--lock-path={bench.dir / 'third'}")
    expect(f"'{label}' {LEFT_ALONE}" in ended.text, "it may be somebody's", ended)
    make_old(bench.label_dir(label))
    ended = bench.ours("expire")
    expect(f"remove expired backup {label}" in ended.text, "now it is nobody's", ended)
    equal(bench.labels(), bench.completed_labels(), "directories of backups")


@test("claim: what was killed under the same lock is settled by the next backup", slow=True)
def killed_here(bench):
    slow_backup(bench)
    process = spawn_backup(bench)
    lab.wait_for(lambda: copying(bench, []) or process.poll() is not None, "the copy begins", 60,
                 0.002)
    lab.kill_group(process)
    process.wait()
    label = bench.labels()[-1]
    bench.ours("backup")
    expect(label not in bench.labels(), "its directory is gone", bench.labels())
    verified(bench, bench.completed_labels())


@test("claim: a label that cannot be made is found out before PostgreSQL begins a backup")
def label_first(bench):
    bench.ready()
    bench.ours("backup")
    fake = bench.label_dir().parent / "20990101-000000F"
    lab.run(["cp", "-a", bench.label_dir(), fake])
    ended = bench.ours("backup", codes=None)
    equal(ended.code, 106, ended.text)
    expect("execute backup start" not in ended.text, "PostgreSQL began nothing", ended)
