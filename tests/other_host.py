# Repositories and clusters of other hosts, with one machine playing both: a stand-in for ssh that
# runs the command here, and TLS over the loopback. What the peer makes of such a repository.
# SPDX-License-Identifier: MIT
import pathlib
import re
import shutil
import signal
import socket
import subprocess

import lab
import trees
from lab import OURS, PEER, STANZA, Skip, equal, expect, run

# Drops ssh's own options and the address; the command is one word, as ssh hands it to a shell.
FAKE_SSH = """#!/bin/sh
echo "$@" >> {log}
while [ $# -gt 1 ]; do shift; done
exec sh -c "$1"
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Authority:
    """A CA made for one test, and certificates of it."""

    def __init__(self, home):
        if not shutil.which("openssl"):
            raise Skip("'openssl' is missing")
        self.home = pathlib.Path(home)
        self.home.mkdir(parents=True)
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out",
                     "ca.crt", "-days", "2", "-subj", "/CN=test authority")

    def openssl(self, *words):
        return run(["openssl", *words], cwd=self.home)

    def issue(self, name, days=2, san="DNS:localhost,IP:127.0.0.1"):
        """Makes <name>.crt and <name>.key with that common name."""
        (self.home / f"{name}.ext").write_text(f"subjectAltName={san}\n")
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out",
                     f"{name}.csr", "-subj", f"/CN={name}")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
                     "-CAcreateserial", "-days", str(days), "-extfile", f"{name}.ext", "-out",
                     f"{name}.crt")
        (self.home / f"{name}.key").chmod(0o600)
        return self

    def files(self, name):
        return {"cert_file": self.home / f"{name}.crt", "key_file": self.home / f"{name}.key",
                "ca_file": self.home / "ca.crt"}


class OtherHost:
    """What another host would have of its own: configuration, locks, logs. Its cluster or
    repository is that of the Lab."""

    def __init__(self, bench, settings, cluster=False):
        self.bench = bench
        self.home = bench.dir / "other"
        self.home.mkdir()
        self.conf = self.home / "pgbackrest.conf"
        lines = ["[global]", f"lock-path={self.home / 'lock'}", f"log-path={self.home / 'log'}",
                 "log-level-file=off", "log-level-console=detail", "log-level-stderr=error"]
        lines += [f"{name}={value}" for name, value in settings.items()]
        if cluster:
            lines += [f"[{STANZA}]", f"pg1-path={bench.cluster.data}",
                      f"pg1-socket-path={bench.cluster.home}", "pg1-user=postgres"]
        self.conf.write_text("\n".join(lines) + "\n")
        self.conf.chmod(0o640)
        self.process = None

    def locks(self):
        return sorted((self.home / "lock").glob("*.lock"))

    def serve(self, authority, auth, port):
        text = self.conf.read_text().replace("[global]", "\n".join([
            "[global]", "tls-server-address=127.0.0.1", f"tls-server-port={port}",
            *(f"tls-server-{name.replace('_', '-')}={path}"
              for name, path in authority.files("server").items()),
            *(f"tls-server-auth={entry}" for entry in auth)]))
        self.conf.write_text(text)
        self.port = port
        self.bench.started.append(self)  # Also a test that fails leaves no server behind.
        self.start()

    def start(self):
        self.process = lab.spawn([OURS, f"--config={self.conf}", "server"], self.home / "server.log")
        lab.wait_for(lambda: answers(self.port) or self.process.poll() is not None, "the server answers")
        expect(self.process.poll() is None, "the server runs", self.log())

    def log(self):
        return (self.home / "server.log").read_text(errors="replace")

    def stop(self, _mode=None):
        if self.process.poll() is None:
            lab.kill_group(self.process)
            self.process.wait()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        equal(self.process.wait(timeout=30), 0, "exit of the server")
        left = subprocess.run(["pgrep", "-f", f"{self.conf} server"], capture_output=True, text=True)
        equal(left.stdout, "", "processes of the server after its end")


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def over_ssh(bench, role, settings, **more):
    """Puts the repository or the cluster of the Lab behind the stand-in for ssh."""
    other = OtherHost(bench, settings, cluster=role == "pg")
    ssh = bench.dir / "ssh"
    lab.put_script(ssh, FAKE_SSH.format(log=bench.dir / "ssh.log"))
    bench.configure(cmd_ssh=ssh, **more)
    place = {f"{role}1-host": "other-host", f"{role}1-host-user": "somebody",
             f"{role}1-host-cmd": OURS, f"{role}1-host-config": other.conf}
    rewrite(bench, role, place)
    return other


def over_tls(bench, role, settings, auth=("client=demo",), names=("server", "client"), **more):
    """The same behind `pgbraid server`."""
    authority = Authority(bench.dir / "tls")
    for name in names:
        authority.issue(name)
    port = free_port()
    other = OtherHost(bench, settings, cluster=role == "pg")
    other.serve(authority, auth, port)
    bench.configure(**more)
    client = {f"{role}1-host-{name.replace('_', '-')}": path
              for name, path in authority.files("client").items()}
    rewrite(bench, role, {f"{role}1-host": "localhost", f"{role}1-host-type": "tls",
                          f"{role}1-host-port": port, f"{role}1-host-config": other.conf, **client})
    other.authority = authority
    return other


def rewrite(bench, role, place):
    """Adds where the repository or the cluster is; the repository's path is the other host's."""
    text = bench.conf.read_text()
    lines = "".join(f"{name}={value}\n" for name, value in place.items())
    if role == "repo":
        text = re.sub(r"repo1-path=.*\n", "", text).replace("[global]\n", "[global]\n" + lines)
    else:
        text = text.replace(f"[{STANZA}]\n", f"[{STANZA}]\n" + lines)
        text = re.sub(r"pg1-(socket-path|user)=.*\n", "", text)
    bench.conf.write_text(text)


def local_conf(bench):
    """A configuration of the machine that has the repository, for the peer to look with."""
    path = bench.dir / "look.conf"
    path.write_text(f"[global]\nrepo1-path={bench.repo}\nlock-path={bench.dir / 'look-lock'}\n"
                    f"log-level-file=off\n{bench.cipher}[{STANZA}]\npg1-path={bench.cluster.data}\n"
                    f"pg1-socket-path={bench.cluster.home}\npg1-user=postgres\n")
    path.chmod(0o640)
    return path


def look(bench, command, *words):
    return run([PEER, f"--config={local_conf(bench)}", f"--stanza={STANZA}", command, *words])


def verified(bench, label):
    """The peer finds this backup valid."""
    text = look(bench, "verify", "--output=text", "--verbose").text
    part = re.search(rf"backup: {label}, status: (\w+)", text)
    expect(part and part[1] == "valid", f"verify finds {label} valid", text)


def restored_equally(bench):
    """A restore by us and one by the peer from the repository itself give the same files."""
    ours = bench.restore(OURS, bench.dir / "r1", "--type=none")
    (bench.dir / "r2" / "pg").mkdir(parents=True, mode=0o700)
    (bench.dir / "r2" / "linked").mkdir(mode=0o700)
    look(bench, "restore", "--type=none", f"--pg1-path={bench.dir / 'r2' / 'pg'}", "--link-all",
         f"--tablespace-map-all={bench.dir / 'r2' / 'ts'}")
    trees.compare_trees(ours.home, bench.dir / "r2", "restored", ignored=trees.SIGNAL_FILES)
