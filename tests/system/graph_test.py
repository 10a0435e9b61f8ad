# The graph of actors: fused or not, with a ring or with threads, it writes the same bytes.
# SPDX-License-Identifier: MIT
import json

import lab
import trees
from case import test
from lab import OURS, equal, expect

VARIANTS = {"fused": (), "unfused": ("--no-fuse",), "threads": ("--io-engine=threads",),
            "unfused threads": ("--no-fuse", "--io-engine=threads")}


def offline(bench, **settings):
    """The stopped template cluster: each backup of it reads the same bytes."""
    return bench.configure(process_max="1", **settings)


def stored_files(folder):
    """path below a label -> SHA-256, without the manifests: they hold times and the label."""
    return {str(path.relative_to(folder)): lab.sha256(path) for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.name.startswith("backup.manifest")}


def plain_files(folder):
    """name -> (SHA-1, size) of what the files hold, as the manifest has it."""
    text = (folder / "backup.manifest").read_text()
    section = text.split("[target:file]\n")[1].split("\n\n")[0]
    entries = {}
    for line in section.splitlines():
        name, _, members = line.rpartition("={")  # A name may hold "=".
        entry = json.loads("{" + members)
        entries[name] = entry.get("checksum"), entry["size"]
    return entries


def backup_into(bench, name, words):
    repo = bench.dir / f"repo {name}"
    at = f"--repo1-path={repo}"
    bench.ours("stanza-create", "--no-online", at)
    bench.ours("backup", "--no-online", "--type=full", at, *words)
    label = next(path for path in (repo / "backup" / lab.STANZA).glob("*F"))
    return repo, label


def same_bytes(bench, kind, bundled):
    offline(bench, compress_type=kind, repo1_bundle="y" if bundled else "n",
            repo1_bundle_size="1MiB", repo1_bundle_limit="512KiB")
    wanted = None
    for name, words in VARIANTS.items():
        repo, label = backup_into(bench, name, words)
        # ISA-L may write the same content in other words from one run to the next (ARCHITECTURE).
        found = plain_files(label) if kind == "gz" else stored_files(label)
        expect(len(found) > 5, "the backup stored files", found)
        wanted = wanted or found
        equal(sorted(found), sorted(wanted), f"stored paths, {name}")
        different = [path for path in found if found[path] != wanted[path]]
        expect(not different, f"{name} stores the same bytes as fused", different[:10])
        verify = bench.peer("verify", f"--repo1-path={repo}", "--output=text", "--verbose").text
        expect("status: valid" in verify, f"pgBackRest verifies what {name} wrote", verify)


for bundle in (False, True):
    for compression in lab.TYPES:
        layout = "bundles" if bundle else "files"
        what = "content" if compression == "gz" else "bytes"
        test(f"graph: every variant writes the same {what}: {compression}, {layout}", compression,
             bundle, short=compression == "lz4", slow=compression == "bz2")(same_bytes)


@test("graph: every variant restores the same files, also what others encrypted", short=True)
def same_restores(bench):
    bench.ready(compress_type="zst", repo1_bundle="y", repo1_cipher_type="aes-256-cbc",
                repo1_cipher_pass="x")
    bench.ours("backup", "--no-fuse")
    for number, words in enumerate(VARIANTS.values()):
        bench.restore(OURS, bench.dir / f"r{number}", "--type=none", *words)
        trees.compare_trees(bench.dir / "r0", bench.dir / f"r{number}", f"restore with {words}")
    bench.restore(lab.PEER, bench.dir / "peer", "--type=none")
    trees.compare_trees(bench.dir / "r0", bench.dir / "peer", "restore by pgBackRest",
                      ignored=trees.SIGNAL_FILES)


@test("graph: more workers write files with the same content")
def many_workers(bench):
    offline(bench, compress_type="zst")
    _, one = backup_into(bench, "one", ())
    _, four = backup_into(bench, "four", ("--process-max=4",))
    equal(stored_files(one), stored_files(four), "stored files with one and four workers")


@test("graph: --explain prints both graphs and does nothing else", short=True)
def explain(bench):
    bench.ready(compress_type="zst", repo1_cipher_type="aes-256-cbc", repo1_cipher_pass="x")
    bench.ours("backup")
    bench.cluster.wait_history_archived()
    before = trees.tree(bench.repo)
    target = bench.dir / "target"
    target.mkdir(mode=0o700)
    restore = ("restore", f"--pg1-path={target}", "--link-all",
               f"--tablespace-map-all={bench.dir / 'ts'}")
    for words, nodes in ((("backup",), ("read", "checksum", "compress", "encrypt", "write")),
                         (restore, ("decrypt", "decompress", "checksum"))):
        text = bench.ours(*words, "--explain").text
        for part in (*nodes, "logical graph", "compiled graph", "worker", "memory"):
            expect(part in text, f"the graph of {words[0]} shows '{part}'", text)
    fused, unfused = (bench.ours("backup", "--explain", *words).text for words in ((), ("--no-fuse",)))
    expect(fused != unfused, "the compiled graph differs with --no-fuse", fused)
    equal(trees.tree(bench.repo), before, "the repository after --explain")
    expect(not any(target.iterdir()), "the target of the restore stays empty")
    bench.ours(*restore, "--type=none")
    text = bench.ours(*restore, "--type=none", "--delta", "--explain").text
    expect(0 <= text.find("compare") < text.find("decompress"), "the comparison comes first", text)
