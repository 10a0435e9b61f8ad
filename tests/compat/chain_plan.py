# What a seed makes of a chain of backups: values, drawn before anything runs.
# SPDX-License-Identifier: MIT
import dataclasses
import random

from lab import TYPES

# What a release knows since when; blocks of 2.44 and 2.45 are of a format of their own.
SINCE = {"bundle": (2, 38), "annotation": (2, 41), "verify": (2, 44), "block": (2, 46),
         "no signal": (2, 47), "bad pages refused": (2, 60)}
LEVELS = {"none": (0,), "gz": (1, 3, 6), "lz4": (1, 6), "zst": (1, 3, 9), "bz2": (1, 9)}
CHANGES = {  # what may happen between two backups, and how often
    "update": 6, "insert": 6, "delete": 3, "truncate": 2, "create_table": 3, "drop_table": 2,
    "empty_table": 2, "shrink_table": 3, "vacuum_full": 2, "unlogged": 2, "new_tablespace": 1, "move_table": 2,
    "create_database": 1, "drop_database": 1, "checkpoint": 3, "hand_new": 4, "hand_sly": 4,
    "hand_rewrite": 4, "hand_grow": 3, "hand_shrink": 3, "hand_empty": 2, "hand_delete": 2,
    "hand_mode": 2, "hand_touch": 2, "hand_future": 1, "hand_folder": 2, "hand_link": 1,
    "hand_aged": 3, "hand_swap": 1}
DIES_OF_BAD_PAGES = ("2.55.1",)  # where it would list them
STOPPED_CHANGES = {"bad_page": 3, "misaligned": 1, "drop_bad": 1}


@dataclasses.dataclass
class Repository:
    cipher: bool
    bundle: bool
    limit: str  # of the size of a bundled file; empty: the default
    size: str  # of a bundle
    block: bool
    hardlink: bool  # pgBackRest fails where some of the backups it links to have bundles


@dataclasses.dataclass
class Backup:
    ours: bool  # who writes it
    kind: str
    repo: int
    compress: str
    level: int
    bundle: bool
    block: bool
    hardlink: bool
    archive_copy: bool
    checksum_page: str  # "", "y" or "n"
    delta: bool
    online: bool
    busy: bool  # whether data change while it runs
    processes: int
    annotation: str
    remote: bool  # the cluster is that of another host, where we write
    killed: str  # who began the same and was killed first: "", "ours" or "peer"
    killed_after_s: float


@dataclasses.dataclass
class Step:
    changes: tuple
    stopped_changes: tuple  # those for which PostgreSQL has to stop
    backup: Backup
    later: tuple  # changes after the backup
    ours_pushes: bool  # who archives from here on, if PostgreSQL is started anew
    rewind: str  # before the changes: "", "latest", "mark": restored in place, a new timeline
    ours_rewinds: bool
    judged: bool


@dataclasses.dataclass
class Plan:
    seed: int
    version: str
    page_checksums: bool
    repositories: list
    steps: list
    retention: tuple  # of full and diff backups at the end; 0: none

    def told(self):
        lines = [f"seed {self.seed}, peer {self.version}, page checksums {self.page_checksums}"]
        lines.append(f"retention of full and diff at the end: {self.retention}")
        lines += [f"repo{key}: {repo}" for key, repo in enumerate(self.repositories, 1)]
        for number, step in enumerate(self.steps, 1):
            lines.append(f"step {number}: {step}")
        return "\n".join(lines)


def knows(version, what):
    return tuple(map(int, version.split(".")[:2])) >= SINCE[what]


def draw(seed, version):
    """The plan of this seed: always the same."""
    dice = random.Random(f"{version} {seed}")
    repositories = [_repository(dice, version) for _ in range(dice.choice((1, 1, 1, 2)))]
    style = {"compress": dice.choice(TYPES), "level": None, "ours": dice.random() < 0.5}
    style["level"] = dice.choice(LEVELS[style["compress"]])
    count = dice.randint(4, 8)
    judged = {count, dice.randint(2, count - 1)}
    steps = [_step(dice, version, repositories, style, number, number in judged)
             for number in range(1, count + 1)]
    return Plan(seed, version, dice.random() < 0.8, repositories, steps,
                (dice.choice((1, 1, 2)), dice.choice((0, 1, 2))))


def _repository(dice, version):
    bundle = knows(version, "bundle") and dice.random() < 0.6
    return Repository(cipher=dice.random() < 0.5, bundle=bundle,
                      limit=dice.choice(("", "", "8KiB", "64KiB", "512KiB")),
                      size=dice.choice(("", "", "1MiB")),
                      block=bundle and knows(version, "block") and dice.random() < 0.6,
                      hardlink=not bundle and dice.random() < 0.5)


def _several(dice, weighed, most):
    return tuple(dice.choices(list(weighed), list(weighed.values()), k=dice.randint(1, most)))


def _step(dice, version, repositories, style, number, judged):
    changed = dice.random() < 0.25 and version not in DIES_OF_BAD_PAGES
    rewind = dice.choice(("latest", "mark")) if number > 1 and dice.random() < 0.1 else ""
    return Step(changes=_several(dice, CHANGES, 4),
                stopped_changes=_several(dice, STOPPED_CHANGES, 1) if changed else (),
                backup=_backup(dice, version, repositories, style, number),
                later=_several(dice, CHANGES, 2) if dice.random() < 0.6 else (),
                ours_pushes=dice.random() < 0.5, rewind=rewind, ours_rewinds=dice.random() < 0.5,
                judged=judged)


def _backup(dice, version, repositories, style, number):
    repo = number if number <= len(repositories) else dice.randint(1, len(repositories))
    where = repositories[repo - 1]
    if number <= len(repositories):
        kind = dice.choice(("full", "full", "full", "incr", "diff"))
    else:
        kind = dice.choice(("full", "diff", "diff", "diff", "incr", "incr", "incr", "incr"))
    style["ours"] = style["ours"] == (dice.random() < 0.15)  # mostly the other one
    compress, level = style["compress"], style["level"]
    if dice.random() < 0.1:
        compress = dice.choice(TYPES)
        level = dice.choice(LEVELS[compress])
    # Where pgBackRest leaves bundles off later, it refers to empty files that bundles do not hold.
    bundle = where.bundle and not (style["ours"] and dice.random() < 0.15)
    block = bundle and where.block != (knows(version, "block") and dice.random() < 0.08)
    online = dice.random() < 0.85
    return Backup(
        ours=style["ours"], kind=kind, repo=repo, compress=compress, level=level, bundle=bundle,
        block=block, hardlink=where.hardlink and dice.random() < 0.6,
        archive_copy=online and dice.random() < 0.2,
        checksum_page=dice.choice(("", "", "", "y", "n")), delta=dice.random() < 0.25,
        online=online, busy=online and dice.random() < 0.25, processes=dice.randint(1, 3),
        annotation=dice.choice(("", "", "a note", "quote \" and = sign"))
        if knows(version, "annotation") else "",
        remote=dice.random() < 0.25, killed=dice.choice(("",) * 10 + ("ours", "peer")),
        killed_after_s=dice.uniform(0.2, 2))


def words(backup, repository):
    """The options of the backup as words of the command line."""
    key = backup.repo
    said = [f"--type={backup.kind}", f"--repo={key}", f"--compress-type={backup.compress}",
            f"--process-max={backup.processes}"]
    if backup.compress != "none":
        said.append(f"--compress-level={backup.level}")
    if backup.bundle:
        said.append(f"--repo{key}-bundle")
        said += [f"--repo{key}-bundle-limit={repository.limit}"] if repository.limit else []
        said += [f"--repo{key}-bundle-size={repository.size}"] if repository.size else []
    said += [f"--repo{key}-block"] if backup.block else []
    said += [f"--repo{key}-hardlink"] if backup.hardlink else []
    said += ["--archive-copy"] if backup.archive_copy else []
    if backup.checksum_page:
        said.append("--checksum-page" if backup.checksum_page == "y" else "--no-checksum-page")
    said += ["--delta"] if backup.delta else []
    said += [] if backup.online else ["--no-online"]
    if backup.annotation:
        said.append(f"--annotation=made={backup.annotation}")
    return said
