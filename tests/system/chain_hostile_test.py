# Chains whose manifests and maps say what cannot be, or stop being readable.
# SPDX-License-Identifier: MIT
import json
import os
import re

import crafted
import lab
from case import test
from chain_test import TIME, files_of, incr, own, restored_alike, stopped, write
from hostile import hostile
from lab import OURS, STANZA, equal, expect
from paused import NOISE_BYTES, finish, log_of, paused_backup, slow_backup

NOBODY = "20200101-000000F"
CHANGED = "pg_data/odd names/="
REFUSED = (26, 28, 29, 55, 75)


def chain_of_two(bench, **settings):
    """Labels of a full and an incr of a stopped cluster; one file is stored by both."""
    stopped(bench, compress_type="none", repo1_retention_full="1", **settings)
    write(bench, "odd names/=", b"another one\n")
    incr(bench)
    return bench.completed_labels()


def change_file(bench, label, name, **members):
    """The manifest with other members in the line of a file; None takes one away."""
    def changed(text):
        line = next(line for line in text.splitlines() if line.startswith(name + "={"))
        entry = json.loads(line[len(name) + 1:])
        entry.update(members)
        entry = {key: value for key, value in entry.items() if value is not None}
        return text.replace(line, f"{name}=" + json.dumps(entry, separators=(",", ":"), sort_keys=True))
    crafted.rewrite_info(bench.label_dir(label) / "backup.manifest", changed)


def change_listed(bench, label, **members):
    """The same of a backup in backup.info."""
    def changed(text):
        line = next(line for line in text.splitlines() if line.startswith(label + "={"))
        entry = {**json.loads(line[len(label) + 1:]), **members}
        return text.replace(line, f"{label}=" + json.dumps(entry, separators=(",", ":"), sort_keys=True))
    crafted.rewrite_info(bench.repo / "backup" / STANZA / "backup.info", changed)


def with_prior(bench, label, prior):
    crafted.rewrite_info(bench.label_dir(label) / "backup.manifest", lambda text: re.sub(
        r'(backup-label="[^"]*"\n)', rf'\1backup-prior="{prior}"\n', text))


def all_ends(bench, labels, words=()):
    """Every command that reads chains comes to an end, and nothing of what there is goes."""
    before = {path for path in bench.repo.rglob("*") if path.name not in ("backup.info", "archive.info")}
    for call in (["info"], ["info", f"--set={labels[-1]}"], ["info", "--output=json"],
                 ["expire", "--no-checksum-page-error"], ["expire", f"--set={labels[-1]}", "--dry-run"]):
        ended = bench.ours(*call, codes=None, limit_s=60)
        expect(ended.code in (0, 104, *REFUSED), "an ordinary end", ended)
    ended = bench.ours("backup", "--no-online", "--type=incr", "--dry-run", codes=None, limit_s=60)
    expect(ended.code in (0, *REFUSED), "an ordinary end", ended)
    expect(before <= set(bench.repo.rglob("*")), "nothing has gone",
           before - set(bench.repo.rglob("*")))


def not_restored(bench, label, name):
    home = bench.dir / name
    ended = bench.restore_run(OURS, home, "--type=none", f"--set={label}", codes=REFUSED)
    expect(not (home / "pg/global/pg_control").exists(), "no cluster that could be started", ended)
    return ended


@test("chain: hostile: references that go round in a circle")
@hostile("manifests and info files", 2)
def circle(bench):
    full, last = chain_of_two(bench)
    with_prior(bench, full, last)
    change_file(bench, full, CHANGED, reference=last, size=12)
    change_listed(bench, full, **{"backup-prior": last, "backup-reference": [last]})
    all_ends(bench, [full, last])
    not_restored(bench, full, "r1")
    # Each file of the pair is said to be with the other one.
    change_file(bench, last, CHANGED, reference=full)
    all_ends(bench, [full, last])
    not_restored(bench, last, "r2")


@test("chain: hostile: a backup that is its own prior and its own reference")
@hostile("manifests and info files", 2)
def own_prior(bench):
    full, last = chain_of_two(bench)
    change_listed(bench, last, **{"backup-prior": last, "backup-reference": [last]})
    all_ends(bench, [full, last])
    change_file(bench, last, CHANGED, reference=last)
    all_ends(bench, [full, last])
    expect((bench.label_dir(full) / "backup.manifest").exists(), "the full backup is there")


@test("chain: hostile: a reference to a backup that does not exist")
@hostile("manifests and info files", 3)
def nobody(bench):
    full, last = chain_of_two(bench)
    change_file(bench, last, CHANGED, reference=NOBODY)
    all_ends(bench, [full, last])
    not_restored(bench, last, "r1")
    change_listed(bench, last, **{"backup-reference": [full, NOBODY]})
    all_ends(bench, [full, last])
    change_listed(bench, last, **{"backup-prior": NOBODY})
    all_ends(bench, [full, last])
    bench.restore(OURS, bench.dir / "r2", "--type=none", f"--set={full}")


MAP_DAMAGES = {
    "gone": lambda path: path.unlink(),
    "cut": lambda path: os.truncate(path, path.stat().st_size - 7),
    "noise": lambda path: path.write_bytes(os.urandom(path.stat().st_size)),
}


def map_of_the_prior(bench, damage):
    """The prior's map of a file cannot be used any more when its turn comes."""
    slow_backup(bench, repo1_bundle="y", repo1_block="y", repo1_bundle_limit="8KiB")
    bench.ours("backup")
    prior = bench.completed_labels()[-1]
    large = bench.cluster.data / "odd names/three megabytes"
    content = large.read_bytes()
    large.write_bytes(b"changed" + content[7:])
    (bench.cluster.data / "odd names/noise").write_bytes(os.urandom(NOISE_BYTES))
    process = paused_backup(bench, "--type=incr")
    MAP_DAMAGES[damage](bench.label_dir(prior) / "pg_data/odd names/three megabytes.pgbi")
    finish(bench, process)
    expect(f"those of backup {prior} cannot be used" in log_of(bench), "it says so", log_of(bench))
    target = bench.restore(OURS, bench.dir / "r1", "--type=immediate", "--target-action=promote")
    equal((target.data / "odd names/three megabytes").read_bytes(), b"changed" + content[7:], "the file")
    bench.start_restored(target)
    equal(target.fingerprint(), bench.cluster.fingerprint(), "the data")


for name in MAP_DAMAGES:
    test(f"chain: the prior's block map becomes unreadable in the middle: {name}", name,
         slow=name != "cut")(map_of_the_prior)
