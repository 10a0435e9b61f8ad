# The programs in their places, as `cmake --install` puts them.
# SPDX-License-Identifier: MIT
import os
import pathlib

import lab
from lab import FRONT, OURS, expect


def installed(bench):
    """Both programs in their places; returns the one that users call."""
    expect(os.access(FRONT, os.X_OK), f"'{FRONT}' is there: tools/build makes it")
    place = bench.dir / "installed"
    for program, target in ((FRONT, place / "bin"), (OURS, place / "libexec/pgbraid")):
        target.mkdir(parents=True)
        lab.put_program(program, target / "pgbraid")
    return str(place / "bin/pgbraid")


def full_of(front):
    return str(pathlib.Path(front).parents[1] / "libexec/pgbraid/pgbraid")
