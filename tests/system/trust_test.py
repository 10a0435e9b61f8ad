# Directories that other users may change: no locks and no logs there.
# SPDX-License-Identifier: MIT
import os

import lab
from case import test
from hostile import hostile
from lab import expect


@test("trust: a lock path that everybody may write is refused, with a hint")
def open_lock_path(bench):
    bench.ready()
    locks = bench.dir / "open lock"
    locks.mkdir()
    locks.chmod(0o1777)
    (locks / "all.stop").write_text("")  # Anybody could: it must not decide anything.
    for command in ("backup", "expire", "stanza-create"):
        with hostile("modes, owners and directories of others"):
            refused = bench.ours(command, f"--lock-path={locks}", codes=(83,))
            expect("lock path" in refused.text and "HINT" in refused.text, "says what and why",
                   refused)
    segment = sorted((bench.cluster.data / "pg_wal").glob("0*"))[0]
    with hostile("modes, owners and directories of others"):
        refused = bench.ours("archive-push", f"--lock-path={locks}", segment, codes=(83,))
        expect("everybody" in refused.text, "says what is wrong", refused)
    locks.chmod(0o750)
    bench.ours("archive-push", f"--lock-path={locks}", segment, codes=(62,))
    (locks / "all.stop").unlink()
    bench.ours("backup", f"--lock-path={locks}")


@test("trust: no log file in a directory that everybody may write")
@hostile("modes, owners and directories of others")
def open_log_path(bench):
    bench.ready()
    logs = bench.dir / "open log"
    logs.mkdir()
    logs.chmod(0o777)
    done = bench.ours("expire", f"--log-path={logs}", "--log-level-file=info")
    expect("WARN" in done.text and "log path" in done.text, "a warning", done)
    expect(not any(logs.iterdir()), "no file")


@test("trust: another user's lock path is refused", root=True, cluster=False)
@hostile("modes, owners and directories of others")
def foreign_lock_path(bench):
    locks = bench.dir / "lock"
    locks.mkdir()
    os.chown(locks, 12345, 12345)
    config = bench.dir / "c.conf"
    repo = bench.dir / "repo"
    repo.mkdir()
    config.write_text(f"[global]\nrepo1-path={repo}\nlock-path={locks}\nlog-level-file=off\n"
                      f"[demo]\npg1-path={bench.dir}/pg\n")
    words = [lab.OURS, f"--config={config}", "--stanza=demo", "restore"]
    refused = lab.run(words, codes=(88,))
    expect("12345" in refused.text, "names the owner", refused)
    os.chown(repo, 12345, 12345)  # Who owns the repository may do worse: root goes on, to find no backup.
    other = lab.run(words, codes=None)
    expect("lock path" not in other.text, "the lock path is believed", other)
