# Versions of pgBackRest that are not installed here, from ../shared/servers.
# SPDX-License-Identifier: MIT
import os
import re
import subprocess
import threading

import lab
from lab import Skip

FETCH_LIMIT_S = 300
# PostgreSQL of the Debian suite that has this version.
SUITES = {"2.55.1": "17", "2.60.0": "18"}

_fetching = threading.Lock()
_fetched = {}


def cache():
    """Kept between runs. The tests run as another user than what else fetches such programs."""
    return os.environ.get("PGBRAID_MATRIX", f"/var/tmp/pgbraid-matrix.{os.geteuid()}")


def later_peer(version):
    """The program; fetched into the cache on the first call."""
    script, major = lab.SHARED / "servers/pg-matrix.sh", SUITES[version]
    if not script.exists():
        raise Skip(f"'{script}' is missing")
    with _fetching:
        if version not in _fetched:  # Even a call that finds everything there takes half a minute.
            _fetched[version] = subprocess.run([script, cache(), major], capture_output=True,
                                               text=True, timeout=FETCH_LIMIT_S)
    done = _fetched[version]
    found = re.search(rf"^PG{major}_PGBACKREST=(.+)$", done.stdout, re.M)
    if not found:
        raise Skip(f"pgBackRest {version} was not to be had: {done.stderr.strip()[-300:]}")
    if f"PGBACKREST_VERSION={version}\n" not in done.stdout:
        raise Skip(f"the suite has another version by now: {done.stdout}")
    return found[1]
