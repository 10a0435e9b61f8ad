# verify: what pgBackRest 2.60.0 finds in a repository, we find, and what it passes over, too.
# SPDX-License-Identifier: MIT
import gzip
import hashlib
import re
import shutil

import lab
from case import test
from crafted import rewrite_info
from golden import unpack
from hostile import hostile
from interop import labels
from lab import OURS, STANZA, equal, expect
from later_peer import later_peer
from object_server import Gateway, store
from other_host import over_ssh

CIPHER = {"repo1_cipher_type": "aes-256-cbc", "repo1_cipher_pass": lab.PASSPHRASE}
# What both say of single files and backups. What is said of broken bytes differs, and ours names members of bundles.
TOLD = re.compile(rb"P\d+ +(?:INFO|WARN): "
                  rb"(file missing '[^']+'|invalid (?:checksum|size) '[^']+'|invalid result [^ :]+|duplicate WAL .+"
                  rb"|archiveIds .+|backup '[^']+' (?:found in|appears to).+)")
RANGE = re.compile(rb"DETAIL: (archiveId: .+)")


def said(bench, program, *words):
    """The sum, and the lines about single files, in no order: several workers find them."""
    ended = bench.call(program, "verify", "--output=text", *words, "--log-level-console=detail", "--log-timestamp",
                       codes=None)
    text = ended.out[ended.out.find(b"\nstanza: ") + 1:] if b"\nstanza: " in ended.out else b""
    text = re.sub(rb"\n\d{4}-.*", b"\n", text, flags=re.S)
    told = sorted(line.strip() for line in TOLD.findall(ended.out + ended.err))
    return ended.code, text, told, RANGE.findall(ended.out)


def same(bench, *words, forms=(("--verbose",), ())):
    """Both say the same, with all that is well and without. @return  the sum"""
    text = b""
    for more in forms:
        ours, theirs = (said(bench, program, *words, *more) for program in (OURS, later_peer("2.60.0")))
        equal(ours, theirs, "verify " + " ".join((*words, *more)))
        text = ours[1] if more else text
    return text.decode()


def same_slowly(bench):
    """What pgBackRest cannot read at all takes it a quarter of a minute."""
    return same(bench, forms=(("--verbose",),))


def stricter(bench, *words):
    """As `same`, for what we tell and pgBackRest does not: only the lines of ours that it has not are returned."""
    ours, theirs = (said(bench, program, "--verbose", *words) for program in (OURS, later_peer("2.60.0")))
    mine, its = (one[1].decode().replace("status: error", "status: ok").splitlines() for one in (ours, theirs))
    equal([line for line in mine if line in its], its, "what pgBackRest says")
    return [line.strip() for line in mine if line not in its]


def of(bench, *names):
    return bench.repo.joinpath("backup", STANZA, *names)


def wal(bench, digits):
    """The file of a segment in the first archive."""
    return next((bench.repo / "archive" / STANZA).glob(f"*/*/*{digits}-*"))


def damaged(bench, letter):
    """Damages a golden set anew each time."""
    def fresh():
        shutil.rmtree(bench.repo, ignore_errors=True)
        bench.settings = {}
        unpack(bench, letter)
        # Several workers of pgBackRest take what one of them still reads for sound, or read it once more.
        bench.conf.write_text(bench.conf.read_text().replace("process-max=2", "process-max=1"))
    fresh()
    return fresh


@test("verify: golden sets as they are", "abcdefghijk")
def whole_sets(bench, letters):
    for letter in letters:
        damaged(bench, letter)
        text = same(bench)
        expect("status: ok" in text and "invalid" not in re.sub("(checksum|size) invalid: 0", "", text),
               f"set {letter} is whole", text)
        for label in bench.labels():
            if letter != "e":  # pgBackRest counts WAL of the same name of other clusters, too
                same(bench, f"--set={label}")


@test("verify: damaged files of backups")
@hostile("stored files that are damaged or expand", 7)
def damaged_files(bench):
    fresh = damaged(bench, "a")
    full, _, incr = bench.labels()
    file, empty = (of(bench, full, "pg_data", name) for name in ("PG_VERSION.gz", "global/2964.gz"))

    def grow():
        file.write_bytes(file.read_bytes() + b"x")

    def change():
        file.write_bytes(file.read_bytes()[:-3] + b"xyz")
    file.chmod(0)
    equal(same_slowly(bench).count("status: invalid"), 3, "backups that need the file")
    fresh()
    for harm in (file.unlink, grow, change, lambda: file.write_bytes(file.read_bytes()[:-2]),
                 lambda: file.write_bytes(b""), empty.unlink):
        harm()
        text = same(bench)
        equal(text.count("status: invalid"), 3, "backups that need the file")
        if harm != empty.unlink:  # whether an empty file of a backup that is not verified was stored, is not known
            same(bench, f"--set={incr}")
        fresh()
    of(bench, incr, "pg_data/backup_label.gz").unlink()
    grown = next(of(bench, incr, "pg_data/base/5").glob("*.gz"))
    grown.write_bytes(grown.read_bytes() + b"x")
    equal(same(bench).count("status: invalid"), 1, "backups that need the files")


@test("verify: damaged files where their stored checksum is not known, and plain ones")
@hostile("stored files that are damaged or expand", 4)
def unpacked_files(bench):
    fresh = damaged(bench, "f")
    full = bench.labels()[0]
    cut = of(bench, full, "pg_data/PG_VERSION.gz")
    cut.write_bytes(cut.read_bytes()[:-2])
    equal(same_slowly(bench).count("status: invalid"), 3, "backups that need the file")
    fresh()
    for harm in (lambda file, other: file.write_bytes(other.read_bytes()), lambda file, other: file.unlink()):
        harm(of(bench, full, "pg_data/PG_VERSION.gz"), of(bench, full, "pg_data/pg_ident.conf.gz"))
        equal(same(bench).count("status: invalid"), 3, "backups that need the file")
        fresh()
    damaged(bench, "i")
    of(bench, bench.labels()[0], "pg_data/PG_VERSION").write_text("166")
    same(bench)


@test("verify: damaged bundles, and blocks that others need")
@hostile("stored files that are damaged or expand", 4)
def damaged_bundles(bench):
    fresh = damaged(bench, "h")
    full = bench.labels()[0]
    bundle = of(bench, full, "bundle/1")
    for harm in (bundle.unlink, lambda: bundle.write_bytes(bundle.read_bytes()[:30000]),
                 lambda: bundle.write_bytes(bundle.read_bytes()[:20000] + b"xxx" + bundle.read_bytes()[20003:])):
        harm()
        same(bench, f"--set={full}")
        # pgBackRest forgets what it found wrong in a bundle when it comes to backups that refer to it.
        text = said(bench, OURS, "--verbose")[1].decode()
        equal(text.count("status: invalid"), len(bench.labels()), "backups that need the bundle")
        fresh()
    damaged(bench, "b")
    full, *others = bench.labels()
    of(bench, full, "bundle/1").unlink()
    for words in ((), (f"--set={others[-1]}",)):  # blocks of a set are those of all it refers to
        text = said(bench, OURS, *words)[1].decode()
        equal(text.count(f"may need blocks of: {full}"), len(others), "backups in doubt")


@test("verify: damaged WAL")
@hostile("WAL segments", 7)
def damaged_wal(bench):
    fresh = damaged(bench, "a")

    def garbage(file):
        file.write_bytes(hashlib.sha512(b"x").digest() * 50)

    def swap(file):
        file.write_bytes(wal(bench, "0C").read_bytes())

    def shorten(file):
        file.unlink()
        file.with_name(f"{file.name[:24]}-{hashlib.sha1(b'abc').hexdigest()}.gz").write_bytes(gzip.compress(b"abc"))

    def double(file):
        for digit in "01":
            shutil.copy(file, file.with_name(f"{file.name[:24]}-{digit * 40}.gz"))

    def link(file):
        file.with_name("000000010000000000000020-" + "0" * 40 + ".gz").symlink_to("/etc/passwd")

    def strangers(file):
        file.with_name("junk").write_text("x")
        file.with_name(file.name.replace("-", ".partial-")).write_text("x")
        file.parent.with_name("junk").mkdir()
        (bench.repo / "archive" / STANZA / "junk").mkdir()
    garbage(wal(bench, "0A"))
    same_slowly(bench)
    fresh()
    link(wal(bench, "0A"))
    text = said(bench, OURS, "--verbose")[1]
    expect(b"total WAL checked: 8, total valid WAL: 7" in text and b"other: 1" in text, "no link is followed", text)
    fresh()
    for harm in (swap, shorten, double, strangers):
        # Of a segment that no backup needs: the first one is where pgBackRest learns how large they are.
        harm(wal(bench, "0A"))
        same(bench)
        fresh()
    # pgBackRest ends with an error at the first segment: what the others are like is not said.
    garbage(wal(bench, "08"))
    code, text, told, _ = said(bench, OURS)
    expect(code == 0 and b"total WAL checked: 7, total valid WAL: 6" in text and len(told) == 1, "the first one", text)


@test("verify: archives and backups that are missing, strange or in progress")
@hostile("manifests and info files", 9)
def odd_lists(bench):
    fresh = damaged(bench, "a")
    full, _, incr = bench.labels()
    archive = bench.repo / "archive" / STANZA

    def strange_archives():
        (archive / "16-9").mkdir()
        (archive / "9.6-11").mkdir()

    def spoil(*names):
        for name in names:
            path = of(bench, full, name)
            path.write_text(path.read_text() + "x\n")
    for harm in ((archive / "16-9").mkdir, lambda: of(bench, full, "backup.manifest").unlink(),
                 lambda: [of(bench, full, name).unlink() for name in ("backup.manifest", "backup.manifest.copy")],
                 lambda: spoil("backup.manifest"), lambda: spoil("backup.manifest", "backup.manifest.copy"),
                 lambda: shutil.rmtree(of(bench, incr)), of(bench, "20261121-231359F").mkdir,
                 lambda: [of(bench, label).mkdir() for label in ("20261121-231359F", "20261121-231459F")],
                 lambda: shutil.copytree(of(bench, full), of(bench, "junk")),
                 lambda: [shutil.rmtree(of(bench, label)) for label in bench.labels()],
                 of(bench, "backup.info").unlink,
                 lambda: [path.unlink() for path in of(bench).glob("backup.info*")],
                 lambda: [path.chmod(0) for path in of(bench).glob("backup.info*")],
                 lambda: [path.unlink() for path in archive.glob("archive.info*")],
                 lambda: shutil.rmtree(bench.repo / "backup")):
        harm()
        same(bench)
        fresh()
    strange_archives()
    equal(stricter(bench), [], "what only we say")
    fresh()
    for label in ("20261121-231250X", "20261121-231259F", "latest", "../x"):
        same(bench, f"--set={label}")
    of(bench, "20261121-231359F").mkdir()
    same(bench, "--set=20261121-231359F")


@test("verify: WAL that a backup needs and that is missing or damaged")
def lacking_wal(bench):
    fresh = damaged(bench, "a")
    wal(bench, "09").unlink()
    equal(stricter(bench), ["WAL missing or invalid: 1"], "what only we say")
    fresh()
    shutil.rmtree(bench.repo / "archive" / STANZA / "15-1")
    equal(stricter(bench), ["WAL missing or invalid: 1"] * 3, "what only we say")
    fresh()
    shutil.copy(wal(bench, "0A"), wal(bench, "0D"))
    equal(stricter(bench), ["WAL missing or invalid: 1"], "what only we say")
    damaged(bench, "d")  # these backups have their WAL themselves
    shutil.rmtree(bench.repo / "archive" / STANZA / "15-1")
    equal(stricter(bench), [], "what only we say")


@test("verify: how it ends, and JSON")
def how_it_ends(bench):
    damaged(bench, "b")
    full = bench.labels()[0]
    answer = bench.ours("verify", "--output=json", "--log-level-console=off").json()
    equal((answer["status"], answer["stanza"], len(answer["backup"])), ("ok", STANZA, len(bench.labels())), "JSON")
    of(bench, full, "backup.manifest").write_text("x")
    of(bench, full, "backup.manifest.copy").write_text("x")
    answer = bench.ours("verify", "--output=json", "--log-level-console=off").json()
    equal((answer["status"], [one["status"] for one in answer["backup"]]),
          ("error", ["invalid", "valid", "valid", "valid"]), "JSON")
    equal({tuple(one["needs-blocks-of"]) for one in answer["backup"][1:]}, {(full,)}, "JSON")
    told = bench.ours("verify", "--log-level-console=warn")
    expect("damaged or incomplete" in told.text, "a WARN where only warnings are shown", told)
    ended = bench.ours("verify", "--verify-damage=fail", codes=26)
    expect("ERROR: [026]" in ended.text, "an error that was asked for", ended)
    bench.conf.write_text(re.sub("^repo1-cipher-pass=.*$", "repo1-cipher-pass=wrong", bench.conf.read_text(), flags=re.M))
    bench.ours("verify", codes=95)


@test("verify: a cluster's own repository, by several workers, unfused and behind ssh", {})
@test("verify: a cluster's own repository, encrypted, in bundles and blocks",
      {"repo1_bundle": "y", "repo1_block": "y", "compress_type": "zst", **CIPHER})
def own_repository(bench, settings):
    bench.cipher = ""
    bench.ready(**settings)
    same(bench)
    for kind in ("full", "diff", "incr"):
        bench.ours("backup", f"--type={kind}")
        bench.cluster.sql("create table if not exists t (n int); insert into t select generate_series(1, 20000)")
    bench.cluster.switch_and_wait_archived()
    bench.cluster.stop()
    whole = same(bench)
    for words in (("--process-max=1",), ("--process-max=4",), ("--no-fuse",)):
        equal(said(bench, OURS, "--verbose", *words)[1].decode(), whole, " ".join(words))
    over_ssh(bench, "repo", {"repo1-path": bench.repo, **{name.replace("_", "-"): value for name, value in settings.items()
                                                        if "cipher" in name}}, **settings)
    equal(said(bench, OURS, "--verbose")[1].decode(), whole, "behind ssh")


@test("verify: a bucket, encrypted bundles")
def bucket(bench):
    there = store(bench, Gateway)
    bench.cipher = ""
    bench.ready(**there.options(f"/named/{bench.dir.name}"), repo1_bundle="y", compress_type="lz4", **CIPHER)
    for kind in ("full", "incr"):
        bench.ours("backup", f"--type={kind}")
    bench.cluster.switch_and_wait_archived()
    expect("status: ok" in same(bench), "all is well")
    expect(len(labels(bench)) == 2, "backups", labels(bench))


@test("verify: archive.info and backup.info of different clusters")
def other_histories(bench):
    damaged(bench, "a")
    rewrite_info(bench.repo / "archive" / STANZA / "archive.info",
                 lambda text: text.replace("7710766669200556640", "7710766669200556641"))
    code, text, *_ = said(bench, OURS)
    expect(code == 0 and b"status: error" in text and b"different clusters" in text, "told", text)
