# What is expected of commands that lose the other host.
# SPDX-License-Identifier: MIT
from lab import expect
from place import DATA, IS_PEER, NOTICE_S

# How a command ends that lost its link: the protocol's error, or ssh's own end.
LOST = {"ssh": (39, 125), "tls": (39, 49)}
SHORT_S = 3  # A cut that is no more than a hiccup.


def lost(site, *more):
    return tuple(range(1, 127)) if IS_PEER else (*LOST[site.transport], *more)


def end_limit_s():
    """How long a command may go on after its link broke. pgBackRest has several limits one by one."""
    return 150 if IS_PEER else NOTICE_S


def names_host(ended, host):
    told = "".join(line for line in ended.text.splitlines() if "ERROR" in line or "WARN" in line)
    expect(IS_PEER or host in told, f"the error names {host}", ended)


def boot(site, host):
    site.town.start(host)
    site.start_server(host)


def not_startable(site, host):
    expect(not site.town.outside(host, f"{DATA}/global/pg_control").exists(), "there is no pg_control")
