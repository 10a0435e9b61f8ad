# Situations of real users, each as pgBackRest 2.60.0 has it or better. The codes are 2.60.0's, run by
# hand in the same situation.
# SPDX-License-Identifier: MIT
import json
import os
import time

import lab
from case import test
from hostile import hostile
from lab import STANZA, equal, expect

NOBODY_HOME = "This account is currently not available."


def behind_ssh(bench, script):
    """The repository is on a host whose ssh does this."""
    ssh = bench.dir / "ssh"
    lab.put_script(ssh, "#!/bin/sh\n" + script)
    bench.configure(cmd_ssh=ssh, repo1_host="other", archive_timeout="1", protocol_timeout="30",
                    db_timeout="20")
    return bench.cluster.data / "pg_wal/000000010000000000000001"


def a_segment(bench):
    path = bench.cluster.data / "pg_wal"
    return next(one for one in sorted(path.iterdir()) if len(one.name) == 24)


@test("users: what an account that lets nobody in prints is always shown")
def nologin(bench):
    behind_ssh(bench, f'echo "{NOBODY_HOME}"; exit 1\n')
    segment = a_segment(bench)
    for _ in range(6):
        with hostile("output that is no protocol"):
            ended = bench.ours("archive-push", segment, codes=103)
            expect(NOBODY_HOME in ended.text, "the words are shown", ended)
    for words in (["info"], ["restore", f"--pg1-path={bench.dir / 'r'}"]):
        ended = bench.ours(*words, codes=None)
        expect(NOBODY_HOME in ended.text, "the words are shown", ended)


@test("users: the only repository cannot be used: 103, whatever the cause")
def only_repository(bench):
    for script in ("exit 0\n", "exit 255\n", "kill -9 $$\n", "echo 'ERROR: [048]: invalid'; exit 48\n"):
        behind_ssh(bench, script)
        segment = a_segment(bench)
        for words in (["archive-push", segment], ["archive-get", segment.name, bench.dir / "x"]):
            ended = bench.ours(*words, codes=103)
            expect("unable to find a valid repository" in ended.text and "repo1: [" in ended.text,
                   "says which and why", ended)


@test("users: a remote that a signal ended is error 102")
def signalled(bench):
    behind_ssh(bench, "kill -9 $$\n")
    ended = bench.ours("stanza-create", "--no-online", codes=102)
    expect("[102]" in ended.text and "on signal 9" in ended.text, "the signal is named", ended)


@test("users: a secret that everybody can read spoils no JSON")
def readable_secret(bench):
    bench.configure(repo1_cipher_type="aes-256-cbc", repo1_cipher_pass=lab.PASSPHRASE)
    bench.ours("stanza-create", "--no-online")
    bench.conf.chmod(0o644)
    ended = bench.ours("info", "--output=json")
    json.loads(ended.out.decode())
    expect("every user of this host can read" in ended.err.decode(), "still said", ended)
    expect(lab.PASSPHRASE not in ended.text, "the secret is not shown", "")


@test("users: a directory begun while the clock was ahead holds up no backup for ever")
def clock_was_ahead(bench):
    bench.configure()
    bench.ours("stanza-create", "--no-online")
    later = bench.repo / "backup" / STANZA / "20990102-000000F"
    later.mkdir()
    copy = later / "backup.manifest.copy"
    copy.write_text("whatever")
    ended = bench.ours("backup", "--no-online", "--type=full", codes=106)
    expect(later.exists(), "a young one is left alone", ended)
    for path in (copy, later):
        os.utime(path, (time.time() - 7200,) * 2)
    ended = bench.ours("backup", "--no-online", "--type=full")
    expect(f"backup '{later.name}' cannot be resumed" in ended.text, "the removal is told", ended)
    equal(len(bench.completed_labels()), 1, "backups")


@test("users: info --set of a backup that is nowhere, and of latest")
def info_set(bench):
    bench.configure()
    bench.ours("stanza-create", "--no-online")
    words = ("info", "--output=json")
    asked = bench.ours(*words, "--set=20261101-000000F").json()[0]
    equal((asked["status"]["code"], asked["db"], asked["archive"]), (6, [], []), "nothing there")
    bench.ours("backup", "--no-online", "--type=full")
    told = bench.ours(*words, "--set=latest").json()[0]
    equal((told["status"]["code"], told["backup"], len(told["db"])), (0, [], 1), "latest")
    label = bench.completed_labels()[0]
    equal(bench.ours(*words, f"--set={label}").json()[0]["backup"][0]["database-ref"], [],
          "databases of an offline backup")


@test("users: names that are no WAL are in no archive; paths are refused")
def no_wal(bench):
    bench.configure()
    for name in ("junk", "RECOVERYXLOG"):
        bench.ours("archive-get", name, bench.dir / "x", codes=1)
    bench.ours("archive-get", "a/junk", bench.dir / "x", codes=96)


@test("users: a stop file's hint names the file")
def stop_file(bench):
    bench.configure()
    (bench.dir / "lock").mkdir(exist_ok=True)
    stop = bench.dir / "lock" / f"{STANZA}.stop"
    stop.write_text("")
    ended = bench.ours("expire", codes=62)
    expect(f"'{stop}' is removed" in ended.text, "the way to go on", ended)
