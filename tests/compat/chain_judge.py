# What has to hold for a chain of backups: info, verify, restores, their trees and data.
# SPDX-License-Identifier: MIT
import os
import re
import shutil
import stat
import time

import chain_manifest
import chain_plan
import lab
import trees
from chain_manifest import Manifest
from lab import OURS, STANZA, Failure, equal, expect
from libpq import AskedCluster

# Of the data directory: what a backup leaves out, or a restore writes anew.
WITHOUT_CONTENT = ("pg_dynshmem", "pg_notify", "pg_replslot", "pg_serial", "pg_snapshots",
                   "pg_stat_tmp", "pg_subtrans")
LEFT_OUT = ("postmaster.opts", "postmaster.pid", "backup_label.old", "postgresql.auto.conf",
            "recovery.signal", "standby.signal", "backup_label", "recovery.done", "tablespace_map.old",
            "backup_manifest")


# The source

def hand_files(cluster):
    """name -> (content, size, mode, time) of the files by hand."""
    folder = cluster.data / "by hand"
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            about = path.stat()
            found[str(path.relative_to(folder))] = (
                lab.sha1(path), about.st_size, stat.S_IMODE(about.st_mode), int(about.st_mtime))
    return found


def source_tree(cluster):
    """What a backup of the stopped cluster has to hold: path -> (content, mode, time)."""
    found = {}
    for folder, names, files in os.walk(cluster.data):
        inside = os.path.relpath(folder, cluster.data)
        if inside in WITHOUT_CONTENT or inside == "by hand":
            names.clear()
            continue
        forks = {name[:-len("_init")] for name in files if name.endswith("_init")}
        for name in files:
            path = os.path.join(folder, name)
            unlogged = re.split(r"[._]", name)[0] in forks
            if (os.path.islink(path) or (inside == "." and name in LEFT_OUT)
                    or name.startswith(("pg_internal.init", "pgsql_tmp"))
                    or (unlogged and not name.endswith("_init"))):
                continue
            about = os.stat(path)
            found[os.path.normpath(os.path.join(inside, name))] = (
                lab.sha1(path), stat.S_IMODE(about.st_mode), int(about.st_mtime))
    return found


# After each backup

def info(chain, program, *words):
    return chain.call(program, "info", "--output=json", *words).json()[0]


def new_entries(chain, repo):
    """The backups that both programs list, and the chain does not know yet; oldest first."""
    entries = [entry for entry in same_info(chain)["backup"]
               if entry["database"]["repo-key"] == repo
               and (repo, entry["label"]) not in chain.backups]
    return sorted(entries, key=lambda entry: entry["label"])


def manifest_of(chain, repo, label):
    known = chain.backups[(repo, label)]
    if "manifest" not in known:
        name = f"backup/{STANZA}/{label}/backup.manifest"
        ended = lab.run([chain.peer, f"--config={chain.bench.conf}", f"--stanza={STANZA}",
                         f"--repo={repo}", "--log-level-console=off", "repo-get", name])
        known["manifest"] = Manifest(ended.out.decode())
    return known["manifest"]


def judge_backup(chain, repo, entry, program):
    """What can be said of a backup, listed as `entry`, without a restore."""
    label = entry["label"]
    manifest = manifest_of(chain, repo, label)
    prior = manifest_of(chain, repo, manifest.prior) if manifest.prior else None
    equal(entry["prior"], manifest.prior, "the prior in info and in the manifest")
    # What the peer does is not ours to judge; but these tests are tested with it.
    if program == OURS or chain.writers == "peer":
        chain_manifest.consistent(manifest, entry, prior)
    known = chain.backups[(repo, label)]
    obeyed(known["options"], manifest)
    if program == OURS and known["options"].hardlink and not chain.in_a_bucket:
        hard_linked(chain, repo, manifest)
    equal(entry.get("annotation", {}).get("made", ""), known["options"].annotation, "annotation")
    known["hand accepted"] = {
        name: {about[0]} | _unseen(chain, repo, manifest, name, about)
        for name, about in known["hand"].items()}


def obeyed(options, manifest):
    """The manifest shows what the command line asked for."""
    equal(manifest.backup.get("backup-bundle", False), options.bundle, "backup-bundle")
    equal(manifest.options["option-online"], options.online, "option-online")
    if options.delta and manifest.prior:
        equal(manifest.options["option-delta"], True, "option-delta")
    if not options.block:
        expect(not any("bim" in entry and "reference" not in entry
                       for entry in manifest.files.values()), "no blocks were asked for")
    equal(any(name.startswith("pg_data/pg_wal/0") for name in manifest.files),
          options.archive_copy or not options.online, "the backup holds WAL")


def _unseen(chain, repo, manifest, name, about):
    """The contents that a backup may keep as it saw no change: same size, same time, no delta."""
    if not manifest.prior or manifest.options.get("option-delta"):
        return set()
    prior = chain.backups[(repo, manifest.prior)]
    before = prior["hand"].get(name)
    if before and (before[1], before[3]) == (about[1], about[3]):
        return prior["hand accepted"].get(name, set())
    return set()


def folder_of(chain, repo):
    return chain.bench.repo if repo == 1 else chain.bench.dir / f"repo{repo}"


def hard_linked(chain, repo, manifest):
    """What is referred to lies in this backup, too, as another name of the same file."""
    backups = folder_of(chain, repo) / "backup" / STANZA
    extension = lab.EXTENSION[manifest.options["option-compress-type"]]
    for name, entry in manifest.files.items():
        if "reference" in entry:
            one, other = (backups / label / (name + extension)
                          for label in (manifest.label, entry["reference"]))
            expect(one.exists() and one.samefile(other), f"'{one}' is a hard link to '{other}'")


def same_info(chain):
    """Both programs say the same, as far as an older one says it at all."""
    for _ in range(3):  # PostgreSQL may archive a segment in between.
        ours, theirs = info(chain, OURS), info(chain, chain.peer)
        differences = _lacking(ours, theirs, "")
        if chain.version == "2.60.0":
            differences += _lacking(theirs, ours, "the peer's ")
            texts = [chain.call(program, "info").text for program in (OURS, chain.peer)]
            differences += ["\ninstead of\n".join(texts)] if texts[0] != texts[1] else []
        if not differences:
            return theirs
    raise Failure("info of both programs:\n" + "\n".join(differences))


def _lacking(ours, theirs, where):
    """Where `ours` does not say what `theirs` says; more may be said."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return [text for key in theirs for text in (
            _lacking(ours[key], theirs[key], f"{where}.{key}") if key in ours
            else [f"{where}.{key} is missing"])]
    if isinstance(theirs, list) and isinstance(ours, list) and len(ours) == len(theirs):
        return [text for number, (one, other) in enumerate(zip(ours, theirs))
                for text in _lacking(one, other, f"{where}[{number}]")]
    return [] if ours == theirs else [f"{where}: {ours!r} and {theirs!r}"]


# All of it

def judge(chain):
    chain.note("-- judged")
    if chain_plan.knows(chain.version, "verify"):
        for repo in sorted({repo for repo, _ in chain.backups}):
            verified(chain, repo)
    repo = chain.dice.choice(sorted({repo for repo, _ in chain.backups}))
    homes = restored_by_both(chain, repo)
    older_over_it(chain, repo, homes)
    to_a_moment(chain, repo, homes)
    for home in homes:
        shutil.rmtree(home)


def verified(chain, repo):
    text = chain.call(chain.peer, "verify", f"--repo={repo}", "--output=text", "--verbose").text
    # What a kill has left is no backup; we leave what another may be making alone for a while.
    left = [part for part in re.findall(r"^ *backup: (\w+(?:-\w+)*)", text, re.M)
            if (repo, part) not in chain.backups]
    told = "\n".join(line for line in text.splitlines() if not any(one in line for one in left))
    if left:
        told = told.replace("\nstatus: error", "").replace("\n  status: error", "")
    for pattern in (r"(missing|checksum invalid|size invalid|other): [1-9]", r"status: (?!ok|valid)",
                    "ERROR", "WARN"):
        expect(not re.search(pattern, told), f"verify reports '{pattern}'", text)
    expect(re.search(r"total valid files: [1-9]", text), "verify saw files", text)


def restored_by_both(chain, repo):
    """The latest, by both programs: equal to each other, to the manifest, and in its data."""
    label = max(label for key, label in chain.backups if key == repo)
    homes = [chain.new_home(), chain.new_home()]
    programs = (OURS, chain.peer)
    if chain.dice.random() < 0.3:
        for home in homes:  # Something is there already, which has to go or is kept.
            (home / "pg").mkdir(parents=True, mode=0o700)
            (home / "pg/PG_VERSION").write_text("1")
            (home / "pg/nothing of ours").write_text("to be removed")
    online = chain.backups[(repo, label)]["options"].online
    for program, home in zip(programs, homes):
        words = ["--delta"] if (home / "pg").exists() else []
        words += ["--type=none"] if not online and chain.version == "2.33" else []
        chain.restore(program, home, repo, *words)
        agrees(chain, repo, label, home, program)
    trees.compare_trees(*homes, "the latest restored by both", signal_files(chain, online))
    chosen = chain.dice.choice(homes)
    wanted = chain.world.fingerprint()
    if not online:
        wanted = chain.backups[(repo, label)]["data"]
        without_signal(chosen)
    chain.started(AskedCluster(chosen, chain.programs), wanted,
                  f"the latest, {label}, in {chosen}")
    return homes


def signal_files(chain, online):
    """Releases before 2.47 begin a recovery even with --type=none."""
    return () if online or chain_plan.knows(chain.version, "no signal") else trees.SIGNAL_FILES


def without_signal(home):
    (home / "pg/recovery.signal").unlink(missing_ok=True)


def older_over_it(chain, repo, homes):
    """Any backup, over what is there, by the other program each."""
    label = chain.dice.choice(sorted(label for key, label in chain.backups if key == repo))
    known = chain.backups[(repo, label)]
    kind = "immediate" if known["options"].online else "none"
    for program, home in zip((chain.peer, OURS), homes):
        words = [f"--set={label}", f"--type={kind}", "--delta"]
        words += ["--target-action=promote"] if kind == "immediate" else []
        without_other_tablespaces(home, manifest_of(chain, repo, label))
        chain.restore(program, home, repo, *words)
        agrees(chain, repo, label, home, program)
    trees.compare_trees(*homes, f"{label} restored by both over what was there",
                        signal_files(chain, known["options"].online))
    if known["data"] and chain.dice.random() < 0.6:
        chosen = chain.dice.choice(homes)
        if not known["options"].online:
            without_signal(chosen)
        chain.started(AskedCluster(chosen, chain.programs), known["data"], f"{label} in {chosen}")


def without_other_tablespaces(home, manifest):
    """Restores with --delta clean only the tablespaces that the backup has."""
    names = {target.get("tablespace-name")
             for target in manifest.sections["backup:target"].values()}
    for path in (home / "ts").iterdir():
        if path.name not in names:
            shutil.rmtree(path)


def to_a_moment(chain, repo, homes):
    """Any mark, by one of the programs: the data of that moment."""
    when, wanted = chain.dice.choice(chain.marks)
    program = chain.dice.choice((OURS, OURS, chain.peer))
    home = chain.dice.choice(homes)
    # A backup that a kill came too late for may have begun and ended after it, within its second.
    if not any(int(entry["stop"]) < int(_seconds(when)) and key == repo
               for (key, _), entry in chain.backups.items()):
        return
    chain.restore(program, home, repo, "--type=time", f"--target={when}",
                  "--target-action=promote", "--delta")
    chain.started(AskedCluster(home, chain.programs), wanted, f"the data of {when} in {home}")


def _seconds(when):
    return float(lab.run(["date", "+%s.%N", "-d", when]).out)


def agrees(chain, repo, label, home, program):
    what = f"{label} restored by {'us' if program == OURS else 'the peer'} in {home}"
    known = chain.backups[(repo, label)]
    chain_manifest.agree(manifest_of(chain, repo, label), home, what)
    hand = hand_files(lab.Cluster(home))
    equal(sorted(hand), sorted(known["hand"]), f"files by hand, {what}")
    for name, about in hand.items():
        expect(about[1:] == known["hand"][name][1:] and about[0] in known["hand accepted"][name],
               f"'{name}', {what}", f"{about}, but {known['hand'][name]} "
               f"or one of {known['hand accepted'][name]} was backed up")
    if known["source"]:
        restored = source_tree(lab.Cluster(home))
        wrong = [f"{name}: {restored.get(name)}, but was {about}"
                 for name, about in known["source"].items() if restored.get(name) != about]
        expect(not wrong, f"{what}: not what was backed up offline", "\n".join(wrong[:20]))


# The end

def _of_a_kill(chain, repo, parts):
    """Whether the path lies in a directory of a backup that nothing lists."""
    return (len(parts) > 3 and parts[0] == "backup" and parts[2][:8].isdigit()
            and (repo, parts[2]) not in chain.backups)


def age_what_a_kill_left(chain, repo, copy):
    """For us a young directory may be somebody's, and with it all that it builds on."""
    for folder in (copy / "backup" / STANZA).iterdir():
        if folder.is_dir() and folder.name[:8].isdigit() and (repo, folder.name) not in chain.backups:
            for path in (folder, *folder.rglob("*")):
                os.utime(path, (1, time.time() - 3600), follow_symlinks=False)


def expire(chain):
    """Both programs, each on a copy, leave the same; what we leave can be restored."""
    repo = chain.dice.choice(sorted({repo for repo, _ in chain.backups}))
    full, diff = chain.plan.retention
    words = [f"--repo={repo}", f"--repo{repo}-retention-full={full}"]
    words += [f"--repo{repo}-retention-diff={diff}"] if diff and chain.supports("retention") else []
    if chain.in_a_bucket:
        expire_there(chain, repo, words)
        return
    left = []
    for program, name in ((OURS, "expired-ours"), (chain.peer, "expired-peer")):
        copy = chain.bench.dir / name
        lab.run(["cp", "-a", folder_of(chain, repo), copy])
        age_what_a_kill_left(chain, repo, copy)
        chain.call(program, "expire", f"--repo{repo}-path={copy}", *words,
                   *chain.in_spite_of_bad_pages(program))
        left.append(sorted(str(path.relative_to(copy)) for path in copy.rglob("*")
                           if (not path.is_dir() or path.is_symlink())
                           and not _of_a_kill(chain, repo, path.relative_to(copy).parts)))
    equal(left[0], left[1], "files that an expire leaves")
    restored_some(chain, repo, f"--repo{repo}-path={chain.bench.dir / 'expired-ours'}")


def expire_there(chain, repo, words):
    """A bucket is not copied: we expire, and both programs make the same of what is left."""
    chain.call(OURS, "expire", *words, *chain.in_spite_of_bad_pages(OURS))
    same_info(chain)
    if chain_plan.knows(chain.version, "verify"):
        verified(chain, repo)
    restored_some(chain, repo)


def restored_some(chain, repo, *path):
    for entry in chain.call(OURS, "info", "--output=json", *path).json()[0]["backup"]:
        if entry["database"]["repo-key"] == repo and chain.dice.random() < 0.5:
            home = chain.new_home()
            chain.restore(OURS, home, repo, *path, f"--set={entry['label']}", "--type=none")
            agrees(chain, repo, entry["label"], home, OURS)
            shutil.rmtree(home)
