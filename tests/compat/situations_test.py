# The exit code of every command in situations that hold it up is pgBackRest's.
# SPDX-License-Identifier: MIT
"""The codes below are those of pgBackRest 2.60.0, run by hand in the same situations. A command that
is not named ends as in the first situation, in which nothing is wrong but that no stanza was made."""
import os
import shutil

import lab
from case import test
from hostile import hostile
from lab import OURS, STANZA, equal, expect

WORDS = {"check": [], "stanza-create": [], "backup": ["--type=full"], "expire": [],
         "archive-push": ["{pg}/pg_wal/000000010000000000000001"],
         "archive-get": ["000000010000000000000001", "{dir}/wal"],
         "restore": ["--pg1-path={dir}/target"]}
USUAL = {"check": 27, "stanza-create": 56, "backup": 55, "expire": 104, "archive-push": 103,
         "archive-get": 103, "restore": 75}


def section(bench, **other):
    """The configuration with other settings of the cluster; None leaves one out."""
    settings = {"pg1-path": bench.cluster.data, "pg1-socket-path": bench.cluster.home,
                "pg1-user": "postgres", **{name.replace("_", "-"): v for name, v in other.items()}}
    text = bench.conf.read_text().split(f"[{STANZA}]")[0]
    lines = [f"{name}={value}" for name, value in settings.items() if value is not None]
    bench.conf.write_text(text + "\n".join([f"[{STANZA}]", *lines]) + "\n")


def no_stanza_section(bench):
    bench.conf.write_text(bench.conf.read_text().split(f"[{STANZA}]")[0])


def no_cluster(bench):
    section(bench, pg1_path=bench.dir / "none")


def empty_cluster(bench):
    (bench.dir / "empty").mkdir(exist_ok=True)
    section(bench, pg1_path=bench.dir / "empty")


def missing_repository(bench):
    shutil.rmtree(bench.repo, ignore_errors=True)


def file_for_repository(bench):
    missing_repository(bench)
    bench.repo.write_text("")


def locked_repository(mode):
    def prepare(bench):
        bench.repo.mkdir(exist_ok=True)
        bench.repo.chmod(mode)
    return prepare


def lock_path_of_others(bench):
    (bench.dir / "lock").mkdir(exist_ok=True)
    (bench.dir / "lock").chmod(0o555)


SITUATIONS = {
    "nothing is there": (lambda bench: None, {}),
    "the stanza is not in the file": (no_stanza_section, {
        "check": 37, "stanza-create": 37, "backup": 37, "archive-get": 37}),
    "the data directory is missing": (no_cluster, {"archive-push": 55, "archive-get": 55}),
    "the data directory is empty": (empty_cluster, {"archive-push": 55, "archive-get": 55}),
    "the repository is missing": (missing_repository, {}),
    "the repository is a file": (file_for_repository, {}),
    "the repository is read-only": (locked_repository(0o555), {}),
    "the repository is closed": (locked_repository(0), {"backup": 41}),
    "the lock path is read-only": (lock_path_of_others, {
        "stanza-create": 50, "backup": 50, "expire": 50, "restore": 50}),
    "the port is wrong": (lambda bench: section(bench, pg1_port=9), {}),
    "the socket path is wrong": (lambda bench: section(bench, pg1_socket_path="/none"), {}),
    "the user is unknown": (lambda bench: section(bench, pg1_user="nobody_here"), {}),
    "the database is unknown": (lambda bench: section(bench, pg1_database="none"), {}),
    "the cluster is on another host": (lambda bench: section(
        bench, pg1_host="no-such-host.invalid"), {
            "archive-push": 72, "archive-get": 72, "restore": 72}),
}


def reset(bench):
    for path in (bench.repo, bench.dir / "lock", bench.dir / "target"):
        if path.is_dir():
            os.chmod(path, 0o750)
            shutil.rmtree(path)
        elif path.exists():
            path.unlink()
    bench.repo.mkdir()
    (bench.dir / "target").mkdir(mode=0o700)
    bench.settings = {}
    bench.configure(archive_timeout="2", io_timeout="2")


def codes(bench, running):
    wrong = []
    for title, (prepare, other) in SITUATIONS.items():
        reset(bench)
        prepare(bench)
        for command, words in WORDS.items():
            wanted = {**USUAL, **other}[command]
            fine = title.startswith(("nothing", "the repository", "the lock path"))
            if running and fine and command in ("check", "stanza-create"):
                continue  # They find a cluster, and go further.
            filled = [word.format(dir=bench.dir, pg=bench.cluster.data) for word in words]
            ended = bench.call(OURS, command, *filled, codes=None)
            if ended.code != wanted:
                wrong.append(f"{title}: {command} ends with {ended.code}, not {wanted}\n"
                             f"{ended.text[-500:]}")
    expect(not wrong, f"{len(wrong)} codes differ", "\n".join(wrong))


@test("situations: codes while PostgreSQL is stopped")
def stopped(bench):
    codes(bench, False)


@test("situations: codes while PostgreSQL runs and the configuration is wrong")
def wrong_configuration(bench):
    bench.configure()
    bench.start()
    codes(bench, True)


@test("situations: a member without a cluster is named, and is no primary")
def member_without_cluster(bench):
    bench.configure(archive_timeout="2")
    bench.start()
    no_cluster(bench)
    ended = bench.call(OURS, "stanza-create", codes=None)
    equal(ended.code, 56, "exit code")
    expect("unable to check pg1: [FileMissingError]" in ended.text, "the member is named", ended)
    expect(f"{bench.dir}/none/global/pg_control" in ended.text, "and what is missing", ended)
    expect(not (bench.repo / "backup").exists(), "nothing was made", ended)


@test("situations: archive-push stores nothing under a name that nobody would look for")
def odd_names(bench):
    bench.ready()
    pg = bench.cluster.data
    for name, code in (("PG_VERSION", 96), ("postgresql.conf", 96), ("pg_wal/nope", 55),
                       ("none", 55), ("pg_wal", 96)):
        with hostile("names that leave their directory"):
            ended = bench.ours("archive-push", pg / name, codes=None)
            expect(ended.code == code, f"exit code {code} for '{name}'", ended)
    equal([path.name for path in (bench.repo / "archive" / STANZA).rglob("*")
           if path.name.startswith(("PG_", "postgresql"))], [], "files of other names")


@test("situations: a data directory that nobody may open is error 41 for restore")
def closed_target(bench):
    bench.ready()
    bench.ours("backup")
    target = bench.dir / "closed"
    target.mkdir(mode=0)
    try:
        ended = bench.ours("restore", f"--pg1-path={target}", codes=None)
        expect(ended.code == 41, "exit code 41", ended)
    finally:
        target.chmod(0o700)


@test("situations: targets that cannot be are refused with the code of pgBackRest")
def impossible_targets(bench):
    bench.ready()
    bench.ours("backup")
    wrong = []
    for words, code in ((("--type=time", "--target=x"), 29), (("--type=lsn", "--target=x"), 29),
                        (("--type=time", "--target=2000-01-01 00:00:00"), 75),
                        (("--type=lsn", "--target=0/1"), 75), (("--type=time",), 37),
                        (("--target=x",), 31), (("--target-timeline=x",), 58),
                        (("--target-timeline=9",), 55), (("--tablespace-map=nope=/x",), 76),
                        (("--link-map=nope=/x",), 78), (("--archive-mode=x",), 32),
                        (("--recovery-option=standby_mode=on",), 31),
                        (("--set=20200101-000000F",), 75), (("--target-action=promote",), 31)):
        shutil.rmtree(bench.dir / "target", ignore_errors=True)
        (bench.dir / "target").mkdir(mode=0o700)
        ended = bench.ours("restore", f"--pg1-path={bench.dir / 'target'}", *words, codes=None)
        if ended.code != code:
            wrong.append(f"{words}: {ended.code} instead of {code}\n{ended.text[-300:]}")
    expect(not wrong, f"{len(wrong)} codes differ", "\n".join(wrong))
