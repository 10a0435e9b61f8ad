# `info` of chains, to the letter what pgBackRest 2.60.0 prints of the same made-up repositories.
# SPDX-License-Identifier: MIT
"""Blocks, references, links, tablespaces and databases as no real backup has them together."""
import random

from case import test
from info_test import Pair
from made_up import Stanza


class Told(Stanza):
    """Chains with something to tell of each backup."""

    def __init__(self, seed):
        super().__init__(seed)
        self.random = random.Random(seed + 1)
        for number, one in enumerate(self.backups):
            one["number"] = number
            one["blocks"] = self.random.random() < 0.4
            one["errors"] = self.random.random() < 0.3
            one["sizes"] = [self.random.randrange(1, 1 << self.random.randrange(5, 45))
                            for _ in range(6)]
            if self.random.random() < 0.5:
                self.add_links(one)
            if self.random.random() < 0.7:
                one["databases"] = self.databases()
            if one["errors"]:
                one["files"] = {
                    f"pg_data/base/5/{file}": {
                        "checksum": "58" * 20, "checksum-page": False,
                        "checksum-page-error": [0, [2, 4]], "repo-size": 1, "size": 65536,
                        "timestamp": 1} for file in range(self.random.randrange(1, 4))}
                one["paths"] = one.get("paths", []) + ["pg_data/base", "pg_data/base/5"]

    def databases(self):
        """One comes from a name that has to be quoted."""
        return {name: {"db-id": oid, "db-last-system-id": 4} for name, oid in
                (("template0", 4), ("template1", 1), ("postgres", 5), ("a b", 16384 + self.hour))}

    def add_links(self, one):
        """Of other links the peer is not followed: a file link under another name than its file it
        shows by that of the file, one in the root directory with two slashes."""
        one["targets"] = {
            "pg_data/far.conf": {"file": "far.conf", "path": "/etc/pg", "type": "link"},
            "pg_data/near.conf": {"file": "near.conf", "path": "../etc", "type": "link"},
            "pg_data/pg_stat": {"path": "/fast/stat", "type": "link"},
            "pg_tblspc/16400": {"path": "/space/ts", "tablespace-id": "16400",
                                "tablespace-name": "ts one", "type": "link"}}
        one["links"] = {"pg_data/far.conf": {"destination": "/etc/pg/far.conf"},
                        "pg_data/near.conf": {"destination": "../etc/near.conf"},
                        "pg_data/pg_stat": {"destination": "/fast/stat"},
                        "pg_data/pg_tblspc/16400": {"destination": "/space/ts"}}
        one["files"] = {name: {"size": 0, "timestamp": 1}
                        for name in ("pg_data/far.conf", "pg_data/near.conf")}
        one["paths"] = ["pg_data/pg_stat", "pg_data/pg_tblspc", "pg_tblspc", "pg_tblspc/16400",
                        "pg_tblspc/16400/PG_15_202209061"]

    def listed(self, one):
        size, delta, repo, repo_delta, of_map, map_delta = one["sizes"]
        line = {**super().listed(one), "backup-error": one["errors"],
                "backup-info-size": size, "backup-info-size-delta": delta,
                "backup-info-repo-size": repo, "backup-info-repo-size-delta": repo_delta,
                "backup-timestamp-start": 1767225600 + 3600 * one["number"],
                "backup-timestamp-stop": 1767225601 + 3600 * one["number"]}
        if one["blocks"]:
            line.update({"backup-info-repo-size-map": of_map,
                         "backup-info-repo-size-map-delta": map_delta})
        if one["start"]:
            line.update({"backup-lsn-start": "0/2000028", "backup-lsn-stop": "1/FFFFFF00"})
        if one["number"] % 3 == 0:
            line["backup-annotation"] = {"why": "number " + str(one["number"]), "a": "b"}
        return line


def compare(bench, seeds):
    pair = Pair(bench, unlike=len(set(seeds)) > 1)
    places = []
    for position, seed in enumerate(seeds, 1):
        places.append((bench.dir / f"repo{position}", {}))
        Told(seed).write(places[-1][0])
    pair.configure(*places)
    pair.ask_all_ways(f"of seeds {seeds}")


@test("info chains: text and JSON as pgBackRest 2.60.0 prints them", cluster=False)
def as_the_peer(bench):
    for seed in (2, 9):
        compare(bench, [seed])
    compare(bench, [2, 5])


@test("info chains: the same, many times", cluster=False, slow=True)
def as_the_peer_often(bench):
    for seed in range(20, 60):
        compare(bench, [seed])
    for seed in range(60, 70):
        compare(bench, [seed, seed + 1, seed])
