# What a repository that somebody else can write may do to the host of a root who restores from it.
# SPDX-License-Identifier: MIT
import os
import pathlib
import pwd
import shutil
import stat
import tempfile

import crafted
import lab
from case import test
from hostile import hostile
from lab import OURS, equal, expect

OWNER = "postgres"


class Host:
    """A stopped cluster of user postgres with a linked directory, and a backup of it."""

    def __init__(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="pgbraid-root-", dir="/tmp"))
        self.home.chmod(0o755)
        self.data, self.wal = self.home / "data", self.home / "wal"
        self.conf = self.home / "c.conf"
        self.uid = pwd.getpwnam(OWNER).pw_uid
        shutil.chown(self.home, OWNER)
        lab.put_program(OURS, self.home / "pgbraid")
        self.conf.write_text(
            f"[global]\nrepo1-path={self.home}/repo\nlog-level-file=off\nlog-level-console=info\n"
            f"lock-path={self.home}/lock\nspool-path={self.home}/spool\nrepo1-retention-full=9\n"
            f"[demo]\npg1-path={self.data}\n")
        self.postgres(lab.PG_BIN / "initdb", "-D", self.data, "-A", "trust", "--no-sync",
                      "--locale=C")
        self.postgres("mv", self.data / "pg_wal", self.wal)
        self.postgres("ln", "-s", self.wal, self.data / "pg_wal")
        self.postgres(*self.argv("stanza-create", "--no-online"))
        self.postgres(*self.argv("backup", "--no-online", "--type=full"))
        self.manifest = next((self.home / "repo/backup/demo").glob("*F/backup.manifest"))
        self.clean = self.manifest.read_text()

    def postgres(self, *words):
        return lab.run(["runuser", "-u", OWNER, "--", *words])

    def argv(self, command, *words):
        return [self.home / "pgbraid", f"--config={self.conf}", "--stanza=demo", command, *words]

    def change(self, *pairs):
        """The manifest as it was with some texts replaced."""
        def changed(text):
            text = self.clean
            for old, new in pairs:
                expect(old in text, f"the manifest has {old}", text)
                text = text.replace(old, new)
            return text
        crafted.rewrite_info(self.manifest, changed)

    def restore(self, name, *words, codes=(0,), owner=OWNER):
        """Into a new directory of the owner, or where it is None into one that is not there."""
        target = self.home / name
        if owner:
            target.mkdir(mode=0o700)
            shutil.chown(target, owner)
        ended = lab.run(self.argv("restore", f"--pg1-path={target}", "--type=none", *words),
                        codes=codes)
        return target, ended


def on_a_host(function):
    def wrapped(bench):
        host = Host()
        try:
            function(host)
        finally:
            shutil.rmtree(host.home)
    return wrapped


def owners_below(path):
    return {os.lstat(pathlib.Path(folder) / name).st_uid
            for folder, folders, files in os.walk(path) for name in folders + files}


@test("restore as root: set-id and sticky bits are refused, modes opened to others are not restored",
      cluster=False, root=True)
@on_a_host
def modes(host):
    for number, mode in enumerate(("4755", "2755", "1777", "6711")):
        with hostile("modes, owners and directories of others"):
            host.change(('mode="0600"', f'mode="{mode}"'))
            target, ended = host.restore(f"refused{number}", codes=(29,))
            expect("set-id or sticky" in ended.text, "why", ended)
            equal(list(target.iterdir()), [], "what is in the target")
    host.change(('mode="0600"', 'mode="0666"'), ('mode="0700"', 'mode="0777"'))
    with hostile("modes, owners and directories of others"):
        target, ended = host.restore("opened")
        expect("are not restored as they were" in ended.text, "the WARN", ended)
    equal(stat.S_IMODE((target / "PG_VERSION").stat().st_mode), 0o644, "the mode of a file")
    for path in (target, target / "base", target / "base/1"):
        equal(stat.S_IMODE(path.stat().st_mode), 0o750, f"the mode of {path}")


@test("restore as root: nothing in a cluster of somebody else becomes root's", cluster=False,
      root=True)
@on_a_host
def owners(host):
    whose = ('user="postgres"', 'user="root"'), ('group="postgres"', 'group="root"')
    host.change(*whose)
    with hostile("modes, owners and directories of others"):
        target, ended = host.restore("theirs")
        equal(owners_below(target), {host.uid}, "the owners of all files")
        expect("user 'root' in backup manifest mapped to 'postgres'" in ended.text, "the WARN",
               ended)
    host.change(('user="postgres"', 'user="nobody-here"'))
    with hostile("modes, owners and directories of others"):
        target, ended = host.restore("unknown")
        equal(owners_below(target), {host.uid}, "the owners of all files")
    # Without a data directory the backup's owner is the cluster's, also of the recovery files.
    host.change()
    target, ended = host.restore("made", owner=None)
    equal(owners_below(target) | {target.stat().st_uid}, {host.uid}, "the owners of all files")
    # An empty directory that root made is given to the cluster's owner.
    target, ended = host.restore("empty", owner="root")
    equal(owners_below(target) | {target.stat().st_uid}, {host.uid}, "the owners of all files")


@test("restore as root: the backup does not choose which directories of the system are filled",
      cluster=False, root=True)
@on_a_host
def directories(host):
    system = host.home / "etc"
    system.mkdir(mode=0o755)
    (system / "passwd").write_text("root")
    shutil.chown(host.home, "root")
    host.change((str(host.wal), str(system)))
    for name, words in (("plain", ()), ("delta", ("--delta",))):
        with hostile("modes, owners and directories of others"):
            target, ended = host.restore(name, "--link-all", *words, codes=(53, 40))
            equal(sorted(path.name for path in system.iterdir()), ["passwd"],
                  "what is in the directory")
            equal(stat.S_IMODE(system.stat().st_mode), 0o755, "its mode")
            equal(system.stat().st_uid, 0, "its owner")
            equal(list(target.iterdir()), [], "what is in the target")
    # A place that is not there yet: systemd reads such a directory, whoever it belongs to.
    inside = host.home / "service.d"
    host.change((str(host.wal), str(inside)))
    with hostile("modes, owners and directories of others"):
        target, ended = host.restore("drop-in", "--link-all", codes=(53,))
        expect("--link-map" in ended.text and not inside.exists(), "what to do instead", ended)
    host.restore("wished", f"--link-map=pg_wal={inside}")
    equal(inside.stat().st_uid, host.uid, "whose the directory is that the user named")
    # An empty directory is taken as it is.
    empty = host.home / "empty"
    empty.mkdir(mode=0o711)
    host.change((str(host.wal), str(empty)))
    target, ended = host.restore("taken", "--link-all")
    equal((empty.stat().st_uid, stat.S_IMODE(empty.stat().st_mode)), (0, 0o711), "owner and mode")
    expect("keeps its owner" in ended.text, "the WARN", ended)
    equal(owners_below(empty), {host.uid}, "whose the files in it are")


@test("restore as root: an owner that cannot be given is error 88, and no cluster that starts",
      cluster=False, root=True)
@on_a_host
def owner_not_given(host):
    target = host.home / "target"
    target.mkdir(mode=0o700)
    shutil.chown(target, OWNER)
    words = (f"--pg1-path={target}", "--type=none")
    # As in a container, or on NFS with squashed root: root that may not give files away.
    ended = lab.run(["setpriv", "--bounding-set=-chown", *host.argv("restore", *words)], codes=(88,))
    expect("FileOwnerError" in ended.text or "[088]" in ended.text, "the code", ended)
    expect(str(target) in ended.text and "[1] Operation not permitted" in ended.text,
           "what could not be given, and why", ended)
    expect(not (target / "global/pg_control").exists(), "no pg_control")
    lab.run(host.argv("restore", *words, "--delta"))
    equal(owners_below(target), {host.uid}, "the owners of all files")
