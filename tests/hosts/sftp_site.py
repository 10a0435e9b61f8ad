# PostgreSQL hosts whose repository lies on an SFTP server.
# SPDX-License-Identifier: MIT
"""An `SftpSite` is a `Site` of `SFTP_HOSTS`: the program runs on the PostgreSQL hosts alone, and what
the repository's host has of it is sshd."""
import base64
import contextlib
import hashlib
import os
import signal

import lab
from place import DATA, PG1, PG2, SFTP, SFTP_HOSTS, SPACE, Site, merged, owner_of

KEY = "/var/lib/pgsql/.ssh/id_rsa"
SSHD_CONF = "/etc/ssh/sshd_config"
SHA1_LINE = "PubkeyAcceptedAlgorithms +ssh-rsa\n"


class SftpSite(Site):
    """Hosts in a clean state, as they come with `Site`; keys are exchanged, no passphrases."""

    hosts, repo, base = SFTP_HOSTS, SFTP, PG1

    def __init__(self, *words):
        super().__init__(*words)
        if not self.sshd_processes():  # The last trial failed while there was none.
            self.start_sshd()

    def configure(self, more=None):
        """Writes the INI of every PostgreSQL host. `more`: settings, None takes one away."""
        # After three failures in a row PostgreSQL's archiver rests for a minute.
        settings = {**self.basics(), **self.login(), "repo1-retention-full": "9",
                    "start-fast": "y", "archive-timeout": "120", **(more or {})}
        for host in (PG1, PG2):
            self.write_conf(host, merged(settings, None), {self.stanza: {"pg1-path": DATA}})
        self.write_peer_conf(more or {})
        return self

    def login(self):
        return {"repo1-type": "sftp", "repo1-path": SPACE, "repo1-sftp-host": SFTP,
                "repo1-sftp-host-key-hash-type": "sha256", "repo1-sftp-host-user": "pgbackrest",
                "repo1-sftp-private-key-file": KEY}

    # The server

    def sshd_processes(self):
        """sshd, its sessions and what runs in them."""
        return [process for process in self.town.processes(SFTP)
                if "sshd" in process.argv[0] or "sftp-server" in process.argv[0]]

    def kill_sshd(self):
        for process in self.sshd_processes():
            process.signal(signal.SIGKILL)
        lab.wait_for(lambda: not self.sshd_processes(), "sshd and its sessions are gone", 20)

    def start_sshd(self):
        self.town.shell(SFTP, "setsid /usr/sbin/sshd -D -e < /dev/null >> /var/log/sshd.log 2>&1 &")
        lab.wait_for(lambda: self.town.shell(SFTP, "exec 3<>/dev/tcp/127.0.0.1/22",
                                             codes=None).code == 0, "sshd answers", 20, 0.1)

    def restart_sshd(self):
        self.kill_sshd()
        self.start_sshd()

    def fingerprint(self, name, kind="ecdsa"):
        text = self.town.outside(SFTP, f"/etc/ssh/ssh_host_{kind}_key.pub").read_text()
        return hashlib.new(name, base64.b64decode(text.split()[1])).hexdigest()

    @contextlib.contextmanager
    def changed(self, host, path, change):
        """A file of a host is another for a while. `change`: from its text to the other."""
        file = self.town.outside(host, path)
        before = file.read_text()
        file.write_text(change(before))
        try:
            yield
        finally:
            file.write_text(before)

    @contextlib.contextmanager
    def sshd_with(self, change):
        """The server runs with another configuration for a while."""
        try:
            with self.changed(SFTP, SSHD_CONF, change):
                self.restart_sshd()
                yield
        finally:
            self.restart_sshd()

    def partial_backups(self):
        """Directories of backups that were begun and are not listed."""
        place = self.town.outside(SFTP, f"{SPACE}/backup/{self.stanza}")
        return sorted({path.name for path in place.glob("2*")} - set(self.labels()))

    # Data

    def noise_files(self, count, size, host=PG1):
        """Files of the cluster that do not shrink. Returns what they hold: name -> SHA-1."""
        found = {}
        for number in range(count):
            path = self.town.outside(host, f"{DATA}/noise{number}")
            path.write_bytes(os.urandom(size))
            os.chown(path, *owner_of(path.parent))
            path.chmod(0o600)
            found[path.name] = lab.sha1(path)
        self.noise = "noise"
        return found

    def noise_on(self, host):
        return {path.name: lab.sha1(path)
                for path in self.town.outside(host, DATA).glob("noise*")}
