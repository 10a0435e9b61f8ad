# What `check` finds before a backup does, and what it says when all is well.
# SPDX-License-Identifier: MIT
import os
import pty
import shutil
import subprocess

import lab
from case import test
from lab import OURS, STANZA, expect


def fails(ended, code, *texts):
    expect(ended.code == code, f"exit code {code}", ended)
    for text in texts:
        expect(text in ended.text, f"it says '{text}'", ended)
    return ended


def at_terminal(argv):
    """What a user at a terminal sees of a command that ends well."""
    reader, writer = pty.openpty()
    env = {name: value for name, value in os.environ.items() if not name.startswith("PGBRAID_")}
    process = subprocess.Popen([str(word) for word in argv], stdout=writer, stderr=writer,
                               stdin=subprocess.DEVNULL, env=env)
    os.close(writer)
    text = b""
    while True:
        try:
            part = os.read(reader, 65536)
        except OSError:  # All ends of the other side are closed.
            break
        if not part:
            break
        text += part
    os.close(reader)
    expect(process.wait() == 0, "it ends well", text.decode())
    return text.decode()


@test("check: an option that another command would refuse is said, and so is a lost section")
def whole_configuration(bench):
    bench.ready()
    text = bench.conf.read_text()
    bench.conf.write_text(text + "\n[global:backup]\ncompress-level=99\n")
    fails(bench.ours("check", codes=None), 32, "compress-level", "backup command")
    bench.conf.write_text(text + "\n[golbal]\nprocess-max=4\n[demo:backpu]\nprocess-max=2\n")
    ended = bench.ours("check")
    for section in ("[golbal]", "[demo:backpu]"):
        expect(section in ended.text, f"{section} is named", ended)


@test("check: a repository that cannot be written below backup/ is an error")
def not_writable(bench):
    bench.ready()
    path = bench.repo / "backup" / STANZA
    path.chmod(0o550)
    try:
        ended = bench.ours("check", codes=None)
    finally:
        path.chmod(0o750)
    expect(ended.code not in (0, 1) and "Permission denied" in ended.text, "it is refused", ended)
    bench.ours("check")
    expect(not list(path.glob("check*")), "nothing stays behind")


@test("check: an archive_command for another stanza is said at once")
def other_stanza(bench):
    bench.ready(archive_timeout="600")
    other = lab.quote([OURS, f"--config={bench.conf}", "--stanza=other", "archive-push", "%p"])
    bench.cluster.stop()
    bench.cluster.archive_command = other
    bench.cluster.start()
    fails(bench.ours("check", codes=None), 68, "'other'", "'demo'")


@test("check: what PostgreSQL cannot archive is said at once, with its segment")
def archiving_fails(bench):
    bench.ready(archive_timeout="600")
    bench.cluster.stop()
    bench.cluster.archive_command = "/bin/false pgbraid"
    bench.cluster.start()
    # A wait of ten minutes would be longer than this test may take.
    ended = fails(bench.ours("check", codes=None), 82, "/bin/false pgbraid")
    segment = bench.cluster.sql("select last_failed_wal from pg_stat_archiver")
    expect(segment and segment in ended.text, "the segment is named", ended)


@test("check: a configured cluster that is not there does not hinder it")
def member_rebuilt(bench):
    bench.ready()
    gone = bench.dir / "gone"
    gone.mkdir(mode=0o700)
    with open(bench.conf, "a") as conf:
        conf.write(f"pg2-path={gone}\npg2-port=1\npg2-socket-path={gone}\n"
                   f"pg3-path={bench.dir / 'never'}\npg3-port=2\npg3-socket-path={gone}\n")
    ended = bench.ours("check")
    for name in ("pg2", "pg3"):
        expect(f"unable to check {name}" in ended.text, f"a WARN names {name}", ended)
    bench.ours("backup")


@test("check: without a stanza all that are configured are checked, whatever one of them says")
def all_stanzas(bench):
    bench.ready()
    argv = [OURS, f"--config={bench.conf}", "check", "--log-level-console=info"]
    ended = lab.run(argv)
    expect(f"check stanza '{STANZA}'" in ended.text, "the stanza is named", ended)
    expect("successfully archived" in ended.text, "its WAL arrived", ended)
    with open(bench.conf, "a") as conf:
        conf.write(f"\n[absent]\npg1-path={bench.dir / 'absent'}\npg1-port=1\n"
                   f"pg1-socket-path={bench.dir}\n")
    ended = lab.run(argv, codes=None)
    expect(ended.code != 0 and "stanza 'absent'" in ended.text, "one of them fails", ended)
    expect("successfully archived" in ended.text, "the other is checked all the same", ended)
    bench.conf.write_text(f"[global]\nrepo1-path={bench.repo}\n")
    ended = lab.run(argv)
    expect("WARN" in ended.text and str(bench.conf) in ended.text, "none: a WARN says where", ended)


@test("check: success is one line at a terminal, and nothing in a pipe")
def one_line(bench):
    bench.configure(log_level_console="warn")
    bench.start()
    for command, words in (("stanza-create", ()), ("check", ())):
        text = at_terminal(bench.argv(OURS, command, *words))
        expect(text.count("\n") == 1 and command in text, f"{command} says one line", text)
        expect(bench.ours(command, *words).text == "", f"{command} is silent in a pipe")
    bench.ours("backup")
    (bench.dir / "r/pg").mkdir(parents=True, mode=0o700)
    text = at_terminal(bench.argv(OURS, "restore", f"--pg1-path={bench.dir / 'r/pg'}",
                                  f"--tablespace-map-all={bench.dir / 'r/ts'}"))
    last = text.splitlines()[-1]
    expect(last.startswith("restore: ") and bench.completed_labels()[-1] in last,
           "so does restore, after its warnings", text)


@test("check: root may look with info; elsewhere it is told what to type", cluster=False, root=True)
def as_root(bench):
    bench.configure()
    bench.repo.mkdir()
    shutil.chown(bench.repo, "postgres")
    lab.run([OURS, f"--config={bench.conf}", "info"])
    ended = lab.run([OURS, f"--config={bench.conf}", f"--stanza={STANZA}",
                     f"--pg1-path={bench.dir}", "check"], codes=(31,))
    expect(f"sudo -u postgres {OURS}" in ended.text and "check" in ended.text, "what to type", ended)


@test("check: a stranger is told whose files they are and what to type", cluster=False, root=True)
def as_stranger(bench):
    bench.configure()
    bench.repo.mkdir(mode=0o750)
    shutil.chown(bench.repo, "postgres")
    shutil.chown(bench.conf, "postgres")
    program = bench.dir / "program"
    lab.put_program(OURS, program)
    words = ["runuser", "-u", "nobody", "--", program, f"--config={bench.conf}", "info"]
    refused = lab.run(words, codes=None)
    bench.conf.chmod(0o644)
    shown = lab.run(words, codes=None)
    expect(refused.code == 41, "the configuration cannot be read", refused)
    for ended in (refused, shown):
        for text in ("belongs to user 'postgres'", "this is user 'nobody'", "sudo -u postgres"):
            expect(text in ended.text, f"it says '{text}'", ended)


@test("check: info says which configuration it read when it has nothing to show", cluster=False)
def where_from(bench):
    bench.configure()
    expect(str(bench.conf) in lab.run([OURS, f"--config={bench.conf}", "info"]).text, "the file")
    ended = lab.run([OURS, f"--config-path={bench.dir / 'none'}", f"--repo1-path={bench.repo}", "info"])
    expect("no configuration file was found" in ended.text and str(bench.dir / "none") in ended.text,
           "the missing file", ended)
    machine = lab.run([OURS, f"--config={bench.conf}", "info", "--output=json"])
    expect(machine.text == "[]", "programs get JSON alone", machine)
