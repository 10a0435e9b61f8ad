# Versions of pgBackRest and PostgreSQL that are not installed here, from ../shared/servers.
# SPDX-License-Identifier: MIT
import os
import pathlib
import re
import subprocess
import threading

import lab
from lab import Skip

FETCH_LIMIT_S = 300
# The Debian suite that has this version, and the PostgreSQL there.
SUITES = {"2.33": ("bullseye", "13"), "2.45": ("bookworm", "15"), "2.55.1": ("trixie", "17"),
          "2.60.0": ("sid", "18")}

_fetching = threading.Lock()
_fetched = {}


def cache():
    """Kept between runs. The tests run as another user than what else fetches such programs."""
    return os.environ.get("PGBRAID_MATRIX", f"/var/tmp/pgbraid-matrix.{os.geteuid()}")


def later_peer(version):
    """The program; fetched into the cache on the first call."""
    script, (suite, major) = lab.SHARED / "servers/pg-matrix.sh", SUITES[version]
    # Asking the script takes half a minute, even where it finds everything.
    there = pathlib.Path(cache(), suite, "usr/bin/pgbackrest")
    if says_version(there, version):
        return str(there)
    if not script.exists():
        raise Skip(f"'{script}' is missing")
    with _fetching:
        if version not in _fetched:
            _fetched[version] = subprocess.run([script, cache(), major], capture_output=True,
                                               text=True, timeout=FETCH_LIMIT_S)
    done = _fetched[version]
    found = re.search(rf"^PG{major}_PGBACKREST=(.+)$", done.stdout, re.M)
    if not found:
        raise Skip(f"pgBackRest {version} was not to be had: {done.stderr.strip()[-300:]}")
    if f"PGBACKREST_VERSION={version}\n" not in done.stdout:
        raise Skip(f"the suite has another version by now: {done.stdout}")
    return found[1]


def says_version(program, version):
    """Whether the program is there, runs and is this version of pgBackRest."""
    try:
        return lab.run([program, "version"], codes=None).out.split()[-1:] == [version.encode()]
    except OSError:
        return False


def its_postgresql(program):
    """The folder with the programs of PostgreSQL that came along with a `later_peer`."""
    return next((pathlib.Path(program).parent.parent / "lib/postgresql").glob("*/bin"))
