# repo-ls and repo-get, to the letter what pgBackRest 2.60.0 answers of the same repository.
# SPDX-License-Identifier: MIT
import hashlib
import re
import subprocess

import lab
from case import test
from hostile import hostile
from interop import labels
from lab import OURS, STANZA, equal, expect
from later_peer import later_peer
from object_server import Gateway, store
from other_host import over_ssh
from wal_files import make_wal, segment

CIPHER = {"repo1_cipher_type": "aes-256-cbc", "repo1_cipher_pass": lab.PASSPHRASE}


def said(bench, program, *words):
    """Exit status and output (of a long one its digest); of an error its code and words, without hints and times."""
    ended = bench.call(program, *words, "--log-level-console=warn", codes=None)
    errors = re.findall(rb"ERROR: (\[\d+\]: .*)", ended.out + ended.err)
    out = ended.out if len(ended.out) < 500 else (ended.out[:200], hashlib.sha1(ended.out).hexdigest())
    return ended.code, errors or out


def same(bench, *words):
    ours, theirs = (said(bench, program, *words) for program in (OURS, later_peer("2.60.0")))
    equal(ours, theirs, " ".join(map(str, words)))
    return ours


def same_lists(bench):
    label = labels(bench)[0]
    for path in ("backup", f"backup/{STANZA}", f"backup/{STANZA}/", f"backup/{STANZA}/{label}", "archive", "nothing",
                 f"backup/{STANZA}/backup.info"):
        for words in ((), ("--output=json",), ("--recurse",), ("--recurse", "--output=json"),
                      ("--recurse", "--sort=desc"), ("--recurse", "--sort=desc", "--output=json"),
                      ("--recurse", "--filter=info"), ("--filter=^[.]$", "--output=json"),
                      ("--recurse", "--output=json", "--filter=[.]info$|^[.]$"),
                      ("--output=json", "--filter=no such name")):
            same(bench, "repo-ls", *words, path)
    for words in ((), ("--output=json",), ("--recurse",), ("--recurse", "--output=json", "--filter=label")):
        same(bench, "repo-ls", *words)
    same(bench, f"--stanza={STANZA}", "repo-ls", "archive")


def same_files(bench, encrypted):
    label = labels(bench)[0]
    listed = bench.ours("repo-ls", "--recurse", "--filter=archive.*/0|/PG_VERSION|bundle/|info|manifest|history",
                        "--log-level-console=warn").out.decode().split()
    files = [one for one in listed if ("." in one or "bundle/" in one) and not one.endswith("backup.history")]
    for kind in ("backup.info.copy", "archive.info", f"{label}/backup.manifest", ".manifest.gz", ".00000028.backup"):
        expect(any(kind in one for one in files), f"there is a {kind}", files)
    for name in files:
        if encrypted and "bundle/" in name:  # pgBackRest says 95, too, after half a minute
            equal(said(bench, OURS, "repo-get", name)[0], 95, "a bundle of encrypted files")
            same(bench, "repo-get", "--raw", name)
        else:
            same(bench, "repo-get", name)
    same(bench, "repo-get", "--raw", files[0])
    for words in ((f"{files[0]}/",), ("backup/none/backup.info",), ("--ignore-missing", f"archive/{STANZA}/15-1/none"),
                  (f"archive/{STANZA}/15-1/none",), (), ("a", "b"), ("a//b",), (f"backup//{STANZA}/backup.info",)):
        same(bench, "repo-get", *words)


def prepare(bench, **settings):
    bench.ready(**settings)
    bench.ours("backup")
    bench.cluster.switch_and_wait_archived()


@test("repo-ls, repo-get: a directory, encrypted files", {"compress_type": "gz", **CIPHER})
@test("repo-ls, repo-get: a directory, bundles", {"repo1_bundle": "y", "compress_type": "zst"})
def directory(bench, settings):
    bench.cipher = ""
    prepare(bench, **settings)
    odd = bench.repo / "odd"
    for name in ("a/c", "a-b", 'with "quotes', "with\nline feed"):
        (odd / name).mkdir(parents=True)
    for name in ("a/x", "a/c/d", "a-b/y", "a.txt", "B", "ü", "with \\ and \ttab"):
        (odd / name).write_text(name)
    (odd / "dangling").symlink_to("nowhere")
    for words in (("--recurse",), ("--recurse", "--sort=desc"), ("--recurse", "--output=json"),
                  ("--recurse", "--sort=desc", "--output=json")):
        same(bench, "repo-ls", *words, "odd")
        same(bench, "repo-ls", *words, odd)
        same(bench, "repo-ls", *words, f"backup/{STANZA}/latest")
    same_lists(bench)
    same_files(bench, encrypted="repo1_cipher_type" in settings)
    same(bench, "repo-get", f"backup/{STANZA}/latest/backup.manifest")
    for words in (("repo-ls", "a", "b"), ("repo-ls", "--filter=("), ("repo-ls", "/"), ("repo-ls", "/tmp"),
                  ("repo-get", "/etc/passwd"), ("repo-get", "odd/B"), ("repo-get", "--raw", "odd/a.txt"),
                  ("repo-ls", f"./backup/{STANZA}"), ("repo-get", f"backup/{STANZA}/backup.history"),
                  ("--stanza=other", "repo-get", f"backup/{STANZA}/backup.info")):
        same(bench, *words)


@test("repo-ls, repo-get: a bucket, encrypted bundles")
def bucket(bench):
    there = store(bench, Gateway)
    bench.cipher = ""
    prepare(bench, **there.options(f"/named/{bench.dir.name}"), repo1_bundle="y", **CIPHER)
    same_lists(bench)
    same_files(bench, encrypted=True)


@test("repo-ls, repo-get: behind ssh, opened there or here")
def behind_ssh(bench):
    bench.cipher = ""
    prepare(bench, **CIPHER)
    bench.cluster.stop()
    made = f"backup/{STANZA}/{labels(bench)[0]}"
    names = [f"backup/{STANZA}/backup.info", f"archive/{STANZA}/archive.info", f"{made}/backup.manifest",
             f"{made}/pg_data/PG_VERSION.gz",
             *(str(path.relative_to(bench.repo)) for path in bench.repo.glob(f"archive/{STANZA}/15-1/*/*"))]
    near = [said(bench, OURS, "repo-get", name) for name in names]
    lists = [said(bench, OURS, "repo-ls", "--recurse", *words) for words in ((), ("--output=json",))]
    equal({code for code, _ in near + lists}, {0}, "exit codes")
    over_ssh(bench, "repo", {"repo1-path": bench.repo, "repo1-cipher-type": "aes-256-cbc",
                             "repo1-cipher-pass": lab.PASSPHRASE}, **CIPHER)
    for left_out in ("nothing", "repo1-cipher-"):
        bench.conf.write_text(re.sub(f"^{left_out}.*\n", "", bench.conf.read_text(), flags=re.M))
        equal([said(bench, OURS, "repo-get", name) for name in names], near, "files")
        equal([said(bench, OURS, "repo-ls", "--recurse", *words) for words in ((), ("--output=json",))], lists,
              "lists")
    ended = said(bench, OURS, "repo-get", "--raw", names[0])
    expect(ended[0] == 67 and b"the repository host opens it" in ended[1][0], "what is opened there", ended)


@test("repo-ls, repo-get: nothing outside of the repository is shown")
@hostile("names that leave their directory", 6)
@hostile("links that lead elsewhere", 4)
def outside(bench):
    prepare(bench)
    secret = bench.dir / "secret"
    secret.mkdir()
    (secret / "file").write_text("hidden words")
    (bench.repo / "link").symlink_to(secret)
    (bench.repo / "backup" / STANZA / "latest").unlink()
    (bench.repo / "backup" / STANZA / "latest").symlink_to(secret)
    for path in ("../secret", "backup/../../secret", f"{bench.repo}/../secret"):
        for words in (("repo-ls", path), ("repo-get", "--raw", f"{path}/file")):
            code, told = said(bench, OURS, *words)
            expect(code == 96 and b"leads out of" in told[0], "refused", told)
    for path in ("link", f"backup/{STANZA}/latest"):
        for words in (("repo-ls", "--recurse", path), ("repo-get", "--raw", f"{path}/file")):
            ended = bench.call(OURS, *words, codes=None)
            expect("hidden" not in ended.text and "file\n" not in ended.out.decode(), "not followed", ended)


@test("repo-get: a wrong passphrase, damage, and a reader who goes away")
def wrong(bench):
    bench.cipher = ""
    bench.configure(**CIPHER)
    bench.ours("stanza-create", "--no-online")
    make_wal(bench, segment(1))
    bench.ours("archive-push", f"pg_wal/{segment(1)}", "--compress-type=none", cwd=bench.cluster.data)
    name, = bench.repo.glob(f"archive/{STANZA}/15-1/*/{segment(1)}*")
    words = [str(word) for word in bench.argv(OURS, "repo-get", name)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={}) as call:
        equal(call.stdout.read(20)[:2], b"\x10\xd1", "the beginning of the segment")
        call.stdout.close()
        equal((call.stderr.read(), call.wait()), (b"", 0), "nobody reads on")
    name.write_bytes(name.read_bytes()[:-5])
    equal(bench.ours("repo-get", name, codes=None).code, 95, "damage")
    bench.configure(repo1_cipher_pass="another")
    told = bench.ours("repo-get", f"backup/{STANZA}/backup.info", codes=None)
    expect(told.code == 95, "a wrong passphrase", told)
