# The count of hostile inputs itself, and the page that it is published on.
# SPDX-License-Identifier: MIT
import pathlib
import re
import sys

import hostile
from case import test
from lab import equal, expect, run

TESTS = pathlib.Path(__file__).resolve().parents[1]
COUNTED = re.compile(r'(?:\bhostile\(|\bnote_hostile\("tried", )"([^"]+)"')


@test("hostile: tests/README.md lists the classes that tests count, and no others", cluster=False,
      root=True)
def classes(_):
    found = set()
    for path in TESTS.rglob("*"):
        if path.suffix in (".cpp", ".py") and path != pathlib.Path(__file__).resolve():
            found.update(COUNTED.findall(path.read_text()))
    page = (TESTS / "README.md").read_text()
    rows = re.findall(r"^\| ([^|]+?) +\| *(\d+) \| *(\d+) \|", page, re.M)
    equal({row[0] for row in rows if row[0] != "all"}, found, "classes")
    for column in (1, 2):
        numbers = {row[0]: int(row[column]) for row in rows}
        equal(numbers.pop("all"), sum(numbers.values()), "the sum of a column")


@test("hostile: tests/failures.md names tests that there are", cluster=False, root=True)
def failures(_):
    sources = "\n".join(path.read_text() for path in TESTS.rglob("*") if path.suffix in (".cpp", ".py"))
    named = [name for name in re.findall(r"`([^`]+)`", (TESTS / "failures.md").read_text())
             if re.match(r"[\w. -]+: ?", name)]
    expect(len(named) > 80, "names of tests", named)
    equal([name for name in named if f'"{name}' not in sources], [], "names of no test")


# An input that did no harm, one that did, and one that could not be tried.
INPUTS = """
import contextlib, hostile, lab
for outcome in (None, lab.Failure(), lab.Skip()):
    with contextlib.suppress(lab.Failure, lab.Skip), hostile.hostile("inputs", 3):
        if outcome:
            raise outcome
"""


@test("hostile: what does harm is an escape, what cannot be tried counts nothing", cluster=False,
      root=True)
def escapes(bench):
    count = bench.dir / "count"
    count.touch()
    run([sys.executable, "-B", "-c", INPUTS], cwd=TESTS, env={"PGBRAID_HOSTILE": str(count)})
    equal(hostile.counted(count), {"inputs": (6, 3)}, "tried and escaped")
