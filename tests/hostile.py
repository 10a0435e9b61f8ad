#!/usr/bin/env python3
# Counts the hostile inputs that tests try, and those that did harm: escapes.
# SPDX-License-Identifier: MIT
"""usage: hostile.py show FILE      what was counted in a file: a line `hostile: ...` for each class
       hostile.py table FILE...  adds up such lines: a row for each class, a column for each file

Tests append to the file that PGBRAID_HOSTILE names, from any process: `tried` before an input is
tried, `held` once it has done no harm. What was tried and did not hold is an escape; a test that fails
or crashes at an input leaves one. The same lines come from unit tests (hostile.hpp). The classes are
those of tests/README.md.
"""
import collections
import contextlib
import os
import pathlib
import re
import sys

import lab


def note(what, kind, count):
    if path := os.environ.get("PGBRAID_HOSTILE"):
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"{what}\t{count}\t{kind}\n")


@contextlib.contextmanager
def hostile(kind, count=1):
    """Around a hostile input, or `count` of them, and all that shows that they did no harm. Also a
    decorator of a test that is one."""
    note("tried", kind, count)
    try:
        yield
    except lab.Skip:
        note("tried", kind, -count)
        raise
    note("held", kind, count)


def begin(path):
    """A file to count in, from now on."""
    pathlib.Path(path).touch()
    os.environ["PGBRAID_HOSTILE"] = str(path)


def counted(path):
    """class -> (tried, escapes), of what was counted in a file."""
    sums = collections.Counter()
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        what, count, kind = line.split("\t")
        sums[what, kind] += int(count)
    return {kind: (count, count - sums["held", kind])
            for (what, kind), count in sorted(sums.items()) if what == "tried" and count}


def show(path):
    """The lines that a runner prints before its summary."""
    for kind, (tried, escapes) in counted(path).items():
        print(f"hostile: {tried} {kind}, {escapes} escapes", flush=True)


def table(paths):
    """Adds up what runners printed: a row for each class, a column for each file."""
    paths = [path for path in map(pathlib.Path, paths) if path.stat().st_size]
    names = [path.name for path in paths]
    tried, escapes = collections.Counter(), collections.Counter()
    for path, name in zip(paths, names):
        for count, kind, bad in re.findall(r"^hostile: (\d+) (.*), (\d+) escapes$",
                                           path.read_text(encoding="utf-8"), re.M):
            tried[kind, name] += int(count)
            escapes[kind] += int(bad)
    if not escapes:
        return
    rows = [(kind, *(tried[kind, name] for name in names), escapes[kind])
            for kind in sorted(escapes)]
    rows.append(("all", *(sum(column) for column in list(zip(*rows))[1:])))
    wide = max(len(row[0]) for row in rows)
    print(f"{'hostile inputs':{wide}}" + "".join(f"{name:>9}" for name in (*names, "escapes")))
    for kind, *counts in rows:
        print(f"{kind:{wide}}" + "".join(f"{count:9}" for count in counts))


if __name__ == "__main__":
    {"show": lambda paths: show(*paths), "table": table}[sys.argv[1]](sys.argv[2:])
