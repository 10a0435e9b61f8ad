# A handful of simulated hosts (../shared/hosts) and what can be done to them.
# SPDX-License-Identifier: MIT
"""A `Town` is one lab of hosts.sh: hosts with an address, users, sshd and a disk.

What runs inside is seen from outside: `outside` says where a file of a host lies on this machine, and
its processes are ours with other numbers. So a test reads and signals without entering a host.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import time

import lab
from lab import expect

HOSTS_SH = lab.SHARED / "hosts/hosts.sh"
UP_LIMIT_S = 300
# First words of processes that belong to a host itself.
OWN_PROCESSES = ("sleep", "sshd:", "/usr/sbin/sshd")


def missing():
    """Why no town can be built here, or None."""
    if not HOSTS_SH.exists():
        return f"'{HOSTS_SH}' is missing"
    if os.getuid() != 0:
        return "simulated hosts take root"
    for program, package in (("/usr/sbin/sshd", "openssh-server"), ("ssh", "openssh-client"),
                             ("ip", "iproute2"), ("nsenter", "util-linux")):
        if not shutil.which(program):
            return f"'{program}' is missing: install the package '{package}'"
    trial = subprocess.run(["unshare", "--net", "--mount", "--pid", "--uts", "--ipc", "--fork",
                            "sh", "-c", "ip link add br0 type bridge"], stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, text=True)
    return f"no namespaces here: {trial.stderr.strip()}" if trial.returncode else None


class Process:
    """A process inside a host, by its number outside."""

    def __init__(self, pid, parent, argv):
        self.pid, self.parent, self.argv = pid, parent, argv

    def __str__(self):
        return f"{self.pid} (of {self.parent}): {' '.join(self.argv)[:300]}"

    def signal(self, number):
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            pass


class Town:
    """Hosts that run from `up` to `down`."""

    def __init__(self, directory, hosts, bare=False):
        self.dir, self.hosts, self.bare = pathlib.Path(directory), tuple(hosts), bare
        self.env = {"HOSTS_DIR": str(self.dir), "HOSTS_QUIET": "1"}
        self.mounts, self.slowed, self.dead = [], set(), set()

    def hosts_sh(self, *words, codes=(0,), **more):
        return lab.run([HOSTS_SH, *words], codes=codes, env=self.env, **more)

    def up(self):
        self.hosts_sh("up", "--hosts", " ".join(self.hosts), *(["--bare"] if self.bare else []),
                      limit_s=UP_LIMIT_S)
        return self

    def down(self):
        self.hosts_sh("down", codes=None, limit_s=UP_LIMIT_S)
        shutil.rmtree(self.dir, ignore_errors=True)

    # Files

    def disk(self, host):
        return self.dir / "h" / host / "disk"

    def outside(self, host, path):
        """Where a file of a host lies on this machine: as the host sees it while it runs."""
        first = self.init_pid(host)
        root = pathlib.Path(f"/proc/{first}/root") if namespace(first) else self.disk(host)
        return root / str(path).lstrip("/")

    def write(self, host, path, text, owner="root:644"):
        self.hosts_sh("write", host, path, owner,
                      stdin=text if isinstance(text, bytes) else text.encode())

    def install(self, program, name):
        self.hosts_sh("install", program, name)

    # Commands

    def exec_argv(self, host, argv, user="root", login=False):
        return [HOSTS_SH, "exec", host, "--user", user, *(["--login"] if login else []), "--", *argv]

    def exec(self, host, *argv, user="root", login=False, codes=(0,), **more):
        """Runs a command inside a host to its end."""
        return lab.run(self.exec_argv(host, argv, user, login), codes=codes, env=self.env, **more)

    def shell(self, host, line, user="root", codes=(0,), **more):
        return self.exec(host, "bash", "-c", line, user=user, codes=codes, **more)

    def spawn(self, host, argv, user, log_path):
        """Starts a command inside a host; its end is the end of the returned process."""
        with open(log_path, "wb") as log:
            return subprocess.Popen([str(word) for word in self.exec_argv(host, argv, user)],
                                    stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                    env={**os.environ, **self.env}, start_new_session=True)

    # Processes

    def init_pid(self, host):
        try:
            return int((self.dir / "h" / host / "pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None

    def processes(self, host):
        """Everything that runs inside a host, its first process left out."""
        first = self.init_pid(host)
        space = namespace(first) if first else None
        if not space:
            return []
        found = [process_of(int(name)) for name in os.listdir("/proc")
                 if name.isdigit() and int(name) != first and namespace(int(name)) == space]
        return [process for process in found if process]

    def kill_visitors(self, host):
        """Ends everything that did not come with the host itself."""
        for _ in range(100):
            rest = [process for process in self.processes(host)
                    if process.argv[0].split(" ")[0] not in OWN_PROCESSES
                    or process.parent != self.init_pid(host)]
            if not rest:
                return
            for process in rest:
                process.signal(signal.SIGKILL)
            time.sleep(0.02)
        expect(False, f"processes of {host} do not end", "\n".join(map(str, rest)))

    # Trouble

    def cut(self, *hosts):
        self.hosts_sh("cut", *hosts)

    def heal(self, *hosts):
        self.hosts_sh("heal", *hosts)

    def slow(self, host, rate):
        self.hosts_sh("slow", host, rate)
        self.slowed.add(host)

    def kill(self, host):
        """Power loss."""
        self.hosts_sh("kill", host)
        self.dead.add(host)
        self.slowed.discard(host)
        self.mounts = [(at, path) for at, path in self.mounts if at != host]

    def start(self, host):
        self.hosts_sh("start", host)
        self.dead.discard(host)

    def mount_small(self, host, path, size, owner):
        """Puts a file system of little room over a directory of a host."""
        self.shell(host, f"mkdir -p {path} && mount -t tmpfs -o size={size},mode=0750 none {path} "
                         f"&& chown {owner}: {path}")
        self.mounts.append((host, path))

    def unmount(self, host, path):
        self.exec(host, "umount", "-l", path, codes=None)
        self.mounts.remove((host, path))

    def calm(self):
        """Ends all trouble: every host runs, is connected, has its own disk and nothing else."""
        for host in sorted(self.dead):
            self.start(host)
        self.heal()
        for host in sorted(self.slowed):
            self.slow(host, "off")
        self.slowed.clear()
        for host in self.hosts:
            self.kill_visitors(host)
        for host, path in list(self.mounts):
            self.unmount(host, path)

    def wire_bytes(self, host):
        """(received, sent) on the host's network card."""
        text = self.exec(host, "cat", "/proc/net/dev").out.decode()
        words = next(line for line in text.splitlines() if "eth0:" in line).split(":")[1].split()
        return int(words[0]), int(words[8])


def namespace(pid):
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:
        return None


def process_of(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            state, parent = file.read().rsplit(")", 1)[1].split()[:2]
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            argv = [word.decode("utf-8", "replace") for word in file.read().split(b"\0")[:-1]]
    except OSError:
        return None
    # A zombie has no words; the host's first process reaps it in its own time.
    return Process(pid, int(parent), argv) if argv and state != "Z" else None
