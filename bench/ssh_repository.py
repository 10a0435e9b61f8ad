# A repository that is reached over ssh: an sshd of its own on the loopback, for this user alone.
# SPDX-License-Identifier: MIT
import getpass
import shutil
import socket
import subprocess
import time

from measuring import sh

SSHD = "/usr/sbin/sshd"
START_LIMIT_S = 10


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class SshRepository:
    """Until the block ends; `options` say that the repository is behind it."""

    def __init__(self, home):
        self.home, self.port = home, free_port()
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(mode=0o700)
        for name in ("host", "user"):
            sh(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / name])
        shutil.copy(home / "user.pub", home / "authorized")
        (home / "config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {home}/host\nPidFile none\n"
            f"AuthorizedKeysFile {home}/authorized\nStrictModes no\nUsePAM no\nMaxStartups 100\n")
        (home / "ssh").write_text(
            f"#!/bin/sh\nexec ssh -i {home}/user -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no \"$@\"\n")
        (home / "ssh").chmod(0o755)

    def __enter__(self):
        with open(self.home / "log", "wb") as log:
            self.process = subprocess.Popen([SSHD, "-D", "-e", "-f", self.home / "config"], stdout=log, stderr=log)
        until = time.monotonic() + START_LIMIT_S
        while time.monotonic() < until:
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.05)
        raise SystemExit(f"sshd does not answer, see {self.home}/log")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def options(self, program, configuration):
        """@param configuration  of the repository's side"""
        return {"repo1-host": "127.0.0.1", "repo1-host-port": self.port, "repo1-host-user": getpass.getuser(),
                "repo1-host-cmd": program, "repo1-host-config": configuration, "cmd-ssh": self.home / "ssh"}
