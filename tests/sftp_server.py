# A real sshd that serves SFTP, as the user of the tests.
# SPDX-License-Identifier: MIT
import base64
import getpass
import hashlib
import pathlib
import shutil
import subprocess

import lab
from lab import Skip, run
from other_host import answers, free_port

SSHD = "/usr/sbin/sshd"


class SftpServer:
    """sshd with keys of its own, on the loopback; it may log in its own user only."""

    def __init__(self, bench, key_type="ed25519", passphrase=""):
        if not pathlib.Path(SSHD).exists() or not shutil.which("ssh-keygen"):
            raise Skip("'openssh-server' is missing")
        self.bench, self.home, self.port = bench, bench.dir / "sshd", free_port()
        self.home.mkdir(mode=0o700)
        self.keygen("host", "ecdsa")
        self.keygen("host-too", "ed25519")
        self.keygen("user", key_type, passphrase)
        self.keygen("stranger", "ed25519")
        shutil.copy(self.home / "user.pub", self.home / "authorized")
        (self.home / "known").write_text(self.line_for("host.pub"))
        (self.home / "known-wrong").write_text(self.line_for("stranger.pub"))
        (self.home / "config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.home}/host\nPidFile none\n"
            f"HostKey {self.home}/host-too\n"
            f"AuthorizedKeysFile {self.home}/authorized\nStrictModes no\nUsePAM no\n"
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\nMaxStartups 100\n"
            "Subsystem sftp internal-sftp\n")
        self.start()

    def keygen(self, name, kind, passphrase=""):
        run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", self.home / name])

    def line_for(self, public):
        kind, key = (self.home / public).read_text().split()[:2]
        return f"[127.0.0.1]:{self.port} {kind} {key}\n"

    def fingerprint(self, name, public="host.pub"):
        key = base64.b64decode((self.home / public).read_text().split()[1])
        return hashlib.new(name, key).hexdigest()

    def start(self):
        self.process = lab.spawn([SSHD, "-D", "-e", "-f", self.home / "config"],
                                 self.home / "log")
        self.bench.started.append(self)
        lab.wait_for(lambda: answers(self.port), "sshd answers")

    def stop(self, _mode=None):
        """As a power loss: the sessions, which have process groups of their own, end as well."""
        if self.process.poll() is None:
            sessions = descendants(self.process.pid)
            lab.kill_group(self.process)
            self.process.wait()
            for pid in sessions:
                subprocess.run(["kill", "-9", str(pid)], stderr=subprocess.DEVNULL)

    def options(self, **more):
        return {"repo1_type": "sftp", "repo1_sftp_host": "127.0.0.1",
                "repo1_sftp_host_port": self.port, "repo1_sftp_host_user": getpass.getuser(),
                "repo1_sftp_host_key_hash_type": "sha256",
                "repo1_sftp_private_key_file": self.home / "user",
                "repo1_sftp_known_host": self.home / "known", **more}


def descendants(pid):
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
    return [int(one) for one in found] + [two for one in found for two in descendants(one)]
