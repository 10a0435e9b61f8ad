# Chains of backups in blocks, made by pgbraid and pgBackRest 2.60.0 in turns.
# SPDX-License-Identifier: MIT
import re

import lab
import trees
from case import test
from lab import OURS, equal, expect
from later_peer import later_peer
from other_host import over_ssh, over_tls

LATER = "2.60.0"
# Who makes full, diff, incr, incr.
CHAINS = {"ours alone": "oooo", "ours, then its": "otot", "its, then ours": "toot", "its alone": "tttt"}
# The same with the cluster behind ssh (r): ours from elsewhere, ours on its host, its on its host.
ELSEWHERE = {"from elsewhere alone": "rrrr", "from elsewhere and its": "rtrt",
             "its, then from elsewhere and here": "troo", "here, then from elsewhere": "orrt"}


def settings(kind, encrypted):
    chosen = {"compress_type": kind, "repo1_bundle": "y", "repo1_block": "y",
              # Most files in bundles, a few in a file of their own.
              "repo1_bundle_limit": "256KiB", "repo1_bundle_size": "1MiB"}
    if encrypted:
        chosen.update(repo1_cipher_type="aes-256-cbc", repo1_cipher_pass=lab.PASSPHRASE)
    return chosen


def change(cluster, number):
    """Some blocks of large and small tables, a table that grows, one that is cut."""
    cluster.sql(f"update big set t = 'changed {number}' where id % 9000 = {number}")
    cluster.sql(f"insert into small select i, 'row' from generate_series({1000 * number}, "
                f"{1000 * number + 300}) i")
    cluster.sql(f"update far set t = t || '{number}' where id = {number * 100}")
    cluster.sql(f"create table new_{number} as select i from generate_series(1, 20000) i")
    cluster.sql(f"delete from cut where id > {4000 - number * 900}")
    cluster.sql("vacuum cut")
    cluster.sql("checkpoint")


def verify(bench, program):
    text = bench.call(program, "verify", "--output=text", "--verbose").text
    for pattern in (r"(missing|checksum invalid|size invalid|other): [1-9]", r"status: (?!ok|valid)"):
        expect(not re.search(pattern, text), f"verify reports '{pattern}'", text)
    expect(re.search(r"total valid files: [1-9]", text), "verify saw files", text)


def restores(bench, program, label, wanted, number):
    """Both restore the same tree, and ours starts with the right data."""
    homes = []
    for name, by in (("ours", OURS), ("later", program)):
        home = bench.dir / f"{name}-{number}"
        homes.append(bench.restore(by, home, f"--set={label}", "--archive-mode=off",
                                   "--type=immediate", "--target-action=promote"))
    trees.compare_trees(homes[0].home, homes[1].home, f"restores of {label}")
    bench.start_restored(homes[0])
    equal(homes[0].fingerprint(), wanted, f"data of {label}")
    homes[0].stop("immediate")


def chain(bench, who, kind, encrypted, behind=None):
    later = later_peer(LATER)
    bench.configure(**settings(kind, encrypted))
    cluster = bench.start(OURS)
    bench.ours("stanza-create")
    confs = {"r": elsewhere(bench, behind, settings(kind, encrypted))} if behind else {}
    cluster.sql("create table cut as select i as id, md5(i::text) t from generate_series(1, 4000) i")
    wanted = {}
    for number, (maker, type_) in enumerate(zip(who, ("full", "diff", "incr", "incr"))):
        if number > 0:
            change(cluster, number)
        program = later if maker == "t" else OURS
        here, bench.conf = bench.conf, confs.get(maker, bench.conf)
        bench.call(program, "backup", f"--type={type_}")
        bench.conf = here
        label = bench.completed_labels()[-1]
        cluster.switch_and_wait_archived()
        wanted[label] = cluster.fingerprint()
        expect(list(bench.label_dir(label).rglob("*.pgbi")) or number > 0, "files in blocks of their own")
        if not encrypted:
            text = (bench.label_dir(label) / "backup.manifest").read_text()
            expect('"bim":' in text and "backup-block-incr=true" in text, "the manifest has maps")
            expect(number == 0 or re.search(r'"bim":\d+[^\n]*"reference":', text) or who == "tttt",
                   "unchanged files refer to blocks", text[:3000])
    verify(bench, later)
    for number, (label, data) in enumerate(wanted.items()):
        restores(bench, later, label, data, number)


for title, who in CHAINS.items():
    for kind, encrypted in (("zst", True), ("gz", False), ("lz4", True), ("none", False), ("bz2", True)):
        if who == "tttt" and kind != "zst":
            continue
        # A few in every run, all of them with --all.
        often = (kind, who) in (("zst", "otot"), ("lz4", "toot"))
        test(f"blocks: a chain of backups: {title}: {kind}, {'aes-256-cbc' if encrypted else 'plain'}",
             who, kind, encrypted, short=(kind, who) == ("zst", "otot"), slow=not often)(chain)


def elsewhere(bench, behind, wanted):
    """A configuration for which the cluster is another host's; that of the bench stays."""
    here = bench.conf
    bench.conf = bench.dir / "elsewhere.conf"
    there = {"repo1-path": bench.repo, "spool-path": bench.dir / "spool"}
    there |= {k.replace("_", "-"): v for k, v in wanted.items() if "cipher" in k}
    behind(bench, "pg", there, **wanted)
    found, bench.conf = bench.conf, here
    return found


for title, who in ELSEWHERE.items():
    for kind, encrypted, behind in (("zst", True, over_ssh), ("none", False, over_ssh),
                                    ("lz4", False, over_tls), ("gz", True, over_tls)):
        often = (kind, who) == ("zst", "rtrt")
        test(f"blocks: a chain of a cluster behind {behind.__name__[5:]}: {title}: {kind}, "
             f"{'aes-256-cbc' if encrypted else 'plain'}", who, kind, encrypted, behind,
             slow=not often)(chain)


def maps_are_equal(bench):
    """Where nothing is compressed, what all store of a cluster that stands still is the same."""
    later = later_peer(LATER)
    bench.configure(**settings("none", False))
    words = ("--no-online", "--force")
    bench.ours("stanza-create", "--no-online")
    there = elsewhere(bench, over_ssh, settings("none", False))
    for program, conf in ((OURS, bench.conf), (OURS, there), (later, bench.conf)):
        here, bench.conf = bench.conf, conf
        bench.call(program, "backup", "--type=full", *words)
        bench.conf = here
    of = {}
    for label in bench.completed_labels():
        entries = dict(line.split("=", 1) for line in files_of(bench, label)
                       if '"bim"' in line and '"bni"' not in line)
        of[label] = {name: (entry, stored(bench, label, name)) for name, entry in entries.items()}
    first, *others = of.values()
    expect(len(first) >= 1 and len(others) == 2, "files in blocks of their own")
    for second in others:
        equal(sorted(first), sorted(second), "files in blocks of both")
        for name, (entry, data) in first.items():
            equal(entry, second[name][0], f"entry of '{name}'")
            equal(data, second[name][1], f"stored bytes of '{name}'")


def files_of(bench, label):
    text = (bench.label_dir(label) / "backup.manifest").read_text()
    return [line for line in text.split("[target:file]\n")[1].split("\n\n")[0].splitlines()]


def stored(bench, label, name):
    return (bench.label_dir(label) / (name + ".pgbi")).read_bytes()


test("blocks: without compression, stored bytes are those of pgBackRest")(maps_are_equal)


def refused(bench):
    """The option works only with bundles, and blocks are whole pages."""
    bench.configure(**settings("zst", False))
    bench.start(OURS)
    bench.ours("stanza-create")
    bench.ours("backup", "--repo1-block-size-map=16KiB=9000", codes=(32,))
    equal(bench.labels(), [], "no backup")


test("blocks: sizes that make no sense are refused")(refused)


@test("blocks: delta over a file that may only be read")
def read_only(bench):
    bench.configure(**settings("lz4", False))
    large = bench.cluster.data / "odd names/three megabytes"
    large.chmod(0o400)
    bench.ours("stanza-create", "--no-online")
    bench.ours("backup", "--no-online")
    home = bench.dir / "r1"
    bench.restore(OURS, home, "--type=none")
    there = home / "pg/odd names/three megabytes"
    there.chmod(0o600)
    there.write_bytes(b"z" + there.read_bytes()[1:])
    there.chmod(0o400)
    bench.restore(OURS, home, "--type=none", "--delta")
    equal(there.read_bytes(), large.read_bytes(), "the content")
    equal(there.stat().st_mode & 0o777, 0o400, "the mode")
