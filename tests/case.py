# What a test is to run.py: a function, a name and a few marks.
# SPDX-License-Identifier: MIT
import dataclasses
import typing

CASES = []


@dataclasses.dataclass
class Case:
    name: str  # as printed: suite: what it shows
    short: str  # name of its directory: socket paths have little room
    function: typing.Callable
    arguments: tuple
    cluster: bool  # whether the Lab comes with a copy of the template cluster
    slow: bool  # only with --all
    root: bool  # runs as root where the runner is root, skips elsewhere


def test(name, *arguments, cluster=True, slow=False, root=False):
    """Registers the function, called with a Lab and `arguments`. May be stacked for a matrix."""
    def register(function):
        CASES.append(Case(name, f"{len(CASES):03}", function, arguments, cluster, slow, root))
        return function
    return register
