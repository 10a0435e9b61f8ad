# Runs a chain of backups as its plan says, by both programs in turn, and judges it.
# SPDX-License-Identifier: MIT
import collections
import dataclasses
import functools
import random
import shutil
import threading
import time

import chain_judge
import chain_plan
import lab
from chain_world import Load, World, template
from lab import OURS, PEER, Failure, expect
from libpq import AskedCluster
from object_server import gateway
from other_host import over_ssh
from later_peer import its_postgresql, later_peer, says_version

# Options of a backup that may be left out where we do not support them yet.
PROBED = {"diff": ("--type=diff",), "block": ("--repo1-bundle", "--repo1-block"),
          "hardlink": ("--repo1-hardlink",), "archive_copy": ("--archive-copy",),
          "retention": ("--repo1-retention-diff=1",)}
_probing = threading.Lock()


@functools.cache
def _refused(name, directory):
    ended = lab.run([OURS, "--stanza=probe", f"--repo1-path={directory}/none",
                     f"--pg1-path={directory}/none", f"--lock-path={directory}/none",
                     "--log-level-file=off", "backup", *PROBED[name]], codes=None)
    return ended.code == 67 and "not supported yet" in ended.text


def refused(name, directory):
    """Whether our program says that it does not support this yet."""
    with _probing:
        return _refused(name, str(directory))


def programs_of(version):
    """(pgBackRest of this version, the programs of a PostgreSQL that it knows)."""
    if says_version(PEER, version):
        return PEER, lab.PG_BIN
    peer = later_peer(version)
    return peer, its_postgresql(peer)


class Chain:
    def __init__(self, bench, seed, version, writers="both", in_a_bucket=False):
        self.bench, self.version, self.writers = bench, version, writers
        self.in_a_bucket = in_a_bucket
        self.plan = chain_plan.draw(seed, version)
        self.dice = random.Random(f"{version} {seed} data")
        self.peer, self.programs = programs_of(version)
        self.story, self.backups, self.marks = [], {}, []
        self.homes = 0
        self.left_out = collections.Counter()

    # Commands

    def call(self, program, command, *words, conf=None, codes=(0,)):
        """Runs a command with a configuration, by default the chain's; notes it for the story."""
        argv = self.bench.argv(program, command, *words)
        argv[1] = f"--config={conf or self.bench.conf}"
        self.note(lab.quote(argv))
        return lab.run(argv, codes)

    def note(self, text):
        self.story.append(f"{time.strftime('%H:%M:%S')} {text}")

    def told(self):
        return f"{self.plan.told()}\nAll that was done:\n" + "\n".join(self.story)

    def writer(self, ours):
        if self.writers != "both":
            return OURS if self.writers == "ours" else self.peer
        return OURS if ours else self.peer

    # The cluster

    def prepare(self):
        bench = self.bench
        home = template(bench.root, self.programs)
        bench.cluster = AskedCluster(lab.copy_cluster(home, bench.dir / "c").home, self.programs)
        bench.started.append(bench.cluster)
        if not self.plan.page_checksums:
            lab.run([self.programs / "pg_checksums", "--disable", "-N", "-D", bench.cluster.data])
        self.world = World(bench.cluster, self.dice)
        settings = {"process_max": "1", "log_level_console": "warn"}
        for key, repo in enumerate(self.plan.repositories, 1):
            path = bench.repo if key == 1 else bench.dir / f"repo{key}"
            settings.update({f"repo{key}_path": path, f"repo{key}_retention_full": "9"})
            if self.in_a_bucket:
                there = gateway(bench).options(f"/chains/{bench.dir.name}/repo{key}")
                settings.update({name.replace("repo1_", f"repo{key}_"): value
                                 for name, value in there.items()})
            if repo.cipher:
                settings.update({f"repo{key}_cipher_type": "aes-256-cbc",
                                 f"repo{key}_cipher_pass": f"{lab.PASSPHRASE}-{key}"})
        bench.configure(**settings)
        self.start(self.plan.steps[0].ours_pushes)
        self.call(self.writer(self.plan.steps[0].ours_rewinds), "stanza-create")

    def start(self, ours_push):
        self.bench.start(self.writer(ours_push))
        self.bench.cluster.wait_promoted()

    # Steps

    def run(self):
        try:
            self.prepare()
            for number, step in enumerate(self.plan.steps, 1):
                self.note(f"-- step {number}")
                self.step(step)
            chain_judge.expire(self)
        except Exception as failure:
            raise Failure(f"{failure}\n{self.told()}") from failure

    def step(self, step):
        if step.rewind:
            self.rewind(step)
        for name in step.changes:
            self.change(name)
        online = step.backup.online
        self.data = self.world.fingerprint()
        if step.stopped_changes or not online:
            self.stop(step)
            if online:
                self.start(step.ours_pushes)
        self.back_up(step)
        if not online:
            self.start(step.ours_pushes)
        for name in step.later:
            if name != "new_tablespace":  # A restored server would make it where this one has it.
                self.change(name)
        self.mark()
        if step.judged:
            chain_judge.judge(self)

    def change(self, name):
        self.note(f"change: {name}")
        self.world.change(name)

    def stop(self, step):
        wrecked = [name for name in step.stopped_changes if name != "drop_bad"]
        if "drop_bad" in step.stopped_changes:
            self.bench.cluster.sql("drop table if exists junk")
            self.world.bad_pages = False
        junk = self.world.junk() if wrecked else None
        self.bench.cluster.stop()
        for name in wrecked:
            self.note(f"change while stopped: {name} in {junk}")
            self.world.change_stopped(name, junk)

    def mark(self):
        """A moment to which a restore can go: after all that is stored, before all that comes."""
        cluster = self.bench.cluster
        stop = max(int(entry["stop"]) for entry in self.backups.values())
        lab.wait_for(lambda: time.time() > stop + 1.05, "a second after the backup")
        self.marks.append((cluster.sql("select now()"), self.world.fingerprint()))
        time.sleep(0.01)
        cluster.sql("create table if not exists passed (id int, t text)")
        cluster.sql("insert into passed values (1, now()::text)")
        cluster.switch_and_wait_archived()

    # Backups

    def back_up(self, step):
        backup = self.possible(step.backup)
        program = self.writer(backup.ours)
        words = chain_plan.words(backup, self.plan.repositories[backup.repo - 1])
        known = {"hand": chain_judge.hand_files(self.bench.cluster), "options": backup,
                 "source": None if backup.online else chain_judge.source_tree(self.bench.cluster),
                 "data": "" if backup.busy else self.data, "bad pages": self.world.bad_pages}
        if backup.killed and self.begin_and_kill(backup, words, known):
            return  # It was faster. The same again would find nothing that changed.
        if backup.busy:
            with Load(self.bench.cluster):
                ended = self.begin(program, backup, words)
        else:
            ended = self.begin(program, backup, words)
        for line in ended.text.splitlines():
            self.note(f"    {line}")
        expect(self.register(backup, program, known), "a new backup is listed")

    def begin(self, program, backup, words):
        return self.call(program, "backup", *words, conf=self.conf(program, backup))

    def register(self, backup, program, known):
        """Notes and judges what is listed for the first time. Returns whether there is any."""
        entries = chain_judge.new_entries(self, backup.repo)
        for entry in entries:  # One that was killed late is listed with the next one.
            self.note(f"-> {entry['label']} in repo{backup.repo}")
            self.backups[(backup.repo, entry["label"])] = {
                **known, "stop": entry["timestamp"]["stop"], "program": program}
            chain_judge.judge_backup(self, backup.repo, entry, program)
        return bool(entries)

    def begin_and_kill(self, backup, words, known):
        """What is left then must not disturb the backup that follows. True: it was complete."""
        program = self.writer(backup.killed == "ours")
        if program == OURS and not backup.ours and self.writers == "both":
            backup = self.possible(dataclasses.replace(backup, ours=True))
            if not backup.ours:
                return False
            words = chain_plan.words(backup, self.plan.repositories[backup.repo - 1])
        argv = self.bench.argv(program, "backup", *words)
        self.note(f"killed after {backup.killed_after_s:.2f} s: {lab.quote(argv)}")
        process = lab.spawn(argv, self.bench.dir / "killed.log")
        time.sleep(backup.killed_after_s)
        lab.kill_group(process)
        process.wait()
        return self.register(backup, program, known)

    def conf(self, program, backup):
        """The configuration, or the same on a host that reaches the cluster through ssh."""
        bench = self.bench
        if program != OURS or not backup.remote:
            return bench.conf
        there = bench.dir / "remote.conf"
        if not there.exists():
            local = bench.conf.read_text()
            before = bench.conf, dict(bench.settings)
            over_ssh(bench, "pg", {"spool-path": bench.dir / "spool"})
            there.write_text(bench.conf.read_text())
            there.chmod(0o640)
            bench.conf, bench.settings = before
            bench.conf.write_text(local)
        return there

    def supports(self, name):
        """Whether we do; where not, that is counted."""
        if refused(name, self.bench.dir):
            self.left_out[name] += 1
        return not refused(name, self.bench.dir)

    def possible(self, backup):
        """The backup without what our program does not support yet."""
        if self.writer(backup.ours) != OURS:
            return backup
        for name in ("block", "hardlink", "archive_copy"):
            if getattr(backup, name) and not self.supports(name):
                setattr(backup, name, False)
        follows = any(repo == backup.repo for repo, _ in self.backups)
        if backup.kind != "full" and follows and not self.supports("diff"):
            backup.ours = False
            expect(self.writers != "ours", "we cannot write a diff")
        return backup

    # Restores

    def in_spite_of_bad_pages(self, program):
        if any(entry["bad pages"] for entry in self.backups.values()) and (
                program == OURS or chain_plan.knows(self.version, "bad pages refused")):
            return ["--no-checksum-page-error"]
        return []

    def restore_words(self, program, repo, words):
        said = [f"--repo={repo}"] if repo else []
        said += ["--archive-mode=off"] if "--archive-mode=preserve" not in words else []
        return [*said, *self.in_spite_of_bad_pages(program), *words]

    def restore(self, program, home, repo, *words):
        """Restores below `home`, tablespaces mapped. Returns the cluster, not started."""
        said = self.restore_words(program, repo, words)
        self.without_read_only(program, home)
        self.note(f"in {home}: " + lab.quote([program, "restore", *said]))
        self.bench.restore_run(program, home, *said)
        return AskedCluster(home, self.programs)

    def without_read_only(self, program, home):
        """pgBackRest cannot write into files that are to have mode 0400, and are there."""
        if program == OURS:
            return
        for known in self.backups.values():
            for name, about in known["hand"].items():
                if not about[2] & 0o200:
                    (home / "pg/by hand" / name).unlink(missing_ok=True)

    def new_home(self):
        self.homes += 1
        return self.bench.dir / f"r{self.homes}"

    def started(self, cluster, wanted, what):
        """Starts a restored cluster and compares its data."""
        self.bench.started.append(cluster)
        self.note(f"start: {what}")
        try:
            cluster.start(archive_command="")
            cluster.wait_promoted()
        except Failure as failure:
            raise Failure(f"{what}: {failure}\n{cluster.log()[-3000:]}") from failure
        found = World(cluster, self.dice).fingerprint()
        expect(found == wanted, f"{what}: other data", f"{found}\n instead of\n{wanted}")
        cluster.stop("immediate")
        self.bench.started.remove(cluster)

    def rewind(self, step):
        """The cluster itself is restored in place and goes on with a new timeline."""
        program, cluster = self.writer(step.ours_rewinds), self.bench.cluster
        repo = self.dice.choice(sorted({repo for repo, _ in self.backups}))
        when, wanted = self.marks[-1]
        words = ["--delta", "--link-all"]
        latest = max(label for key, label in self.backups if key == repo)
        # Without recovery there is no new timeline, and WAL of two histories in the archive.
        if step.rewind == "mark" or not self.backups[(repo, latest)]["options"].online:
            words += ["--type=time", f"--target={when}", "--target-action=promote"]
        else:
            wanted = self.world.fingerprint()
        cluster.stop()
        said = self.restore_words(program, repo, [*words, "--archive-mode=preserve"])
        self.without_read_only(program, cluster.home)
        self.call(program, "restore", *said)
        self.start(step.ours_pushes)
        found = self.world.fingerprint()
        expect(found == wanted, f"data after the restore in place ({step.rewind})",
               f"{found}\n instead of\n{wanted}")
        self.marks = []


def run_chain(bench, seed, version, writers="both", in_a_bucket=False):
    chain = Chain(bench, seed, version, writers, in_a_bucket)
    chain.run()
    if chain.left_out:
        print(f"       left out with seed {seed}, peer {version}, as we do not support it yet: "
              + ", ".join(f"{name} {count}x" for name, count in chain.left_out.items()), flush=True)
    shutil.rmtree(bench.dir / "c", ignore_errors=True)
