# How far repositories are behind, what waited too long, and what is said of WAL that is given up.
# SPDX-License-Identifier: MIT
import os
import time

import lab
from case import test
from hostile import hostile
from journaled import ASYNC, SYNC, down, due, gaps, journal, kept, make, push, two, up
from lab import OURS, STANZA, equal, expect
from spooled import archived, idle
from wal_files import make_wal, segment

MIB = 1 << 20


def archive_lag(bench):
    """What `info` tells of each repository, whether it is asked for the stanza or for all; nothing while none is behind."""
    of_all = lab.run([OURS, f"--config={bench.conf}", "info", "--output=json"]).json()[0].get("archive-lag", [])
    of_one = bench.ours("info", "--output=json").json()[0].get("archive-lag", [])
    for told in (of_all, of_one):
        expect(all((one["age"] is None) == (one["wal"] is None) for one in told), "ages", told)
    equal([one["count"] for one in of_all], [one["count"] for one in of_one], "with --stanza or not")
    return of_one


def lags(bench):
    """Of each repository: how many segments it lacks."""
    return {one["repo-key"]: one["count"] for one in archive_lag(bench)}


@test("lag: info tells which repository is behind, and how far", short=True)
def behind(bench):
    two(bench, **SYNC)
    equal(lags(bench), {}, "nothing is archived yet")
    made = list(make(bench, range(1, 3)))
    for name in made:
        push(bench, name)
    equal(lags(bench), {}, "all have it")
    expect("archived so far" not in bench.ours("info").text, "nobody is behind")
    down(bench)
    made += make(bench, range(3, 7))
    for name in made[2:]:
        push(bench, name)
    up(bench)
    stored = next((bench.dir / "repo2/archive" / STANZA).glob(f"*/*/{made[1]}-*"))
    os.utime(stored, (time.time() - 7300, time.time() - 7300))
    equal(lags(bench), {1: 0, 2: 4}, "behind the other one")
    told = archive_lag(bench)[1]
    equal([told["wal"], told["newest"], told["size"]], [made[1], made[5], 4 * MIB], "which")
    expect(7300 <= told["age"] < 8000, "its age", told)
    words = bench.ours("info").text
    expect(f"repo2: {made[1]}, stored " in words and
           f" (2h ago), 4 segment(s) (4MB) behind {made[5]}\n" in words, "in words", words)
    # Without the cluster the archives are compared with each other.
    bench.configure(pg1_path="/nowhere")
    equal(lags(bench), {1: 0, 2: 4}, "without the cluster")
    bench.configure(pg1_path=bench.cluster.data)


@test("lag: behind what the cluster has completed, whoever is asked")
def behind_cluster(bench):
    two(bench, **SYNC)
    made = list(make(bench, range(1, 6)))
    push(bench, made[0])
    equal(lags(bench), {1: 4, 2: 4}, "behind the cluster")
    # An archive of another cluster is not compared with it.
    control = bench.cluster.data / "global/pg_control"
    content = control.read_bytes()
    control.write_bytes(b"\x01" * 8 + content[8:])
    equal(lags(bench), {}, "a pg_control that cannot be trusted")
    control.write_bytes(content)
    (bench.cluster.data / "pg_wal/archive_status").chmod(0)
    try:
        equal(lags(bench), {}, "what may not be looked at")
    finally:
        (bench.cluster.data / "pg_wal/archive_status").chmod(0o700)


@test("lag: check tells where WAL ends, and warns of who is behind")
def checked(bench):
    bench.ready(repo2_path=bench.dir / "repo2", **SYNC)
    said = bench.ours("check", "--log-level-console=info").text
    last = sorted(archived(bench))[-1]
    for repo in (1, 2):
        expect(f"INFO: repo{repo}: WAL is archived up to {last}, stored " in said, "where it ends", said)
    # It takes no WAL now, and may be looked at.
    (journal(bench)).mkdir(parents=True, exist_ok=True, mode=0o750)
    (journal(bench) / "hold").write_text(f"9 {int(time.time())} {int(time.time()) + 100}\nnot now")
    said = bench.ours("check", "--archive-timeout=5").text
    expect(f"WARN: repo2: WAL is archived up to {last}, stored " in said and
           "1 segment(s) (1MB) behind 0" in said, "who is behind", said)
    expect("WARN: repo1" not in said, "repo1 is not behind", said)


@test("journal: what waits longer than archive-journal-max-age is a gap, others go on", SYNC, short=True)
@test("journal: the same, asynchronously", ASYNC)
def too_old(bench, settings):
    two(bench, **settings, archive_journal_max_age="1h")
    made = make(bench, range(1, 4))
    names = list(made)
    down(bench)
    for name in names:
        push(bench, name)
        idle(bench)
    equal(kept(bench), names, "kept")
    long_ago = time.time() - 3700
    for path in journal(bench).glob("0*-*"):
        if not path.name.startswith(names[2]):
            os.utime(path, (long_ago, long_ago))
    up(bench)
    due(bench)
    made.update(make(bench, (4,)))
    ended = push(bench, segment(4))
    idle(bench)
    if settings is SYNC:
        expect(f"WARN: repo2 will have a gap: 2 WAL file(s) from '{names[0]}' to '{names[1]}'" in ended.text,
               "told", ended)
    equal(gaps(bench), [f"{names[0]}-{names[1]}.gap"], "gaps")
    equal(kept(bench), [], "kept")
    equal(sorted(archived(bench, "repo2")), [names[2], segment(4)], "repo2")
    equal(archived(bench), made, "repo1 has all")


@test("queue: no gap in a repository that has the file already")
def has_it(bench):
    two(bench, compress_type="lz4", archive_push_queue_max="2MiB")
    name, *others = make(bench, range(1, 3))
    down(bench)
    push(bench, name, codes=(104,))
    others += make(bench, range(3, 5))
    ended = push(bench, name, recycle=False)
    expect(f"dropped WAL file '{name}'" in ended.text, "told", ended)
    equal(gaps(bench, 1), [], "gaps of repo1")
    equal(gaps(bench, 2), [f"{name}-{name}.gap"], "gaps of repo2")


@test("queue: a gap that cannot be noted is told", short=True)
def cannot_note(bench):
    two(bench, compress_type="lz4", archive_push_queue_max="2MiB")
    journal(bench, 1).mkdir(parents=True, mode=0o750)
    journal(bench, 1).chmod(0o777)
    name = list(make(bench, range(1, 4)))[0]
    ended = push(bench, name)
    expect(f"WARN: repo1 will miss WAL from {name} to {name}" in ended.text, "told", ended)
    equal(gaps(bench, 2), [f"{name}-{name}.gap"], "gaps of repo2")


@test("journal: a link with the name of WAL is passed over, and told")
@hostile("links that lead elsewhere")
def link(bench):
    two(bench, **SYNC)
    made = make(bench, range(1, 3))
    down(bench)
    push(bench, segment(1))
    path = next(journal(bench).glob("0*-*"))
    secret = bench.dir / "secret"
    path.rename(secret)
    path.symlink_to(secret)
    expect(f"WARN: '{path.name}' in its journal is no regular file" in
           f"{bench.ours('check', codes=None).text}".replace("repo2: ", ""), "check tells")
    up(bench)
    due(bench)
    ended = push(bench, segment(2))
    equal(ended.text.count(f"'{path.name}' in '"), 1, "how often it is told")
    equal(archived(bench, "repo2"), {segment(2): made[segment(2)]}, "repo2")


@test("push: WAL without PostgreSQL's header is told once, with the option", ASYNC, short=True)
@hostile("WAL segments", 4)
def encrypted_wal(bench, settings):
    (bench.dir / "log").mkdir(mode=0o750)
    two(bench, **{**settings, "archive_require": None}, process_max=4, log_level_file="info")
    names = list(make(bench, range(1, 5)))
    for name in names:
        make_wal(bench, name, b"secret", magic=0x1234)
    ended = push(bench, names[0], codes=(46,))
    expect("has no header of PostgreSQL's: unexpected WAL magic 4660" in ended.text and
           "archive-header-check=n" in ended.text, "told", ended)
    idle(bench)
    log = (bench.dir / "log" / f"{STANZA}-archive-push-async.log").read_text()
    # Who asks may start another run when the first has ended before its answer was seen.
    runs = log.count("archive-push:async command begin")
    expect(1 <= log.count("archive-header-check=n") <= runs, "the option is named once in a run", log)
    bench.configure(archive_header_check="n")
    for name in names:
        push(bench, name, recycle=False)
    idle(bench)
    equal(sorted(archived(bench)), names, "archived")
    target = bench.dir / "got"
    bench.call(OURS, "archive-get", names[0], target)
    equal(lab.sha1(target), lab.sha1(bench.cluster.data / "pg_wal" / names[0]), "content")
