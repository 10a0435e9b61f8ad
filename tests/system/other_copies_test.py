# Restore with two repositories that hold the same backup: what one cannot give comes from the other.
# SPDX-License-Identifier: MIT
import shutil

import trees
from case import test
from hostile import hostile
from lab import OURS, PEER, equal, expect, run


def with_copy(bench, program=OURS, **settings):
    """A backup in repo1, the same repository once more as repo2, and what it restores to."""
    bench.ready(**settings)
    bench.call(program, "backup")
    return copied(bench, settings)


def copied(bench, settings):
    fresh = bench.dir / "fresh"
    bench.restore(OURS, fresh, "--type=none")
    shutil.copytree(bench.repo, bench.dir / "repo2", symlinks=True)
    more = {name.replace("repo1", "repo2").replace("-", "_"): value
            for name, value in settings.items() if name.startswith("repo1")}
    bench.configure(repo2_path=bench.dir / "repo2", repo2_retention_full="9", **more)
    return fresh


def stored_files(bench, count):
    """The largest stored files, apart from manifests."""
    found = [path for path in bench.label_dir().rglob("*")
             if path.is_file() and not path.name.startswith("backup.manifest")]
    return sorted(found, key=lambda path: -path.stat().st_size)[:count]


@hostile("stored files that are damaged or expand")
def comes_from_the_other(bench, program, settings):
    fresh = with_copy(bench, program, **settings)
    changed, cut, gone = stored_files(bench, 3)
    data = bytearray(changed.read_bytes())
    data[len(data) // 2] ^= 0xFF
    changed.chmod(0o640)
    changed.write_bytes(data)
    cut.chmod(0o640)
    cut.write_bytes(cut.read_bytes()[:100])
    gone.unlink()
    for number, words in enumerate(((), ("--no-fuse",))):
        home = bench.dir / f"r{number}"
        ended = bench.restore_run(OURS, home, "--type=none", *words)
        trees.compare_trees(home, fresh, f"restored with {words} against the undamaged repository")
        expect("restored from repo2" in ended.text and "from other repositories = " in ended.text,
               "the log names repo2 and counts", ended)
    for words in (("--repo=1",), ("--repo=1", "--no-fuse")):
        bench.restore_run(OURS, bench.dir / "one", "--type=none", "--delta", *words,
                          codes=(25, 26, 29, 55, 95, 41, 42))
    expect(not (bench.dir / "one/pg/global/pg_control").exists(), "no pg_control after a failure")


for who in (OURS, PEER):
    for name, settings in (
            ("files", {"compress_type": "gz"}),
            ("bundles", {"compress_type": "lz4", "repo1_bundle": "y"}),
            ("encrypted", {"repo1_cipher_type": "aes-256-cbc", "repo1_cipher_pass": "x"})):
        whose = "ours" if who == OURS else "of pgBackRest"
        test(f"other copies: damaged, cut off and gone files come from repo2: {name}, {whose}", who,
             settings, short=who == OURS and name == "bundles")(comes_from_the_other)


@test("other copies: damaged blocks of the full backup that an incr needs come from repo2", {})
@test("other copies: the same of encrypted ones",
      {"repo1_cipher_type": "aes-256-cbc", "repo1_cipher_pass": "x"})
@hostile("stored files that are damaged or expand", 2)
def blocks(bench, more):
    settings = {"compress_type": "zst", "repo1_bundle": "y", "repo1_bundle_limit": "8KiB",
                "repo1_block": "y", **more}
    bench.ready(**settings)
    bench.ours("backup")
    full = bench.completed_labels()[-1]
    bench.cluster.sql("update big set t = 'changed' where id % 9000 = 3")
    bench.cluster.sql("checkpoint")
    bench.ours("backup", "--type=incr")
    fresh = copied(bench, settings)
    table = bench.cluster.sql("select pg_relation_filepath('big')")
    changed = bench.label_dir(full) / f"pg_data/{table}.pgbi"
    expect((bench.label_dir() / f"pg_data/{table}.pgbi").exists(), "the table has blocks in both")
    data = bytearray(changed.read_bytes())
    for at in range(0, len(data) // 2, 4096):
        data[at + 100] ^= 0xFF
    changed.chmod(0o640)
    changed.write_bytes(data)
    (bench.label_dir(full) / "pg_data/odd names/three megabytes.pgbi").unlink()
    for number, words in enumerate(((), ("--no-fuse",))):
        home = bench.dir / f"r{number}"
        ended = bench.restore_run(OURS, home, "--type=none", *words)
        trees.compare_trees(home, fresh, f"restored with {words} against the undamaged repository")
        expect("from other repositories = 2" in ended.text, "both files come from repo2", ended)


@test("other copies: each repository has a passphrase of its own")
@hostile("stored files that are damaged or expand")
def two_passphrases(bench):
    one, two = "of repo1", "of repo2"
    fresh = with_copy(bench, repo1_cipher_type="aes-256-cbc", repo1_cipher_pass=one)
    for path in (bench.dir / "repo2").rglob("*.info*"):
        kind = ["openssl", "enc", "-aes-256-cbc", "-md", "sha1"]
        plain = run([*kind, "-d", "-pass", f"pass:{one}", "-in", path])
        path.chmod(0o640)
        run([*kind, "-pass", f"pass:{two}", "-out", path], stdin=plain.out)
    bench.configure(repo2_cipher_pass=two)
    equal(len(bench.ours("info", "--output=json").json()[0]["repo"]), 2, "repositories in info")
    stored_files(bench, 1)[0].unlink()
    bench.restore_run(OURS, bench.dir / "r1", "--type=none")
    trees.compare_trees(bench.dir / "r1", fresh, "with a file of repo2")
    bench.configure(repo2_cipher_pass="neither")
    bench.restore_run(OURS, bench.dir / "r2", "--type=none", codes=(55,))
    bench.restore_run(OURS, bench.dir / "r3", "--type=none", "--repo=2", codes=(95,))


@test("other copies: a directory of many files that is gone in repo1 comes from repo2")
def whole_directory(bench):
    fresh = with_copy(bench)
    shutil.rmtree(bench.label_dir() / "pg_data/base")
    home = bench.dir / "r"
    bench.restore_run(OURS, home, "--type=none")
    trees.compare_trees(home, fresh, "restored against the undamaged repository")


@test("other copies: a backup of another cluster, or another one of the same, is never mixed in")
def never_mixed(bench):
    fresh = with_copy(bench)
    # Another backup takes the label's place in repo2.
    label = bench.labels()[-1]
    manifest = bench.dir / "repo2/backup/demo" / label / "backup.manifest"
    manifest.unlink()
    manifest.with_suffix(".manifest.copy").unlink()
    stored_files(bench, 1)[0].unlink()
    bench.restore_run(OURS, bench.dir / "r", "--type=none", codes=(55,))
    expect(fresh.exists(), "the restore before")
