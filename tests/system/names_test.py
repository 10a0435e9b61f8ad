# Names that a manifest cannot hold, and files of a cluster that have names of ours.
# SPDX-License-Identifier: MIT
import os

import crafted
import lab
from case import test
from hostile import hostile
from lab import equal, expect

LINE_FEED = "line\nfeed"
# All of them can stand in a manifest; the peer and we find them again.
ODD_DATABASES = ["a=b", "a={}", "[section]", " lead", "trail ", "#comment", "tab\there", "cr\rhere",
                 'a="', "back\\slash", "=[1]"]


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def databases_of(manifest):
    """The names in [db], found as readers find them."""
    text = manifest.read_bytes().decode()
    section = text.split("\n[db]\n", 1)[1].split("\n\n", 1)[0]
    return {crafted.split_key(line)[0] for line in section.split("\n")}


@test("names: a backup of a cluster with any names is one, for us and for pgBackRest")
@hostile("control characters and line feeds", 3)
def any_names(bench):
    bench.ready()
    cluster = bench.cluster
    for name in [LINE_FEED, *ODD_DATABASES]:
        cluster.sql(f"create database {quoted(name)} template template0")
    cluster.sql("create table inside as select 42 as answer", database=LINE_FEED)
    (cluster.data / "base" / "5" / "file\nname").write_bytes(b"x")
    (cluster.data / "path\nname").mkdir()
    (cluster.data / "path\nname" / "inside").write_bytes(b"x")
    ended = bench.ours("backup")
    expect("WARN: database 'line\\x0afeed' is backed up" in ended.text, "a database is named", ended)
    for path in ("base/5/file\\x0aname'", "path\\x0aname'"):
        expect(any("WARN: exclude" in line and path in line for line in ended.text.splitlines()),
               f"{path} is named", ended)
    equal(databases_of(bench.label_dir() / "backup.manifest") >= set(ODD_DATABASES), True,
          "odd names are listed")
    # Both can read it, and nothing of the database is missing.
    bench.ours("info")
    wanted = cluster.fingerprint()
    for program in (lab.OURS, lab.PEER):
        target = bench.restore(program, bench.dir / program.split("/")[-1])
        bench.start_restored(target)
        equal(target.sql("select answer from inside", database=LINE_FEED), "42", program)
        equal(target.fingerprint(), wanted, program)
        target.stop()
    # The next backup finds its predecessor in order.
    ended = bench.ours("backup")
    expect("unable to load" not in ended.text and "is not added" not in ended.text,
           "the first backup is known", ended)
    equal(len(bench.completed_labels()), 2, "backups")


@test("names: bytes that are no UTF-8 are kept as they are, by both programs")
@hostile("control characters and line feeds")
def no_text(bench):
    bench.ready(repo1_bundle="y")
    name = os.fsencode(bench.cluster.data / "odd names") + b"/latin \xe9\xff="
    with open(name, "wb") as file:
        file.write(b"its content")
    bench.ours("backup")
    with open(name, "ab") as file:
        file.write(b", and more")
    bench.ours("backup", "--type=incr")
    for call in (bench.ours, bench.peer):
        equal(call("info", "--output=json").json()[0]["status"]["code"], 0, "status in info")
    for program in (lab.OURS, lab.PEER):
        target = bench.restore(program, bench.dir / program.split("/")[-1], "--type=none")
        there = os.fsencode(target.data / "odd names") + b"/latin \xe9\xff="
        with open(there, "rb") as file:
            equal(file.read(), b"its content, and more", f"the file, restored by {program}")


@test("names: files of interrupted restores and of ends of backups are no part of a backup")
def leftovers(bench):
    bench.ready()
    data = bench.cluster.data
    names = ("tablespace_map", "backup_label", "backup.manifest", "recovery.signal.pgbackrest.tmp",
             "global/pg_control.pgbackrest.tmp")
    control = (data / "global" / "pg_control").read_bytes()
    for name in names:
        (data / name).write_bytes(control if name.startswith("global") else b"left behind")
    with hostile("names that leave their directory", len(names)):
        bench.ours("backup", "--process-max=4")
        text = (bench.label_dir() / "backup.manifest").read_bytes()
        for name in names:
            at_end = name in ("tablespace_map", "backup_label")
            equal(text.count(b"\npg_data/" + name.encode() + b"="), 1 if at_end else 0, name)
    expect(b"left behind" not in text, "nothing of them")
    for program in (lab.OURS, lab.PEER):
        target = bench.restore(program, bench.dir / program.split("/")[-1])
        for name in names[2:]:
            expect(not (target.data / name).exists(), f"{program}: no {name}")
        bench.start_restored(target)
        equal(target.fingerprint(), bench.cluster.fingerprint(), program)
        target.stop()


@test("names: a backup of pgBackRest of a cluster that held a tablespace_map is restored")
@hostile("manifests and info files")
def foreign_map(bench):
    bench.ready(program=lab.PEER, pusher=lab.PEER)
    for name in ("tablespace_map", "backup_label"):
        (bench.cluster.data / name).write_bytes(b"left behind")
    bench.peer("backup")
    text = (bench.label_dir() / "backup.manifest").read_bytes()
    equal(text.count(b"\npg_data/tablespace_map="), 2, "pgBackRest lists it twice")
    expect("status: ok" in bench.ours("info").text, "info reads it")
    target = bench.restore(lab.OURS, bench.dir / "restored")
    bench.start_restored(target)
    equal(target.fingerprint(), bench.cluster.fingerprint(), "content")


@test("names: entries that are listed twice alike count once, as in pgBackRest", slow=True)
def doubles(bench):
    bench.ready(program=lab.PEER, pusher=lab.PEER)
    bench.peer("backup")

    def twice(text):
        lines = text.split("\n")
        for start in ("pg_data/PG_VERSION=", "pg_data/global="):
            at = next(i for i, line in enumerate(lines) if line.startswith(start))
            lines.insert(at, lines[at])
        return "\n".join(lines)

    crafted.rewrite_info(bench.label_dir() / "backup.manifest", twice)
    for program in (lab.PEER, lab.OURS):
        target = bench.restore(program, bench.dir / program.split("/")[-1])
        bench.start_restored(target)
        equal(target.fingerprint(), bench.cluster.fingerprint(), program)
        target.stop()

    def differently(text):
        return text.replace('\npg_data/PG_VERSION={', '\npg_data/PG_VERSION={"mode":"0777",', 1)

    crafted.rewrite_info(bench.label_dir() / "backup.manifest", differently)
    home = bench.dir / "refused"
    with hostile("manifests and info files"):
        ended = bench.restore_run(lab.OURS, home, codes=29)
        expect("PG_VERSION' is listed twice" in ended.text, "the name is told", ended)
        equal(list((home / "pg").iterdir()), [], "nothing was changed")


@test("names: a manifest with the name that pg_control has on the way is refused")
@hostile("names that leave their directory")
def collision(bench):
    bench.ready(program=lab.PEER, pusher=lab.PEER)
    (bench.cluster.data / "global" / "pg_control.pgbackrest.tmp").write_bytes(b"another")
    bench.peer("backup")
    home = bench.dir / "refused"
    ended = bench.restore_run(lab.OURS, home, codes=29)
    expect("pg_control.pgbackrest.tmp" in ended.text, "the name is told", ended)
    equal(list((home / "pg").iterdir()), [], "nothing was changed")
