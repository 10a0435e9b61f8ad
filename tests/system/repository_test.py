# Damaged, hostile and foreign repositories.
# SPDX-License-Identifier: MIT
import json
import os
import re

import crafted
import lab
from case import test
from hostile import hostile
from lab import OURS, STANZA, equal, expect

DAMAGE_CODES = (26, 28, 29, 42, 95)


def ready_with_backup(bench, **settings):
    bench.ready(**settings)
    bench.ours("backup", "--type=full")
    bench.cluster.switch_and_wait_archived()
    return bench


def refused(ended, codes, *texts):
    expect(ended.code in codes, f"exit code in {codes}", ended)
    for text in texts:
        expect(text in ended.text, f"the message holds '{text}'", ended)
    expect(lab.printable(ended.out + ended.err), "the program prints text only", ended)
    return ended


def restore_refused(bench, codes, *texts, words=()):
    """A restore that must fail without a startable cluster and without leaving its target."""
    home = bench.dir / "refused"
    ended = bench.restore_run(OURS, home, *words, codes=None)
    refused(ended, codes, *texts)
    expect(not (home / "pg/global/pg_control").exists(), "no pg_control: nothing to start", ended)
    return ended


# Passphrases

@test("repository: a wrong passphrase is error 95, without binary in the output", short=True)
def wrong_passphrase(bench):
    ready_with_backup(bench, repo1_cipher_type="aes-256-cbc", repo1_cipher_pass="right")
    segment = bench.wal_files()[0].name[:24]
    # Half of the padding checks of AES-CBC are luck: try several.
    for number in range(6):
        bench.configure(repo1_cipher_pass=f"wrong {number}")
        refused(bench.ours("backup", codes=None), (95,), "passphrase")
        refused(bench.ours("check", codes=None), (95,), "passphrase")
        restore_refused(bench, (95,), "passphrase")
        refused(bench.ours("archive-get", segment, bench.dir / "x", codes=None), (95, 103),
                "passphrase")
        refused(bench.ours("info", "--output=json"), (0,), "passphrase")


@test("repository: encrypted, but configured as plain: said so, error 95 or 29")
def not_configured_as_encrypted(bench):
    ready_with_backup(bench, repo1_cipher_type="aes-256-cbc", repo1_cipher_pass="right")
    bench.configure(repo1_cipher_type=None, repo1_cipher_pass=None)
    refused(bench.ours("backup", codes=None), (29, 95), "encrypted")
    restore_refused(bench, (29, 95), "encrypted")


@test("repository: plain, but configured as encrypted: error 95 or 29")
def configured_as_encrypted(bench):
    ready_with_backup(bench)
    bench.configure(repo1_cipher_type="aes-256-cbc", repo1_cipher_pass="any")
    refused(bench.ours("backup", codes=None), (29, 95), "encrypted")


# Info files

def damage(path, how):
    data = path.read_bytes()
    if how == "truncated":
        path.write_bytes(data[:len(data) // 2])
    elif how == "flipped":
        middle = len(data) // 2
        path.write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1:])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "noise":
        path.write_bytes(os.urandom(len(data)))
    elif how == "missing":
        path.unlink()


@test("repository: a damaged info file is replaced by its copy, both damaged are an error")
def damaged_info(bench):
    ready_with_backup(bench)
    files = [bench.repo / "backup" / STANZA / "backup.info",
             bench.repo / "archive" / STANZA / "archive.info"]
    good = {file: file.read_bytes() for file in files}
    for how in ("truncated", "flipped", "empty", "noise", "missing"):
        for file in files:
            with hostile("manifests and info files"):
                copy = file.with_name(file.name + ".copy")
                damage(file, how)
                bench.ours("check")
                code = bench.ours("info", "--output=json").json()[0]["status"]["code"]
                equal(code, 0, f"status with {file.name} {how}")
            with hostile("manifests and info files"):
                damage(copy, how)
                ended = refused(bench.ours("backup", codes=None), DAMAGE_CODES + (55, 41),
                                file.name)
                if how == "missing":
                    equal(ended.code, 55, "exit code with both missing")
            file.write_bytes(good[file])
            copy.write_bytes(good[file])


@test("repository: a damaged manifest is replaced by its copy, both damaged are an error")
def damaged_manifest(bench):
    ready_with_backup(bench)
    path = bench.label_dir() / "backup.manifest"
    good = path.read_bytes()
    for how in ("truncated", "flipped", "empty", "noise"):
        with hostile("manifests and info files"):
            damage(path, how)
            bench.restore(OURS, bench.dir / f"copy-{how}", "--type=none")
        with hostile("manifests and info files"):
            damage(path.with_name(path.name + ".copy"), how)
            restore_refused(bench, DAMAGE_CODES, "backup.manifest")
        path.write_bytes(good)
        path.with_name(path.name + ".copy").write_bytes(good)


@test("repository: format 6 and unknown formats are refused with error 29")
def unknown_format(bench):
    ready_with_backup(bench)
    for number in ("4", "6", "99"):
        for file in ("backup/demo/backup.info", "archive/demo/archive.info"):
            path = bench.repo / file
            good = path.read_bytes()
            with hostile("manifests and info files"):
                crafted.rewrite_info(path, lambda text: text.replace(
                    "backrest-format=5", f"backrest-format={number}", 1))
                refused(bench.ours("backup", codes=None), (29,), number)
            path.write_bytes(good)
            path.with_name(path.name + ".copy").write_bytes(good)


@test("repository: info files of another version or system are error 51 or 28, nothing is written")
def foreign_info(bench):
    ready_with_backup(bench)
    labels = bench.labels()
    for what, change in (
            ("version", lambda text: text.replace('db-version="15"', 'db-version="14"').replace(
                '"db-version":"15"', '"db-version":"14"')),
            ("system", lambda text: re.sub(r'(system-id"?[=:])(\d+)', r"\g<1>1234567", re.sub(
                r'(="?\{"db-id":)(\d{9,})', r"\g<1>1234567", text)))):
        saved = {}
        for file in ("backup/demo/backup.info", "archive/demo/archive.info"):
            path = bench.repo / file
            saved[path] = path.read_bytes()
            crafted.rewrite_info(path, change)
        with hostile("manifests and info files"):
            refused(bench.ours("backup", codes=None), (51,))
            refused(bench.ours("stanza-create", codes=None), (28,))
            refused(bench.ours("check", codes=None), (28, 44, 51, 58))
            equal(bench.labels(), labels, f"labels after a refused backup, other {what}")
        for path, data in saved.items():
            path.write_bytes(data)
            path.with_name(path.name + ".copy").write_bytes(data)


# Hostile manifests

def craft(bench, change):
    path = bench.label_dir() / "backup.manifest"
    crafted.rewrite_info(path, change)


def sections(text):
    """name -> lines, in order; the checksum's second [backrest] gets a name of its own."""
    found, name = {}, None
    for line in text.splitlines():
        if line.startswith("[") and line.endswith("]"):
            name = line if line not in found else line + "2"
            found[name] = []
        elif line:
            found[name].append(line)
    return found


def with_entry(section, key, value):
    """A change that adds one line to a section and keeps the keys in order."""
    def change(text):
        parts = sections(text)
        parts.setdefault(f"[{section}]", []).append(f"{key}={value}")
        parts[f"[{section}]"].sort(key=lambda line: crafted.split_key(line)[0].encode())
        ends = parts.pop("[backrest]2")
        names = ["[backrest]"] + sorted(name for name in parts if name != "[backrest]")
        lines = []
        for name in names:
            lines += [name, *parts[name], ""]
        return "\n".join(lines + ["[backrest]", *ends]) + "\n"
    return change


EMPTY_FILE = '{"size":0,"timestamp":1700000000}'
HOSTILE = (
    ("file with ..", "target:file", "pg_data/../../escaped", EMPTY_FILE),
    ("file with .. in the middle", "target:file", "pg_data/base/../../../escaped", EMPTY_FILE),
    ("file as an absolute path", "target:file", "/tmp/pgbraid-escaped", EMPTY_FILE),
    ("file with an absolute rest", "target:file", "pg_data//tmp/pgbraid-escaped", EMPTY_FILE),
    ("file called ..", "target:file", "pg_data/..", EMPTY_FILE),
    ("path with ..", "target:path", "pg_data/../escaped", "{}"),
    ("path as an absolute path", "target:path", "/tmp/pgbraid-escaped", "{}"),
    ("link with ..", "target:link", "pg_data/../escaped", '{"destination":"/tmp"}'),
    ("file outside of every target", "target:file", "pg_other/escaped", EMPTY_FILE),
)


@hostile("names that leave their directory")
def hostile_entry(bench, section, key, value):
    ready_with_backup(bench)
    craft(bench, with_entry(section, key, value))
    restore_refused(bench, (25, 26, 28, 29, 32, 69, 70))
    stray = [str(path) for path in bench.dir.rglob("*escaped*")]
    stray += [path for path in ("/tmp/pgbraid-escaped",) if os.path.lexists(path)]
    expect(not stray, "nothing was written outside of the target", stray)


for title, section, key, value in HOSTILE:
    test(f"repository: hostile manifest: {title}", section, key, value)(hostile_entry)


@test("repository: hostile manifest: a file below a link that leaves the target")
@hostile("links that lead elsewhere", 2)
def through_link(bench):
    ready_with_backup(bench)
    outside = bench.dir / "outside"
    outside.mkdir(mode=0o700)
    def change(text):
        text = with_entry("target:link", "pg_data/door", f'{{"destination":"{outside}"}}')(text)
        text = with_entry("target:file", "pg_data/door/escaped", EMPTY_FILE)(text)
        return text
    craft(bench, change)
    bench.restore_run(OURS, bench.dir / "refused", codes=None)
    expect(not any(outside.iterdir()), "nothing was written behind the link")
    bench.restore_run(OURS, bench.dir / "refused2", codes=None, links=False)
    expect(not any(outside.iterdir()), "nothing was written behind the link, without --link-all")


@test("repository: hostile manifest: a link planted in the target of a delta restore")
@hostile("links that lead elsewhere")
def planted_link(bench):
    ready_with_backup(bench)
    outside = bench.dir / "outside"
    outside.mkdir(mode=0o700)
    home = bench.dir / "delta"
    bench.restore(OURS, home, "--type=none")
    victim = home / "pg/odd names"
    victim.rename(bench.dir / "aside")
    victim.symlink_to(outside)
    bench.restore_run(OURS, home, "--type=none", "--delta", codes=None)
    expect(not any(outside.iterdir()), "nothing was written through the planted link")


@test("repository: hostile manifest: absurd sizes, offsets and nesting end in an ordinary error")
def absurd_numbers(bench):
    ready_with_backup(bench, repo1_bundle="y", repo1_bundle_limit="512KiB")
    original = (bench.label_dir() / "backup.manifest").read_text()
    line = next(row for row in original.splitlines() if row.startswith("pg_data/PG_VERSION="))
    key, value = crafted.split_key(line)
    member = json.loads(value)
    changes = [dict(member, **extra) for extra in (
        {"bno": 1 << 62}, {"bni": 1 << 62}, {"size": (1 << 63) - 1}, {"repo-size": (1 << 63) - 1},
        {"bno": (1 << 64) - 1, "repo-size": 2}, {"size": 18446744073709551615})]
    texts = [json.dumps(entry, separators=(",", ":"), sort_keys=True) for entry in changes]
    texts += ["{" * 50000, '{"size":1e9,"timestamp":1}', '{"size":-1,"timestamp":1}', "{}", "[]"]
    for text in texts:
        path = bench.label_dir() / "backup.manifest"
        changed = original.replace(line, f"{key}={text}")
        try:
            checksum = crafted.info_checksum(changed)
        except (ValueError, RecursionError):
            checksum = "0" * 40
        changed = re.sub('backrest-checksum="[0-9a-f]+"', f'backrest-checksum="{checksum}"', changed)
        path.write_text(changed)
        path.with_name("backup.manifest.copy").write_text(changed)
        with hostile("manifests and info files"):
            ended = bench.restore_run(OURS, bench.dir / "refused", "--type=none", codes=None)
            expect(0 < ended.code < 124, f"an ordinary error with {text[:60]}", ended)
        lab.run(["rm", "-rf", bench.dir / "refused"])


# Links that somebody made in the repository, by a client or by hand

PLANTED = (("backup/demo/20200101-000000F", "../theirs/20200101-000000F"),
           ("backup/demo/20200101-000000F_20200102-000000I", "/{}/backup/theirs"),
           ("backup/demo/latest", "../theirs/20200101-000000F"),
           ("backup/demo/backup.history/2020", "../../theirs/20200101-000000F"),
           ("archive/demo/14-1", "../theirs"),
           ("archive/demo/15-1/00000001FFFFFFFF", "../../../backup/theirs"))


def content_below(path):
    return {str(one): one.read_bytes() for one in path.rglob("*") if one.is_file()}


@test("repository: links in it lead no command to another stanza", slow=True)
def planted_in_repository(bench):
    ready_with_backup(bench, repo1_retention_full="1")
    theirs = [bench.repo / "backup/theirs", bench.repo / "archive/theirs"]
    lab.run(["cp", "-a", bench.repo / "archive" / STANZA, theirs[1]])
    theirs[0].mkdir()
    lab.run(["cp", "-a", bench.label_dir(), theirs[0] / "20200101-000000F"])
    (theirs[0] / "20200101-000000F/backup.manifest").unlink()  # What expire takes for leftovers.
    keep = [content_below(path) for path in theirs]
    for path, destination in PLANTED:
        for command in ("info", "expire", "backup"):
            link = bench.repo / path
            link.unlink(missing_ok=True)
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(destination.format(str(bench.repo).lstrip("/")))
            with hostile("links that lead elsewhere"):
                ended = bench.ours(command, codes=None)
                expect(ended.code < 124, f"an ordinary end of {command} with {path}", ended)
                equal([content_below(path) for path in theirs], keep, f"theirs after {command}")
        link.unlink(missing_ok=True)
    bench.ours("backup")
    bench.start_restored(bench.restore(OURS, bench.dir / "r", "--archive-mode=off"))


# Data files and WAL

def spoil(path, how):
    path.chmod(0o640)
    damage(path, how)


@test("repository: damaged data files stop the restore, pg_control stays away")
def damaged_files(bench):
    for kind in lab.TYPES:
        for encrypted in (False, True):
            bench.configure(compress_type=kind, repo1_path=bench.dir / f"repo-{kind}-{encrypted}",
                            repo1_cipher_type="aes-256-cbc" if encrypted else None,
                            repo1_cipher_pass="x" if encrypted else None)
            bench.repo = bench.settings["repo1-path"]
            if not bench.cluster.running():
                bench.start()
            bench.ours("stanza-create")
            bench.ours("backup")
            stored = bench.label_dir() / ("pg_data/odd names/three megabytes" + lab.EXTENSION[kind])
            good = stored.read_bytes()
            for how in ("truncated", "flipped", "empty", "noise", "missing"):
                with hostile("stored files that are damaged or expand"):
                    spoil(stored, how)
                    restore_refused(bench, DAMAGE_CODES + (55,), "three megabytes")
                stored.write_bytes(good)
                lab.run(["rm", "-rf", bench.dir / "refused"])


@test("repository: damaged bundles stop the restore")
def damaged_bundle(bench):
    ready_with_backup(bench, compress_type="zst", repo1_bundle="y", repo1_bundle_size="1MiB")
    for how in ("truncated", "noise", "missing"):
        stored = sorted((bench.label_dir() / "bundle").iterdir())[0]
        good = stored.read_bytes()
        with hostile("stored files that are damaged or expand"):
            spoil(stored, how)
            restore_refused(bench, DAMAGE_CODES + (55,))
        stored.write_bytes(good)
        lab.run(["rm", "-rf", bench.dir / "refused"])


@test("repository: damaged WAL is refused by archive-get, the destination stays away")
def damaged_wal(bench):
    for kind in lab.TYPES:
        for encrypted in (False, True):
            bench.configure(compress_type=kind, repo1_path=bench.dir / f"repo-{kind}-{encrypted}",
                            repo1_cipher_type="aes-256-cbc" if encrypted else None,
                            repo1_cipher_pass="x" if encrypted else None)
            bench.repo = bench.settings["repo1-path"]
            if not bench.cluster.running():
                bench.start()
            bench.ours("stanza-create")
            bench.cluster.sql("select pg_switch_wal()")
            bench.cluster.sql("insert into small values (1000000 + random() * 1000000, 'x')")
            bench.cluster.switch_and_wait_archived()
            stored = bench.wal_files()[-1]
            good = stored.read_bytes()
            for how in ("truncated", "flipped", "empty", "noise"):
                with hostile("WAL segments"):
                    spoil(stored, how)
                    target = bench.dir / "segment"
                    refused(bench.ours("archive-get", stored.name[:24], target, codes=None),
                            DAMAGE_CODES)
                    expect(not target.exists(), f"no segment of {kind} {how} WAL is delivered")
                stored.write_bytes(good)


@test("repository: WAL that decodes to other bytes than its name says is refused")
def wal_with_other_content(bench):
    ready_with_backup(bench, compress_type="none")
    first, second = bench.wal_files()[:2]
    first.write_bytes(second.read_bytes())
    target = bench.dir / "segment"
    with hostile("WAL segments"):
        refused(bench.ours("archive-get", first.name[:24], target, codes=None), (26, 42))
        expect(not target.exists(), "the wrong segment is not delivered")
    bench.peer("archive-get", first.name[:24], target)
    expect(target.exists(), "pgBackRest delivers it: the difference is on purpose")


@test("repository: an unfinished backup is invisible to info and swept by the next backup")
def unfinished_backup(bench):
    ready_with_backup(bench)
    label = bench.labels()[-1]
    fake = bench.repo / "backup" / STANZA / "20990101-000000F"
    lab.run(["cp", "-a", bench.label_dir(label), fake])
    (fake / "backup.manifest").unlink()
    listed = [entry["label"] for entry in bench.ours("info", "--output=json").json()[0]["backup"]]
    equal(listed, [label], "labels in info")
    lab.run(["rm", "-rf", fake])
    bench.ours("backup")


@test("repository: backup.info that lost or invented a label is mended by the next backup")
def reconciliation(bench):
    ready_with_backup(bench)
    first = bench.labels()[-1]
    bench.ours("backup")
    second = bench.labels()[-1]
    crafted.rewrite_info(bench.repo / "backup" / STANZA / "backup.info", lambda text: "".join(
        line for line in text.splitlines(True) if not line.startswith(first + "=")))
    lab.run(["rm", "-rf", bench.label_dir(second)])
    ended = bench.ours("backup")
    expect(first in ended.text and second in ended.text, "warnings name both labels", ended)
    for call in (bench.ours, bench.peer):
        listed = [entry["label"] for entry in call("info", "--output=json").json()[0]["backup"]]
        expect(first in listed and second not in listed and len(listed) == 2, "info", listed)


@test("repository: a directory without permission is error 41 or 47, archive-push fails too")
def no_permission(bench):
    ready_with_backup(bench)
    folder = bench.repo / "backup" / STANZA
    folder.chmod(0o500)
    try:
        refused(bench.ours("backup", codes=None), (41, 47, 64))
    finally:
        folder.chmod(0o750)
    bench.cluster.sql("insert into small values (77777, 'in a segment that is not archived yet')")
    segment = bench.cluster.data / "pg_wal" / bench.cluster.sql(
        "select pg_walfile_name(pg_current_wal_lsn())")
    ids = bench.repo / "archive" / STANZA / "15-1"
    mode = ids.stat().st_mode
    for path in (ids, *ids.iterdir()):
        path.chmod(0o500)
    try:
        refused(bench.ours("archive-push", segment, codes=None), (41, 47, 64, 104))
    finally:
        for path in (ids, *ids.iterdir()):
            path.chmod(mode)
    bench.ours("backup")


@test("repository: expire keeps what retention says; pgBackRest agrees")
def expire_by_count(bench):
    ready_with_backup(bench, repo1_retention_full="2")
    for _ in range(3):
        bench.ours("backup")
    listed = bench.ours("info", "--output=json").json()[0]
    equal(len(listed["backup"]), 2, "backups after four with retention 2")
    equal(bench.completed_labels(), [entry["label"] for entry in listed["backup"]], "labels on disk")
    oldest = listed["backup"][0]["archive"]["start"]
    equal(bench.wal_files()[0].name[:24], oldest, "the oldest WAL that is kept")
    bench.peer("verify", "--output=text", "--verbose")
    bench.peer("expire")
    equal([e["label"] for e in bench.peer("info", "--output=json").json()[0]["backup"]],
          bench.completed_labels(), "pgBackRest finds nothing more to expire")
    bench.start_restored(bench.restore(OURS, bench.dir / "r", f"--set={bench.completed_labels()[0]}",
                                       "--archive-mode=off"))
