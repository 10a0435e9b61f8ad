# stanza-create and check, beside pgBackRest.
# SPDX-License-Identifier: MIT
import shutil

import crafted
import crafted
import lab
from case import test
from lab import OURS, PEER, equal, expect


def info_files(bench, repo="repo"):
    root = bench.dir / repo
    return [root / kind / lab.STANZA / f"{kind}.info{suffix}" for kind in ("archive", "backup")
            for suffix in ("", ".copy")]


def without_writer(path):
    """The lines of an info file but those that differ by who wrote it."""
    return [line for line in path.read_text().splitlines()
            if not line.startswith(("backrest-version=", "backrest-checksum="))]


@test("stanza: info files are those the peer makes")
def same_files(bench):
    bench.configure()
    bench.ours("stanza-create", "--no-online")
    ours = [without_writer(path) for path in info_files(bench)]
    for path in info_files(bench):
        equal(crafted.info_checksum(path.read_text()), path.read_text().split('"')[-2], f"checksum {path}")
        equal(f"{path.stat().st_mode & 0o7777:04o}", "0640", f"mode of {path}")
    equal(info_files(bench)[0].read_bytes(), info_files(bench)[1].read_bytes(), "copy")
    shutil.rmtree(bench.repo)
    bench.peer("stanza-create", "--no-online")
    equal(ours, [without_writer(path) for path in info_files(bench)], "info files of both programs")


@test("stanza: a second time is fine, for both programs, encrypted or not", False)
@test("stanza: a second time is fine, for both programs, encrypted or not", True)
def again(bench, encrypted):
    bench.configure(**({"repo1_cipher_type": "aes-256-cbc", "repo1_cipher_pass": lab.PASSPHRASE}
                       if encrypted else {}))
    bench.start()
    bench.ours("stanza-create")
    equal(info_files(bench)[0].read_bytes().startswith(b"Salted__"), encrypted, "encrypted")
    before = [path.read_bytes() for path in info_files(bench)]
    expect("already exists on repo1 and is valid" in bench.ours("stanza-create").text, "is told")
    bench.peer("stanza-create")
    equal(before, [path.read_bytes() for path in info_files(bench)], "files are left alone")
    for path in info_files(bench):
        path.unlink()
        bench.ours("stanza-create")
        equal(before, [one.read_bytes() for one in info_files(bench)], f"'{path.name}' is mended")


@test("stanza: half a stanza, another cluster's stanza and foreign files are refused")
def refused(bench):
    bench.configure()
    bench.ours("stanza-create", "--no-online")
    archive, archive_copy, backup, backup_copy = info_files(bench)
    kept = [(path, path.read_bytes()) for path in info_files(bench)]
    for gone, word in (((backup, backup_copy), "backup.info is missing"),
                       ((archive, archive_copy), "archive.info is missing")):
        for path in gone:
            path.unlink()
        ended = bench.ours("stanza-create", "--no-online", codes=55)
        expect(word in ended.text, "names what is missing", ended)
        for path, content in kept:
            path.write_bytes(content)
    for path in (archive, backup):
        crafted.rewrite_info(path, lambda text: text.replace('"15"', '"14"'))
    ended = bench.ours("stanza-create", "--no-online", codes=28)
    expect("do not match the database" in ended.text, "says why", ended)
    for path in info_files(bench):
        path.unlink()
    (bench.repo / "archive" / lab.STANZA / "14-1").mkdir()
    bench.ours("stanza-create", "--no-online", codes=40)
    (bench.dir / "lock").mkdir(exist_ok=True)
    (bench.dir / "lock" / "all.stop").touch()
    ended = bench.ours("stanza-create", "--no-online", codes=62)
    expect("stop file exists for all stanzas" in ended.text, "names the stop file", ended)


@test("stanza: no server, or the server of another directory")
def wrong_server(bench):
    bench.configure()
    ended = bench.ours("stanza-create", codes=56)
    expect("unable to find primary cluster" in ended.text, "says so", ended)
    bench.start()
    other = lab.copy_cluster(lab.template_cluster(bench.root), bench.dir / "other")
    ended = bench.ours("stanza-create", f"--pg1-path={other.data}", codes=58)
    expect("do not match" in ended.text, "compares paths", ended)


@test("check: WAL arrives in every repository", OURS)
@test("check: WAL arrives in every repository", PEER)
def check_passes(bench, pusher):
    bench.ready(pusher=pusher, repo2_path=bench.dir / "repo2", repo2_retention_full="1",
                repo2_cipher_type="aes-256-cbc", repo2_cipher_pass=lab.PASSPHRASE)
    ended = bench.ours("check")
    for key in (1, 2):
        expect(f"check repo{key} configuration (primary)" in ended.text, "looks at info files", ended)
        expect(f"successfully archived to '{bench.dir}/repo" in ended.text
               and f"on repo{key}" in ended.text, "finds the segment", ended)


@test("check: tells what keeps WAL from arriving")
def check_fails(bench):
    bench.configure()
    ended = bench.ours("check", codes=27)
    expect("no database found" in ended.text, "no server", ended)
    cluster = bench.start()
    ended = bench.ours("check", codes=55)
    expect("stanza-create" in ended.text, "hints at stanza-create", ended)
    bench.ours("stanza-create")
    cluster.stop()
    cluster.start(archive_command="'true'")
    bench.ours("check", codes=68)
    cluster.stop()
    cluster.start(archive_mode="off")
    bench.ours("check", codes=87)
    cluster.stop()
    cluster.start(archive_mode="always")
    bench.ours("check", codes=67)
    bench.ours("check", "--no-archive-mode-check")
    cluster.stop()
    cluster.start(archive_command="'exit 1; pgbraid'")
    ended = bench.ours("check", "--archive-timeout=1", codes=82)
    # Whichever comes first: the end of the wait, or what PostgreSQL says of its archive_command.
    expect("was not archived before the 1000ms timeout" in ended.text
           or "PostgreSQL cannot archive WAL segment" in ended.text, "says so", ended)
    bench.ours("check", "--no-archive-check")


@test("check: one broken repository does not hide the others")
def check_one_broken(bench):
    bench.ready(repo2_path=bench.dir / "repo2", repo2_retention_full="1")
    for path in info_files(bench):
        path.unlink()
    # WAL still reaches repo2, though archive-push tells about repo1.
    ended = bench.ours("check", codes=55)
    expect("on repo2" in ended.text and "repo1: " in ended.text, "looks at both", ended)


@test("check: a standby is looked at, and no primary is an error")
def check_standby(bench):
    bench.configure()
    (bench.cluster.data / "standby.signal").touch()
    bench.start()
    bench.ours("stanza-create", "--no-online")
    ended = bench.ours("check", codes=27)
    expect("check repo1 (standby)" in ended.text and "switch wal not performed" in ended.text,
           "standby", ended)
