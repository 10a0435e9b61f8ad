# A WAL segment that is on its way to the repository when something happens.
# SPDX-License-Identifier: MIT
import time

from lab import equal, expect, wait_for
from place import DATA, PG1, SPACE, log_of


class Pusher:
    """A segment that the test pushes itself, while PostgreSQL's archiver rests."""

    def __init__(self, site):
        self.site = site
        site.ready()
        self.first = site.archived()
        site.sql(PG1, "alter system set archive_command = 'false'")
        site.pg(PG1, "reload")
        time.sleep(1.5)
        self.name = site.sql(PG1, "select pg_walfile_name(pg_current_wal_lsn())")
        site.noise_table()
        site.sql(PG1, "select pg_switch_wal()")

    def start(self):
        """Begins the push over a slow wire."""
        site = self.site
        site.town.slow(PG1, "6mbit")
        process = site.spawn(PG1, "archive-push", f"{DATA}/pg_wal/{self.name}")
        place = site.town.outside(site.repo, f"{SPACE}/archive/{site.stanza}")
        wait_for(lambda: any(place.glob(f"*/*/{self.name}*")) or process.poll() is not None,
                 "the push begins", 30, 0.02)
        time.sleep(0.3)
        expect(process.poll() is None, "the push was caught in its middle", log_of(process))
        return process

    def archiver_back(self):
        """PostgreSQL pushes again; no segment is missing, none is there twice."""
        site = self.site
        site.full_speed()
        site.sql(PG1, "alter system reset archive_command")
        site.pg(PG1, "reload")
        # After a failure the archiver rests for up to a minute.
        last = site.archived(limit_s=100)
        site.no_gap(self.first, last)
        names = site.segments()
        equal(len(names), len(set(names)), "segments that are there once")
        site.clean(15)
        site.call(site.base, "backup")
        site.clean(15)
        site.valid()
