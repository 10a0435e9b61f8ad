# Descriptors are a budget: 64 workers and 1,500 small files do with the 1024 of most systems.
# SPDX-License-Identifier: MIT
import lab
from case import test
from lab import OURS, equal, expect
from other_host import local_conf, over_ssh
from sftp_server import SftpServer

NARROW = ("prlimit", "--nofile=1024:1024")
SOFT = ("prlimit", "--nofile=256:1024")
MANY = {"process_max": "64", "compress_type": "none"}
CIPHER = {"repo1_cipher_type": "aes-256-cbc", "repo1_cipher_pass": lab.PASSPHRASE}


def fill(bench):
    many = bench.cluster.data / "many"
    many.mkdir(mode=0o700)
    for number in range(1500):
        (many / f"f{number}").write_bytes(b"%d" % number * 100)


def back_up(bench, limits, *words):
    ended = lab.run([*limits, *bench.argv(OURS, "backup", "--no-online", "--type=full", *words)],
                    limit_s=600)
    expect("open files: at most" in ended.text and "of 1024" in ended.text, "the budget is printed",
           ended)


def restore(bench, limits, name):
    home = bench.dir / name
    (home / "pg").mkdir(parents=True, mode=0o700)
    (home / "linked").mkdir(mode=0o700)
    ended = lab.run([*limits, *bench.argv(
        OURS, "restore", f"--pg1-path={home / 'pg'}", f"--tablespace-map-all={home / 'ts'}",
        "--link-all", "--type=none")], limit_s=600)
    expect("of 1024" in ended.text, "the budget is printed", ended)
    equal((home / "pg/many/f1499").read_bytes(), b"1499" * 100, "a file of many")


@test("descriptors: 64 workers and many small files do with 1024, backup and restore")
def local(bench):
    bench.configure(**MANY, **CIPHER)
    fill(bench)
    bench.ours("stanza-create", "--no-online")
    for name, limits in (("narrow", NARROW), ("soft", SOFT)):
        back_up(bench, limits)
        restore(bench, limits, name)


@test("descriptors: the same on an SFTP server", slow=True)
def sftp(bench):
    bench.configure(**SftpServer(bench).options(**MANY))
    fill(bench)
    bench.ours("stanza-create", "--no-online")
    back_up(bench, NARROW)
    restore(bench, NARROW, "r")


@test("descriptors: the same with the cluster on another host", slow=True)
def cluster_elsewhere(bench):
    over_ssh(bench, "pg", {"repo1-path": bench.repo, "spool-path": bench.dir / "spool"}, **MANY)
    fill(bench)
    bench.ours("stanza-create", "--no-online")
    back_up(bench, NARROW)


@test("descriptors: the same with the repository on another host", slow=True)
def repository_elsewhere(bench):
    bench.cipher = ""
    over_ssh(bench, "repo", {"repo1-path": bench.repo}, **MANY)
    fill(bench)
    here = ("--no-online", "--compress-type=none")
    bench.conf, elsewhere = local_conf(bench), bench.conf
    bench.ours("stanza-create", "--no-online")
    bench.ours("backup", "--type=full", *here)
    bench.conf = elsewhere
    restore(bench, NARROW, "r")
