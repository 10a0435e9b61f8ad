# Real object stores for the tests, by the scripts beside the project.
# SPDX-License-Identifier: MIT
"""One server of a kind serves all tests of a run, each below a path of its own."""
import random
import re
import shutil
import socket
import subprocess
import threading
import urllib.parse

import lab
from lab import Skip, run

SERVERS = lab.SOURCE.parent / "shared/servers"
START_LIMIT_S = 180
REQUEST = re.compile(r'beast: .*"(GET|PUT|POST|HEAD|DELETE) (\S+)')
OBJECT = re.compile("<Key>(.*?)</Key>.*?<ETag>(.*?)</ETag>")

_lock = threading.Lock()
_started = {}


def free_ports(count):
    """The first of so many ports in a row that nobody listens on."""
    for _ in range(100):
        first = random.randrange(20000, 30000)
        probes = []
        try:
            for port in range(first, first + count):
                probes.append(socket.create_server(("127.0.0.1", port)))
            return first
        except OSError:
            continue
        finally:
            for one in probes:
                one.close()
    raise Skip("there are no free ports for an object store")


class StoreServer:
    """What a script starts; `settings` is what it prints."""
    kind = ""  # of the scripts' names
    needs = ()  # programs
    ports = 1
    environment = {}

    def __init__(self, home):
        missing = [one for one in self.needs if not shutil.which(one)]
        script = SERVERS / f"start-{self.kind}.sh"
        if missing or not script.exists():
            raise Skip(f"no object store: {', '.join(missing) or script} is missing")
        self.home = home
        self.home.mkdir()
        lab.SHARED_SERVERS.append(self)
        words = [f"{name}={value}" for name, value in self.environment.items()]
        started = run(["env", *words, "bash", script, self.home, str(free_ports(self.ports))],
                      limit_s=START_LIMIT_S)
        self.settings = dict(line.split("=", 1) for line in started.out.decode().splitlines()
                             if "=" in line)

    def stop(self):
        subprocess.run(["bash", SERVERS / f"stop-{self.kind}.sh", self.home],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Gateway(StoreServer):
    """Ceph's object gateway."""
    kind = "s3"
    needs = ("ceph-mon", "ceph-osd", "radosgw", "ceph-authtool", "monmaptool", "uuidgen", "openssl")
    ports = 24

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

    def requests(self):
        """Method and target of each so far, as the gateway's log has them."""
        log = (self.home / "client.admin.log").read_text(errors="replace")
        return REQUEST.findall(log)

    def locked_bucket(self):
        """The name of one that keeps what is overwritten or removed, and where versions can be locked."""
        self.ask("PUT", "", bucket="pgbraid-locked", header="x-amz-bucket-object-lock-enabled:true")
        return "pgbraid-locked"

    def objects(self, prefix):
        """What lies below a prefix, past all of our code: key -> tag."""
        found, way_on = {}, ""
        while way_on is not None:
            page = self.ask("GET", "", f"?list-type=2&prefix={urllib.parse.quote(prefix)}{way_on}").text
            lab.expect(page.startswith("200"), "the bucket is listed", page)
            found.update(OBJECT.findall(page))
            next_page = re.search("<NextContinuationToken>(.*?)</NextContinuationToken>", page)
            way_on = f"&continuation-token={urllib.parse.quote(next_page[1])}" if next_page else None
        return found

    def ask(self, method, key, query="", bucket=None, header=None):
        """The answer of the bucket itself, past all of our code."""
        words = ["--endpoint", f"https://{self.settings['S3_ENDPOINT']}:{self.settings['S3_PORT']}",
                 "--connect", f"{self.settings['S3_HOST']}:{self.settings['S3_PORT']}",
                 "--ca", self.settings["S3_CA"], "--key", self.settings["S3_KEY"],
                 "--secret", self.settings["S3_SECRET"]]
        target = f"/{bucket or self.settings['S3_BUCKET']}{'/' + key if key else ''}{query}"
        words += ["-H", header] if header else []
        return run(["python3", SERVERS / "s3ctl.py", *words, method, target], codes=None)


class CloudStorage(StoreServer):
    """A strict stand-in for Google's, with pages of lists that are soon full."""
    kind = "gcs"
    needs = ("python3", "openssl")
    environment = {"PAGE": "50"}

    def options(self, path, **more):
        return {"repo1_type": "gcs", "repo1_path": path,
                "repo1_gcs_bucket": self.settings["GCS_BUCKET"],
                "repo1_gcs_endpoint": f"{self.settings['GCS_HOST']}:{self.settings['GCS_PORT']}",
                "repo1_gcs_key": self.settings["GCS_KEY_FILE"],
                "repo1_storage_ca_file": self.settings["GCS_CA"], **more}


def store(bench, kind):
    """The one of this run; starts it."""
    with _lock:
        known = _started.get(kind)
        if isinstance(known, Skip):
            raise known
        if known is None:
            try:
                known = _started[kind] = kind(bench.root / f"store-{kind.__name__}")
            except Skip as skip:
                _started[kind] = skip
                raise
        return known


def gateway(bench):
    return store(bench, Gateway)
