# Pages that tell what to type: their lines, and typing them word for word.
# SPDX-License-Identifier: MIT
import os
import re

import lab
from lab import OURS, PEER, expect, run

COMMANDS = r"(pgbraid|pgbackrest|psql|ln|rm|~/pgbackrest) "


def section_of(page, title):
    return page.read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]


def typed_lines(page, title):
    """The indented lines of one section of the page: what a reader types."""
    return [line.strip() for line in section_of(page, title).splitlines()
            if re.match(r" {4,}(?! )", line) and re.match(COMMANDS, line.strip())]


def settings_in(page, title):
    """What a reader writes into the configuration, as `Lab.configure` wants it."""
    found = re.findall(r"^ {4,}([a-z][a-z0-9-]+) = (.*)$", section_of(page, title), re.M)
    return {name: {"true": "y", "false": "n"}.get(value, value.strip('"')) for name, value in found}


def programs(bench):
    """Both programs under their names, finding the configuration where users have it by default."""
    place = bench.dir / "bin"
    if not place.exists():
        place.mkdir()
        lab.put_program(OURS, place / "pgbraid.real")
        for name, program in (("pgbraid", place / "pgbraid.real"), ("pgbackrest", PEER)):
            lab.put_script(place / name, f"#!/bin/sh\nPGBACKREST_CONFIG='{bench.conf}' exec {program} \"$@\"\n")
    return place


def type_lines(bench, page, title, instead=()):
    """Types the lines of a section as user postgres would; returns what each one said. `instead`: pairs
    of what a page cannot know, such as a time, and what is typed there."""
    place = programs(bench)
    home = bench.dir / "home"
    home.mkdir(exist_ok=True)
    env = {"HOME": str(home), "PATH": f"{place}:{os.environ['PATH']}", "PGHOST": str(bench.cluster.home),
           "PGUSER": "postgres", "PGDATABASE": "postgres", "PGBACKREST_CONFIG": str(bench.conf)}
    lines = typed_lines(page, title)
    expect(lines, f"section '{title}' has lines to type")
    said = {}
    for line in lines:
        # The server that runs archive_command has a PATH of its own.
        here = line if "alter system" not in line else re.sub(
            r"'(pgbraid|pgbackrest) ", lambda found: f"'{place}/{found[1]} ", line)
        here = here.replace("command -v pgbraid", f"echo {place}/pgbraid.real")
        for written, typed in instead:
            expect(written in here, f"the page has '{written}'", here)
            here = here.replace(written, typed)
        said[line] = run(["bash", "-c", here], env=env)
    return said


def start_as_installed(bench):
    """A server whose options are all in its files, where `alter system` can change them, and whose PATH has
    both programs."""
    bench.cluster.stop()
    bench.cluster.set_options(unix_socket_directories=f"'{bench.cluster.home}'")
    run([bench.cluster.programs / "pg_ctl", "-D", bench.cluster.data, "-l", bench.cluster.home / "server.log",
         "-t", "60", "-w", "start"], env={"PATH": f"{programs(bench)}:{os.environ['PATH']}"})
