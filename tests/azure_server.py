# A blob service for the tests: Azurite, by the scripts beside the project.
# SPDX-License-Identifier: MIT
"""Its package comes from npm once, and is kept between runs. Without it, and without a network, tests skip."""
import os
import pathlib
import shutil
import ssl
import urllib.parse
import urllib.request

import lab
from lab import Skip, run
from object_server import SERVERS, StoreServer, free_ports

START_LIMIT_S = 240  # with fetching the package
# Who has no network is to be told so soon.
NPM = {"npm_config_fetch_retries": "1", "npm_config_fetch_retry_mintimeout": "1000",
       "npm_config_update_notifier": "false"}


def cache():
    """Kept between runs. The tests run as another user than what else fetches such packages."""
    return pathlib.Path(os.environ.get("PGBRAID_AZURITE",
                                       f"/var/tmp/pgbraid-azurite.{os.geteuid()}"))


class BlobService(StoreServer):
    kind = "azure"
    needs = ("node", "npm", "openssl", "flock", "timeout")

    def __init__(self, home):
        missing = [one for one in self.needs if not shutil.which(one)]
        script = SERVERS / "start-azure.sh"
        if missing or not script.exists():
            raise Skip(f"no blob service: {', '.join(missing) or script} is missing")
        self.home = home
        self.home.mkdir(exist_ok=True)
        kept = cache()
        try:
            kept.mkdir(parents=True, exist_ok=True)
            (kept / "lock").touch()
        except OSError as problem:
            raise Skip(f"no blob service: there is no place for its package: {problem}")
        lab.SHARED_SERVERS.append(self)
        # Another run may be fetching the same. The service itself must not keep the lock.
        started = run(["flock", "--close", kept / "lock", "timeout", str(START_LIMIT_S),
                       "bash", script, home, str(free_ports(1))], codes=None,
                      env={"CACHE": str(kept), **NPM}, limit_s=3 * START_LIMIT_S)
        if started.code and not list(kept.glob("azurite-*/.done")):
            raise Skip("no blob service: its package was not to be had: "
                       + started.err.decode("utf-8", "replace").strip()[:300])
        lab.expect(started.code == 0, "the blob service starts", started)
        self.settings = dict(line.split("=", 1) for line in started.out.decode().splitlines()
                             if "=" in line)
        self.settings["AZURE_SAS"] = self.settings["AZURE_SAS"].strip("'")

    def options(self, path, **more):
        return {"repo1_type": "azure", "repo1_path": path,
                "repo1_azure_account": self.settings["AZURE_ACCOUNT"],
                "repo1_azure_container": self.settings["AZURE_CONTAINER"],
                "repo1_azure_key": self.settings["AZURE_KEY"],
                "repo1_azure_uri_style": "path",
                "repo1_storage_ca_file": self.settings["AZURE_CA"],
                "repo1_storage_host": self.settings["AZURE_HOST"],
                "repo1_storage_port": self.settings["AZURE_PORT"], **more}

    def shared_signature(self):
        """The options for a key that somebody signed, instead of that of the account."""
        return {"repo1_azure_key_type": "sas", "repo1_azure_key": self.settings["AZURE_SAS"]}

    def listed(self, prefix):
        """What the service itself lists below a prefix, past all of our code."""
        query = urllib.parse.urlencode({"restype": "container", "comp": "list", "prefix": prefix})
        url = (f"https://{self.settings['AZURE_HOST']}:{self.settings['AZURE_PORT']}"
               f"/{self.settings['AZURE_ACCOUNT']}/{self.settings['AZURE_CONTAINER']}"
               f"?{query}&{self.settings['AZURE_SAS']}")
        trusted = ssl.create_default_context(cafile=self.settings["AZURE_CA"])
        with urllib.request.urlopen(url, context=trusted, timeout=60) as answer:
            return answer.read().decode()
