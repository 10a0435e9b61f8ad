# A real object store for the tests: Ceph's gateway, by the scripts beside the project.
# SPDX-License-Identifier: MIT
"""One gateway serves all tests of a run, each below a path of its own in the same bucket."""
import random
import shutil
import socket
import subprocess
import threading

import lab
from lab import Skip, run

SERVERS = lab.SOURCE.parent / "shared/servers"
PACKAGES = ("ceph-mon", "ceph-osd", "radosgw", "ceph-authtool", "monmaptool", "uuidgen", "openssl")
START_LIMIT_S = 180
PORTS = 24  # from the first

_lock = threading.Lock()
_gateway = None


def free_ports():
    """The first of so many ports in a row that nobody listens on."""
    for _ in range(100):
        first = random.randrange(20000, 30000)
        probes = []
        try:
            for port in range(first, first + PORTS):
                probes.append(socket.create_server(("127.0.0.1", port)))
            return first
        except OSError:
            continue
        finally:
            for one in probes:
                one.close()
    raise Skip("there are no free ports for an object store")


class Gateway:
    def __init__(self, home):
        missing = [one for one in PACKAGES if not shutil.which(one)]
        script = SERVERS / "start-s3.sh"
        if missing or not script.exists():
            raise Skip(f"no object store: {', '.join(missing) or script} is missing")
        self.home = home
        self.home.mkdir()
        lab.SHARED_SERVERS.append(self)
        started = run(["bash", script, self.home, str(free_ports())], limit_s=START_LIMIT_S)
        self.settings = dict(line.split("=", 1) for line in started.out.decode().splitlines()
                             if "=" in line)

    def stop(self):
        subprocess.run(["bash", SERVERS / "stop-s3.sh", self.home], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def options(self, path, **more):
        return {"repo1_type": "s3", "repo1_path": path,
                "repo1_s3_bucket": self.settings["S3_BUCKET"],
                "repo1_s3_endpoint": self.settings["S3_ENDPOINT"],
                "repo1_s3_region": self.settings["S3_REGION"],
                "repo1_s3_key": self.settings["S3_KEY"],
                "repo1_s3_key_secret": self.settings["S3_SECRET"],
                "repo1_s3_uri_style": "path",
                "repo1_storage_ca_file": self.settings["S3_CA"],
                "repo1_storage_host": self.settings["S3_HOST"],
                "repo1_storage_port": self.settings["S3_PORT"], **more}

    def ask(self, method, key, query=""):
        """The answer of the bucket itself, past all of our code."""
        words = ["--endpoint", f"https://{self.settings['S3_ENDPOINT']}:{self.settings['S3_PORT']}",
                 "--connect", f"{self.settings['S3_HOST']}:{self.settings['S3_PORT']}",
                 "--ca", self.settings["S3_CA"], "--key", self.settings["S3_KEY"],
                 "--secret", self.settings["S3_SECRET"]]
        target = f"/{self.settings['S3_BUCKET']}{'/' + key if key else ''}{query}"
        return run(["python3", SERVERS / "s3ctl.py", *words, method, target], codes=None)


def gateway(bench):
    """The one of this run; starts it."""
    global _gateway
    with _lock:
        if isinstance(_gateway, Skip):
            raise _gateway
        if _gateway is None:
            try:
                _gateway = Gateway(bench.root / "object-store")
            except Skip as skip:
                _gateway = skip
                raise
        return _gateway
