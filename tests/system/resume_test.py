# Backups that were killed or failed, and what the next one makes of them.
# SPDX-License-Identifier: MIT
import os
import re
import signal

import lab
from case import test
from claim_test import make_old
from lab import OURS, equal, expect
from other_host import over_ssh
from paused import log_of, spawn_backup, verified
from sftp_test import SftpServer

RESUMABLE = "of same type exists -- invalid files will be removed then the backup will resume"
# A manifest copy after each file; one worker, so that files come one after the other.
KEEPS_ALL = {"manifest_save_threshold": "1B", "process_max": "1", "compress_type": "bz2"}


def noisy(bench, **settings):
    """A cluster with three large files of noise, of which the first is copied first."""
    bench.ready(**{**KEEPS_ALL, **settings})
    noisy_files(bench)


def noisy_files(bench):
    for number in (1, 2, 3):
        path = bench.cluster.data / f"odd names/noise{number}"
        path.write_bytes(os.urandom((7 - number) * 512 * 1024))
        os.utime(path, (1, path.stat().st_mtime - 100))


def copied(bench):
    return re.findall(r"backup file \S*odd names/(noise\d)", log_of(bench))


def resumed(ended):
    return sorted(re.findall(r"checksum resumed file .*odd names/(noise\d)", ended.text))


def killed(bench, *words, program=OURS, count=3):
    """A backup that was killed once so many of the large files were stored; its label."""
    known = bench.labels()
    kind = () if any(word.startswith("--type") for word in words) else ("--type=full",)
    process = lab.spawn(bench.argv(program, "backup", *kind, *words), bench.dir / "backup.log")
    lab.wait_for(lambda: len(copied(bench)) >= count or process.poll() is not None, "files are stored", 60,
                 0.002)
    lab.kill_group(process)
    lab.wait_for_group(process)
    expect(len(copied(bench)) >= count, "it was killed in its middle", log_of(bench))
    label, = set(bench.labels()) - set(known)
    expect(not (bench.label_dir(label) / "backup.manifest").exists(), "it is incomplete", label)
    return label


def went_on(bench, ended, label, files):
    """@param files  that must be kept, of the large ones; those stored last may have missed the manifest"""
    expect(f"resumable backup {label} {RESUMABLE}" in ended.text, "it says so", ended)
    expect(set(files) <= set(resumed(ended)) <= {"noise1", "noise2", "noise3"}, "files are kept", ended)
    expect(label not in bench.labels(), "the directory has a label of now", bench.labels())
    equal(bench.labels(), bench.completed_labels(), "directories of backups")


def restored(bench, sums):
    """The newest backup has what the cluster had."""
    home = bench.dir / "restored"
    lab.run(["rm", "-rf", home])
    bench.restore_run(OURS, home, "--type=immediate")
    expect(noise_of(home / "pg") == sums, "contents are those of the cluster", home)


def noise_of(data):
    return {path.name: path.read_bytes() for path in sorted((data / "odd names").glob("noise*"))}


@test("resume: a full backup goes on where it was killed, and is whole", {}, short=True)
@test("resume: bundles that were finished are kept", {"repo1_bundle": "y"}, slow=True)
@test("resume: an encrypted one keeps its passphrase",
      {"repo1_cipher_type": "aes-256-cbc", "repo1_cipher_pass": lab.PASSPHRASE}, slow=True)
def full(bench, settings):
    noisy(bench, **settings)
    label = killed(bench)
    ended = bench.ours("backup", "--type=full")
    went_on(bench, ended, label, ["noise1", "noise2"])
    verified(bench, bench.completed_labels())
    restored(bench, noise_of(bench.cluster.data))


@test("resume: a repository behind ssh", slow=True)
def behind_ssh(bench):
    over_ssh(bench, "repo", {"repo1-path": bench.repo}, **KEEPS_ALL)
    bench.start()
    bench.ours("stanza-create")
    noisy_files(bench)
    label = killed(bench)
    ended = bench.ours("backup", "--type=full")
    went_on(bench, ended, label, ["noise1", "noise2"])


@test("resume: blocks of a cluster behind ssh", slow=True)
def blocks_behind_ssh(bench):
    over_ssh(bench, "pg", {"repo1-path": bench.repo}, repo1_bundle="y", repo1_block="y",
             archive_check="n", **KEEPS_ALL)
    bench.start()
    bench.ours("stanza-create")
    noisy_files(bench)
    label = killed(bench)
    ended = bench.ours("backup", "--type=full")
    went_on(bench, ended, label, ["noise1", "noise2"])
    stored = bench.label_dir() / "pg_data/odd names/noise1.pgbi"
    expect(stored.exists(), "what is kept is stored in blocks", stored)
    with (bench.cluster.data / "odd names/noise1").open("r+b") as file:
        file.write(b"another beginning")
    bench.ours("backup", "--type=incr")
    expect((bench.label_dir() / "pg_data/odd names/noise1.pgbi").stat().st_size < stored.stat().st_size / 2,
           "the next one builds on its blocks")
    home = bench.dir / "restored"
    (home / "pg").mkdir(parents=True, mode=0o700)
    here = bench.dir / "here.conf"
    here.write_text(f"[global]\nrepo1-path={bench.repo}\nlock-path={home}/lock\nlog-level-file=off\n"
                    f"[{lab.STANZA}]\npg1-path={home}/pg\n")
    lab.run([OURS, f"--config={here}", f"--stanza={lab.STANZA}", "restore", "--type=none", "--link-all",
             f"--tablespace-map-all={home}/ts"])
    equal(noise_of(home / "pg"), noise_of(bench.cluster.data), "contents are those of the cluster")


@test("resume: a repository on SFTP", slow=True)
def on_sftp(bench):
    bench.cipher = ""
    noisy(bench, **SftpServer(bench).options())
    label = killed(bench)
    ended = bench.ours("backup", "--type=full")
    went_on(bench, ended, label, ["noise1", "noise2"])
    restored(bench, noise_of(bench.cluster.data))


@test("resume: a diff and an incr go on as well, as long as they build on the same")
def chain(bench):
    bench.ready(**KEEPS_ALL)
    bench.ours("backup", "--type=full")
    noisy_files(bench)
    for kind in ("diff", "incr"):
        label = killed(bench, f"--type={kind}")
        ended = bench.ours("backup", f"--type={kind}")
        went_on(bench, ended, label, ["noise1", "noise2"])
        noisy_files(bench)
    label = killed(bench, "--type=diff")
    ended = bench.ours("backup", "--type=incr")
    expect(f"backup '{label}' cannot be resumed: new backup type 'incr' does not match resumable "
           "backup type 'diff'" in ended.text, "another type begins anew", ended)
    verified(bench, bench.completed_labels())
    restored(bench, noise_of(bench.cluster.data))


@test("resume: a file that changed, and one that is damaged in the repository, are copied again")
def changed(bench):
    noisy(bench)
    label = killed(bench)
    stored = bench.label_dir(label) / "pg_data/odd names/noise1.bz2"
    content = bytearray(stored.read_bytes())
    content[len(content) // 2] ^= 1
    stored.write_bytes(content)
    path = bench.cluster.data / "odd names/noise2"
    path.write_bytes(os.urandom(path.stat().st_size))
    ended = bench.ours("backup", "--type=full")
    went_on(bench, ended, label, [])
    expect(not {"noise1", "noise2"} & set(resumed(ended)), "neither is kept", ended)
    expect(re.search("resumed backup file .*noise1 did not have expected checksum", ended.text),
           "the damage is told", ended)
    verified(bench, bench.completed_labels())
    restored(bench, noise_of(bench.cluster.data))


@test("resume: with --delta contents tell what is kept, whatever the times", slow=True)
def delta(bench):
    noisy(bench)
    label = killed(bench)
    one, two = (bench.cluster.data / f"odd names/noise{number}" for number in (1, 2))
    before = two.stat()
    two.write_bytes(os.urandom(before.st_size))
    os.utime(two, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.utime(one)
    ended = bench.ours("backup", "--type=full", "--delta")
    went_on(bench, ended, label, ["noise1"])
    expect("noise2" not in resumed(ended), "its content is another one", ended)
    verified(bench, bench.completed_labels())
    restored(bench, noise_of(bench.cluster.data))


@test("resume: not when it is switched off, nor with another compression")
def refused(bench):
    noisy(bench)
    label = killed(bench)
    ended = bench.ours("backup", "--type=full", "--dry-run")
    expect(re.search(r"keep +pg_data/odd names/noise1 .* of " + label, ended.text),
           "a preview tells what would be kept", ended)
    expect(label in bench.labels(), "and changes nothing", bench.labels())
    ended = bench.ours("backup", "--type=full", "--no-resume")
    expect(f"INFO: backup '{label}' cannot be resumed: resume is disabled" in ended.text, "", ended)
    label = killed(bench)
    ended = bench.ours("backup", "--type=full", "--compress-type=lz4")
    expect(f"WARN: backup '{label}' cannot be resumed: new compression 'lz4' does not match "
           "resumable compression 'bz2'" in ended.text, "", ended)
    expect(label not in bench.labels(), "it is removed", bench.labels())
    verified(bench, bench.completed_labels())


@test("resume: a backup that was ended by a signal, or failed, is left to the next one")
def left(bench):
    noisy(bench)
    process = spawn_backup(bench)
    lab.wait_for(lambda: copied(bench) or process.poll() is not None, "a file is stored", 60, 0.002)
    os.kill(process.pid, signal.SIGTERM)
    equal(process.wait(timeout=60), 63, log_of(bench))
    label = bench.labels()[-1]
    expect(f"incomplete backup {label} is left" in log_of(bench), "it says so", log_of(bench))
    for call in (bench.ours, bench.peer):
        equal(call("info", "--output=json").json()[0]["backup"], [], "backups in info")
    bench.ours("expire")
    equal(bench.labels(), [label], "expire leaves it")
    ended = bench.ours("backup", "--type=full")
    expect("noise1" in resumed(ended), "what it had is kept", ended)
    verified(bench, bench.completed_labels())


@test("resume: what pgBackRest began goes on once nobody works on it")
def of_the_peer(bench):
    noisy(bench)
    label = killed(bench, program=lab.PEER)
    ended = bench.ours("backup", "--type=full")
    expect(f"'{label}' is left alone" in ended.text, "a young one may be somebody's", ended)
    lab.run(["rm", "-rf", *[bench.label_dir(one) for one in bench.labels()]])
    label = killed(bench, program=lab.PEER)
    make_old(bench.label_dir(label))
    ended = bench.ours("backup", "--type=full")
    went_on(bench, ended, label, [])
    expect(resumed(ended), "files of it are kept", ended)
    verified(bench, bench.completed_labels())
    restored(bench, noise_of(bench.cluster.data))


@test("resume: pgBackRest removes what we began, and makes its own", slow=True)
def by_the_peer(bench):
    noisy(bench)
    label = killed(bench)
    ended = bench.peer("backup", "--type=full")
    expect(f"'{label}' cannot be resumed" in ended.text, "it says so", ended)
    ended = bench.ours("backup", "--type=incr")
    verified(bench, bench.completed_labels())


@test("resume: a copy whose WAL came too late is completed by the next run", slow=True)
def late(bench):
    noisy(bench, archive_timeout="3")
    hold = held_up(bench)
    bench.ours("backup", "--type=full")
    noisy_files(bench)
    before = bench.completed_labels()
    label = finished_without_wal(bench, hold, "--type=diff")
    ended = bench.ours("backup", "--type=diff", codes=None)
    expect(ended.code == 82, "as long as nothing is archived it waits in vain", ended)
    expect(f"backup '{label}' cannot be completed" in ended.text, "it says so", ended)
    equal(bench.labels(), [*before, label], "and is kept")
    hold.unlink()
    bench.cluster.switch_and_wait_archived()
    ended = bench.ours("backup", "--type=diff")
    expect(f"the WAL of backup {label} has arrived" in ended.text, "it is completed", told(ended))
    expect("execute backup start" not in ended.text, "nothing is begun", ended)
    equal(len(bench.completed_labels()), 2, "backups")
    verified(bench, bench.completed_labels())
    restored(bench, noise_of(bench.cluster.data))


@test("resume: a finished copy is completed before another type is made; a damaged one goes on", slow=True)
def late_and_other(bench):
    noisy(bench, archive_timeout="3")
    hold = held_up(bench)
    label = finished_without_wal(bench, hold, "--type=full")
    hold.unlink()
    bench.cluster.switch_and_wait_archived()
    ended = bench.ours("backup", "--type=incr")
    expect(f"the WAL of backup {label} has arrived" in ended.text, "the full is completed", told(ended))
    equal([one[-1] for one in bench.completed_labels()], ["F", "I"], "types of backups")
    noisy_files(bench)
    label = finished_without_wal(bench, hold, "--type=full")
    stored = bench.label_dir(label) / "pg_data/odd names/noise2.bz2"
    stored.write_bytes(stored.read_bytes()[:-1])
    hold.unlink()
    bench.cluster.switch_and_wait_archived()
    ended = bench.ours("backup", "--type=full")
    expect(f"backup '{label}' cannot be completed" in ended.text, "not as it is", ended)
    went_on(bench, ended, label, ["noise1", "noise3"])
    verified(bench, bench.completed_labels())
    restored(bench, noise_of(bench.cluster.data))


def told(ended):
    """What was said besides files."""
    return "\n".join(line for line in ended.text.splitlines() if "DETAIL" not in line)


def held_up(bench):
    """Nothing is archived while the file that this returns is there."""
    hold = bench.dir / "hold"
    bench.cluster.stop()
    bench.cluster.archive_command = f"test ! -e {hold} && " + bench.push_command(OURS)
    bench.cluster.start()
    return hold


def finished_without_wal(bench, hold, kind):
    """A backup of which everything is there but its WAL; its label."""
    known = bench.labels()
    process = spawn_backup(bench, kind)
    lab.wait_for(lambda: copied(bench) or process.poll() is not None, "a file is stored", 60, 0.002)
    hold.touch()
    equal(process.wait(timeout=120), 82, log_of(bench))
    label, = set(bench.labels()) - set(known)
    return label
