# What a test is to run.py: a function, a name and a few marks.
# SPDX-License-Identifier: MIT
import dataclasses
import typing

CASES = []


@dataclasses.dataclass
class Case:
    name: str  # as printed: suite: what it shows
    folder: str  # name of its directory: socket paths have little room
    function: typing.Callable
    arguments: tuple
    cluster: bool  # whether the Lab comes with a copy of the template cluster
    slow: bool  # only with --all
    short: bool  # part of the short round that sanitizers run
    root: bool  # runs as root where the runner is root, skips elsewhere


def test(name, *arguments, cluster=True, slow=False, short=False, root=False):
    """Registers the function, called with a Lab and `arguments`."""
    def register(function):
        CASES.append(Case(name, f"{len(CASES):03}", function, arguments, cluster, slow, short,
                          root))
        return function
    return register
