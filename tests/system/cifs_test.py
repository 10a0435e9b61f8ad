# Repositories on a mounted share: those of a directory, without links.
# SPDX-License-Identifier: MIT
import lab
from case import test
from interop import replayed, same_restores, valid_for
from lab import OURS, equal, expect
from later_peer import later_peer

CIFS = {"repo1_type": "cifs", "repo1_hardlink": "y", "compress_type": "lz4"}
CIPHER = {"repo1_cipher_type": "aes-256-cbc", "repo1_cipher_pass": lab.PASSPHRASE}


def links_in(bench):
    """Symbolic links, and files with more than one name."""
    return [str(path) for path in bench.repo.rglob("*")
            if path.is_symlink() or path.is_file() and path.stat().st_nlink > 1]


def shape(bench, label):
    """Names and kinds of all that is below a backup."""
    top = bench.label_dir(label)
    return {f"{path.relative_to(top)}{'/' if path.is_dir() else ''}" for path in top.rglob("*")}


@test("cifs: 2.60.0 reads and continues what we wrote, files", {})
@test("cifs: 2.60.0 reads and continues what we wrote, encrypted bundles",
      {"repo1_bundle": "y", "repo1_hardlink": None, **CIPHER}, slow=True)
def peer_reads_ours(bench, more):
    peer = later_peer("2.60.0")
    bench.ready(**{**CIFS, **more})
    bench.ours("check")
    bench.ours("backup")
    bench.cluster.sql("insert into small select i, 'after' from generate_series(2000, 2100) i")
    bench.ours("backup", "--type=incr")
    bench.cluster.switch_and_wait_archived()
    equal(links_in(bench), [], "links")
    valid_for(bench, peer, bench.completed_labels())
    same_restores(bench, peer, bench.completed_labels()[-1])
    bench.call(peer, "backup", "--type=incr")
    equal(len(bench.completed_labels()), 3, "backups of both")
    valid_for(bench, peer, bench.completed_labels())
    bench.cluster.switch_and_wait_archived()
    replayed(bench, OURS, "back")
    bench.ours("backup")
    bench.ours("expire", "--repo1-retention-full=1")
    equal(len(bench.labels()), 1, "backups after expire")


@test("cifs: we read and continue what 2.60.0 wrote")
def peer_writes(bench):
    peer = later_peer("2.60.0")
    bench.ready(program=peer, pusher=peer, **CIFS)
    bench.call(peer, "backup")
    bench.cluster.sql("insert into small select i, 'after' from generate_series(2000, 2100) i")
    bench.call(peer, "backup", "--type=diff")
    bench.cluster.switch_and_wait_archived()
    for label in bench.completed_labels():
        same_restores(bench, peer, label)
    bench.ours("backup", "--type=incr")
    equal(len(bench.completed_labels()), 3, "backups of both")
    equal(links_in(bench), [], "links")
    valid_for(bench, peer, bench.completed_labels())
    bench.cluster.switch_and_wait_archived()
    replayed(bench, peer, "back")


@test("cifs: the tree is that of 2.60.0, and hard links that are wished for are none")
def same_tree(bench):
    peer = later_peer("2.60.0")
    shapes = []
    for number, program in enumerate((OURS, peer)):
        bench.repo = bench.dir / f"repo of {number}"
        bench.configure(**{**CIFS, "repo1_path": bench.repo})
        bench.call(program, "stanza-create", "--no-online")
        bench.call(program, "backup", "--no-online")
        told = bench.call(program, "backup", "--no-online", "--type=incr", "--delta")
        equal(links_in(bench), [], "links")
        shapes.append([shape(bench, label) for label in bench.completed_labels()])
        equal(len(shapes[-1]), 2, "backups")
        expect("reference pg_data/odd names/three megabytes to" in told.text
               and "hardlink" not in told.text.replace("repo1-hardlink", ""), "references", told)
        for label in bench.completed_labels():
            text = (bench.label_dir(label) / "backup.manifest").read_text()
            expect("option-hardlink=true" in text, "the manifest tells what was wished for")
    full, incr = (ours ^ theirs for ours, theirs in zip(*shapes))
    equal(sorted(full), [], "what only one of us has in the full backup")
    # Directories of files that were compared are there before it is known that nothing goes there.
    equal([name for name in sorted(incr) if not name.endswith("/")], [], "files of the incr backup")


@test("cifs: options about links are refused as 2.60.0 does", cluster=False)
def options(bench):
    bench.configure(repo1_type="cifs")
    for word in ("--repo1-symlink", "--no-repo1-symlink"):
        told = [bench.call(program, "backup", f"--pg1-path={bench.dir}", word, codes=31).text.split("ERROR: ", 1)[1].strip()
                for program in (OURS, later_peer("2.60.0"))]
        equal(told[0], told[1], word)
