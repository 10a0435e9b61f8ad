# Diff and incr: what a chain of backups copies, refers to, and refuses.
# SPDX-License-Identifier: MIT
import json
import os
import re
import time

import lab
import trees
from case import test
from lab import equal, expect
from other_host import over_ssh
from paused import NOISE_BYTES, finish, log_of, paused_backup, slow_backup
from remote_test import begin_there, restored_by_peer

TIME = (1_700_000_000, 1_700_000_000)


def files_of(bench, label=None):
    """Lines of the manifest's list of files, by name."""
    text = (bench.label_dir(label) / "backup.manifest").read_text()
    section = text.split("[target:file]\n")[1].split("\n\n")[0]
    return dict(re.match(r"(.*?)=(\{.*\})$", line).groups() for line in section.splitlines())


def own(bench, label=None):
    """Names of files that a backup stores itself."""
    return {name for name, line in files_of(bench, label).items() if '"reference"' not in line
            and '"size":0' not in line}


def stopped(bench, **settings):
    """A stopped cluster with a full backup, in which every file has an old time."""
    bench.configure(**settings)
    for folder in (bench.cluster.data, bench.cluster.home / "ts", bench.cluster.home / "linked"):
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                os.utime(path, TIME)
    bench.ours("stanza-create", "--no-online")
    bench.ours("backup", "--no-online")
    return bench


def incr(bench, *words, **more):
    return bench.ours("backup", "--no-online", "--type=incr", *words, **more)


def write(bench, name, content, at=None):
    path = bench.cluster.data / name
    path.write_bytes(content)
    if at:
        os.utime(path, (at, at))


def restored_alike(bench):
    """Both programs restore the newest backup, to the same tree and to what was backed up."""
    homes = [bench.dir / name for name in ("ours", "peer")]
    for program, home in zip((lab.OURS, lab.PEER), homes):
        bench.restore(program, home, "--type=none")
    trees.compare_trees(*homes, "restores by both programs")
    for path in (bench.cluster.data / "odd names").iterdir():
        if path.is_file():
            equal((homes[0] / "pg/odd names" / path.name).read_bytes(), path.read_bytes(), path.name)


@test("chain: the second night and those after it, and what comes back of each", short=True)
def nights(bench):
    bench.ready()
    cluster, kept = bench.cluster, {}
    for night, words in enumerate((["--type=incr"], ["--type=incr"], ["--type=diff"],
                                   ["--type=incr", "--delta"])):
        cluster.sql(f"insert into small select i, 'night {night}' from generate_series("
                    f"{1000 * (night + 1)}, {1000 * (night + 1) + 9}) i")
        cluster.sql("checkpoint")
        ended = bench.ours("backup", *words)
        expect(night > 0 or "no prior backup exists, incr backup has been changed to full" in
               ended.text, "the first one is full", ended)
        kept[bench.completed_labels()[-1]] = cluster.fingerprint()
    labels = list(kept)
    equal([label[16:17] and label[-1] for label in labels], ["", "I", "D", "I"], "types")
    large = "pg_data/odd names/three megabytes"
    for label in labels[1:]:
        expect(large not in own(bench, label), f"{label} refers to what did not change")
        expect(len(own(bench, label)) < 100, "few files are copied", own(bench, label))
    for number, (label, wanted) in enumerate(kept.items()):
        target = bench.restore(lab.OURS, bench.dir / f"r{number}", f"--set={label}",
                               "--type=immediate", "--target-action=promote")
        bench.start_restored(target)
        equal(target.fingerprint(), wanted, f"the data of {label}")
        target.stop("immediate")


@test("chain: the same content with another time is referred to, other content is not")
def same_content(bench):
    stopped(bench, compress_type="zst")
    write(bench, "odd names/a=b", b"equal sign\n", at=1_700_000_500)
    os.utime(bench.cluster.data / "odd names/three megabytes", (1_700_000_500, 1_700_000_500))
    write(bench, "odd names/=", b"another one\n")
    ended = incr(bench)
    equal(own(bench), {"pg_data/odd names/="}, "files that are stored")
    expect('"timestamp":1700000500' in files_of(bench)["pg_data/odd names/a=b"], "the new time is kept")
    expect(not list(bench.label_dir().rglob("three megabytes*")), "what was copied in vain is gone")
    expect("match file from prior backup" in ended.text, "a match is told", ended)
    restored_alike(bench)


@test("chain: times that cannot be trusted turn the comparison of contents on")
def delta_reasons(bench):
    stopped(bench, repo1_bundle="y")
    large = "odd names/three megabytes"
    content = (bench.cluster.data / large).read_bytes()

    def change(at, lie):
        """The same size and time, but another content: only a comparison finds it."""
        write(bench, large, content[:-1] + bytes([lie]), at=TIME[0])
        write(bench, "odd names/a=b", bytes(f"equal {lie}\n", "ascii"), at=at)
        return incr(bench)

    for lie, (at, words) in enumerate(((int(time.time()) + 4000, "in the future (relative to"),
                                       (1_600_000_000, "has timestamp earlier than prior backup"))):
        ended = change(at, lie)
        expect(words in ended.text and "enabling delta checksum" in ended.text, words, ended)
        expect(f"pg_data/{large}" in own(bench), "what only its content tells is found", ended)
        expect('option-delta=true' in (bench.label_dir() / "backup.manifest").read_text(), "written down")
    write(bench, large, content[:-1] + b"x", at=TIME[0])
    write(bench, "odd names/=", b"z")
    incr(bench)
    expect(f"pg_data/{large}" not in own(bench), "without a reason times are believed")
    incr(bench, "--delta")
    expect(f"pg_data/{large}" in own(bench), "delta does not believe them")


@test("chain: without a change, without a readable prior")
def refusals(bench):
    stopped(bench)
    ended = incr(bench, codes=(55,))
    expect("no files have changed since the last backup - this seems unlikely" in ended.text,
           "nothing has changed", ended)
    equal(len(bench.labels()), 1, "directories of backups")
    write(bench, "odd names/=", b"other")
    for name in ("backup.manifest", "backup.manifest.copy"):
        path = bench.label_dir() / name
        path.write_text(path.read_text().replace("[backup:db]", "[backup:xx]"))
    ended = incr(bench, codes=(26, 29))
    expect("--type=full begins a new set" in ended.text, "the way out", ended)
    equal(len(bench.labels()), 1, "directories of backups")


@test("chain: what a backup builds on goes away while it is made")
def prior_goes(bench):
    slow_backup(bench)
    bench.ours("backup")
    prior = bench.completed_labels()[-1]
    (bench.cluster.data / "odd names/noise").write_bytes(os.urandom(NOISE_BYTES))
    process = paused_backup(bench, "--type=incr")
    info = bench.repo / "backup" / lab.STANZA
    lab.run(["rm", "-r", info / prior])
    finish(bench, process, codes=(75,))
    expect(f"backup '{prior}', which this one builds on, is gone" in log_of(bench), "the reason",
           log_of(bench))
    equal(bench.labels(), [], "directories of backups")


@test("chain: compression and page check are those of the set")
def settled_rules(bench):
    stopped(bench, compress_type="gz", checksum_page="n")
    write(bench, "odd names/=", b"other")
    ended = incr(bench, "--compress-type=lz4")
    expect("incr backup cannot alter compress-type option to 'lz4', reset to value in "
           f"{bench.completed_labels()[0]}" in ended.text, "it says so", ended)
    expect((bench.label_dir() / "pg_data/odd names/=.gz").exists(), "gz it is")
    restored_alike(bench)


@test("chain: hard links to what did not change")
def hard_links(bench):
    stopped(bench, repo1_hardlink="y", compress_type="none")
    write(bench, "odd names/=", b"other")
    ended = incr(bench)
    first, second = (bench.label_dir(label) / "pg_data/odd names" for label in bench.completed_labels())
    expect((first / "three megabytes").samefile(second / "three megabytes"), "one file, two names", ended)
    expect(not (first / "=").samefile(second / "="), "what changed is another file")
    expect(os.readlink(next((second.parent / "pg_tblspc").iterdir())).startswith("../../pg_tblspc/"),
           "links to tablespaces are there")
    expect("hardlink pg_data/odd names/three megabytes to" in ended.text, "it says so", ended)
    restored_alike(bench)


@test("chain: the WAL of a backup inside it")
def archive_copy(bench):
    bench.ready(archive_copy="y", compress_type="lz4", repo1_bundle="y",
                repo1_cipher_type="aes-256-cbc", repo1_cipher_pass=lab.PASSPHRASE)
    bench.ours("backup")
    bench.ours("backup", "--type=incr")
    expect(list(bench.label_dir().glob("pg_data/pg_wal/*.lz4")), "WAL is in the backup")
    wanted = bench.cluster.fingerprint()
    # Without the archive: what is in the backup is enough to become consistent.
    lab.run(["rm", "-r", *sorted((bench.repo / "archive" / lab.STANZA).glob("15-*"))])
    target = bench.restore(lab.OURS, bench.dir / "r1", "--type=none", "--restore-check=warn")
    target.start(archive_command="")
    equal(target.fingerprint(), wanted, "the data")


@test("chain: contents are compared on the host of the data, files", {}, short=True)
@test("chain: contents are compared on the host of the data, bundles", {"repo1_bundle": "y"}, slow=True)
def other_host(bench, settings):
    bench.cipher = ""
    other = over_ssh(bench, "pg", {"repo1-path": bench.repo, "spool-path": bench.dir / "spool"},
                     compress_type="zst", **settings)
    begin_there(bench, other)
    bench.ours("backup")
    cluster = bench.cluster
    cluster.sql("update small set t = 'changed' where id < 10")
    os.utime(cluster.data / "odd names/three megabytes", (1_700_000_500, 1_700_000_500))
    cluster.sql("checkpoint")
    for words in ((), ("--delta",)):
        ended = bench.ours("backup", "--type=incr", *words)
        expect("pg_data/odd names/three megabytes" not in own(bench), "the same content", ended)
        expect(len(own(bench)) < 100, "few files are stored", own(bench))
    restored_by_peer(bench, other)


@test("chain: what a backup would do is said, and nothing is changed")
def preview(bench):
    stopped(bench, repo1_bundle="y")
    write(bench, "odd names/=", b"other")
    write(bench, "odd names/new one", b"new")
    os.utime(bench.cluster.data / "odd names/a=b", (1_700_000_500, 1_700_000_500))
    before = sorted(str(path) for path in bench.repo.rglob("*"))
    plain = incr(bench, "--dry-run").text
    for line in ("copy    pg_data/odd names/= (size, 5B)", "copy    pg_data/odd names/new one (new, 3B)",
                 "copy    pg_data/odd names/a=b (time, 11B)", "record  pg_data/odd names/empty (empty, 0B)",
                 f"to {bench.completed_labels()[0]}", "nothing was changed"):
        expect(line in plain, line, plain)
    by_content = json.loads(incr(bench, "--explain=json", "--delta", "--log-level-console=off").text)
    whys = {entry["name"]: entry["why"] for entry in by_content["entry"]}
    equal(whys["pg_data/odd names/a=b"], "compare", "why, with delta")
    equal(whys["pg_data/odd names/new one"], "new", "why, with delta")
    equal(by_content["prior"], bench.completed_labels()[0], "prior")
    expect("nothing was changed" in incr(bench, "--explain").text, "explain shows it, too")
    equal(sorted(str(path) for path in bench.repo.rglob("*")), before, "what is in the repository")
