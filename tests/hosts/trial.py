# What a test on simulated hosts is to run.py: a function, a name and a few marks.
# SPDX-License-Identifier: MIT
import dataclasses
import typing

TRIALS = []
# How a program reaches the repository host. A third one is "sftp": the program runs on the
# PostgreSQL hosts alone, and the repository lies on an SFTP server.
TRANSPORTS = ("ssh", "tls")


@dataclasses.dataclass
class Trial:
    name: str  # as printed: suite: what it shows (transport)
    function: typing.Callable
    arguments: tuple
    transport: str
    bare: bool  # on machines fresh from the installer, without users and keys
    ci: bool  # one of the few that run without --all
    ours: bool  # asks for what only ours promises


def trial(name, *arguments, transports=TRANSPORTS, bare=False, ci=(), ours=False):
    """Registers the function, called with a Site and `arguments`, once per transport.

    ci: the transports for which it runs without --all."""
    def register(function):
        for transport in transports:
            TRIALS.append(Trial(f"{name} ({transport})", function, arguments, transport, bare,
                                transport in ci, ours))
        return function
    return register
