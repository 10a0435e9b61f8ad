# Several who push one segment, stopped, ended and killed where it hurts.
# SPDX-License-Identifier: MIT
import os
import signal

import lab
from case import test
from hostile import hostile
from lab import OURS, equal, expect
from other_host import over_ssh
from sftp_server import SftpServer
from wal_files import archive, get, make_wal, prepared, push, same, segment

# Packed slowly, so that a push can be stopped while it has its file.
SLOW = {"compress_type": "bz2"}
PUSHERS = 6


def local(bench):
    return prepared(bench, **SLOW)


def on_sftp(bench):
    bench.cipher = ""
    return prepared(bench, **SftpServer(bench).options(), **SLOW)


def behind_ssh(bench):
    over_ssh(bench, "repo", {"repo1-path": bench.repo}, **SLOW)
    bench.ours("stanza-create", "--no-online")
    return bench


def names(bench, number=1):
    return sorted(one.name for one in archive(bench).glob(f"15-1/*/{segment(number)}*"))


def unfinished(bench):
    return [name for name in names(bench) if name.endswith(".tmp")]


def content(bench, folder, seed):
    """A segment with content of its own, in a directory of its own."""
    make_wal(bench, segment(1), fill=bytes([seed]) + os.urandom(4000))
    place = bench.dir / folder
    place.mkdir(exist_ok=True)
    path = place / segment(1)
    (bench.cluster.data / "pg_wal" / segment(1)).rename(path)
    return path


def spawn(bench, path):
    return lab.spawn(bench.argv(OURS, "archive-push", path), path.with_suffix(".log"))


def stopped_push(bench, path):
    """A push that is stopped while its file has its temporary name."""
    before = set(unfinished(bench))
    process = spawn(bench, path)
    lab.wait_for(lambda: set(unfinished(bench)) - before or process.poll() is not None,
                 "the file is there", 60, 0.001)
    os.killpg(process.pid, signal.SIGSTOP)
    expect(process.poll() is None and set(unfinished(bench)) - before,
           "the push was caught in its middle", path.with_suffix(".log").read_text())
    return process


def resumed(process, path, code):
    os.killpg(process.pid, signal.SIGCONT)
    ended = process.wait(timeout=120)
    text = path.with_suffix(".log").read_text(errors="replace")
    equal(ended, code, f"exit status of the push that was stopped: {text}")
    return text


def stored_is(bench, path, peer=True):
    """@param peer  whether the peer can read the repository as it is configured"""
    equal([name[:65] for name in names(bench)], [f"{segment(1)}-{lab.sha1(path)}"], "the archive")
    get(bench, segment(1))
    equal(lab.sha1(bench.dir / "got"), lab.sha1(path), "what comes back")
    if peer:
        bench.peer("archive-get", segment(1), bench.dir / "peer")
        equal(lab.sha1(bench.dir / "peer"), lab.sha1(path), "what comes back through the peer")


def pushed_at_once(bench, paths):
    """The exit statuses of pushes that begin together, and what they said. A host lets one push of
    a stanza in at a time: PostgreSQL, too, tries again when the lock is somebody's."""
    running = [lab.spawn(bench.argv(OURS, "archive-push", path), bench.dir / f"push-{number}.log")
               for number, path in enumerate(paths)]
    codes = [process.wait(timeout=240) for process in running]
    logs = [(bench.dir / f"push-{number}.log").read_text(errors="replace")
            for number in range(len(paths))]
    said = "".join(logs)
    for number, path in enumerate(paths):
        if codes[number] == 103 and "[LockAcquireError]" in logs[number]:
            codes[number] = bench.ours("archive-push", path, codes=None).code
    return codes, said


@test("push race: the same content twice, one stopped in its middle", short=True)
def same_content(bench):
    local(bench)
    path = content(bench, "a", 1)
    slow = stopped_push(bench, path)
    bench.ours("archive-push", path)
    equal(bench.ours("archive-get", segment(1), bench.dir / "early").code, 0, "it is there")
    equal(lab.sha1(bench.dir / "early"), lab.sha1(path), "and whole")
    resumed(slow, path, 0)
    stored_is(bench, path)


@test("push race: other content waits for one that was stopped, which is then error 45", "before")
@test("push race: other content waits for one that was stopped, which is then error 45", "after")
def other_content(bench, order):
    local(bench)
    paths = sorted((content(bench, "a", 1), content(bench, "b", 2)), key=lab.sha1,
                   reverse=order == "after")
    slow = stopped_push(bench, paths[0])
    bench.ours("archive-push", paths[1])
    text = resumed(slow, paths[0], 45)
    expect("different checksum" in text, "the reason", text)
    stored_is(bench, paths[1])


@test("push race: of many contents exactly one is stored", local)
@test("push race: of many contents exactly one is stored, on an SFTP server", on_sftp)
@test("push race: of many contents exactly one is stored, over ssh", behind_ssh)
def many(bench, prepare):
    prepare(bench)
    paths = [content(bench, str(number), number) for number in range(PUSHERS)]
    codes, said = pushed_at_once(bench, paths)
    equal(sorted(codes), [0] + [45] * (PUSHERS - 1), f"exit statuses: {said}")
    stored_is(bench, paths[codes.index(0)], prepare == local)


@test("push race: the same content many times is fine", local)
@test("push race: the same content many times is fine, on an SFTP server", on_sftp)
@test("push race: the same content many times is fine, over ssh", behind_ssh)
def twins(bench, prepare):
    prepare(bench)
    path = content(bench, "a", 1)
    codes, said = pushed_at_once(bench, [path] * PUSHERS)
    equal(codes, [0] * PUSHERS, f"exit statuses: {said}")
    stored_is(bench, path, prepare == local)


@test("push race: TERM, INT and HUP leave no file", local, short=True)
@test("push race: TERM, INT and HUP leave no file on an SFTP server", on_sftp)
@test("push race: TERM, INT and HUP leave no file over ssh", behind_ssh)
def signals(bench, prepare):
    prepare(bench)
    path = content(bench, "a", 1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        process = stopped_push(bench, path)
        os.kill(process.pid, number)
        text = resumed(process, path, 63)
        expect(f"terminated on signal {number.name}" in text, "says why", text)
        equal(names(bench), [], f"files after {number.name}")
    bench.ours("archive-push", path)
    stored_is(bench, path, prepare == local)


def left_behind(bench, path):
    process = stopped_push(bench, path)
    lab.kill_group(process)
    process.wait(timeout=60)
    equal(len(unfinished(bench)), 1, "what a killed push leaves")


@test("push race: what a killed push leaves is removed by the next one")
def killed(bench):
    local(bench)
    path, other = content(bench, "a", 1), content(bench, "b", 2)
    left_behind(bench, path)
    bench.ours("archive-push", path)
    stored_is(bench, path)
    for name in names(bench):
        next(archive(bench).glob(f"15-1/*/{name}")).unlink()
    left_behind(bench, other)
    bench.ours("archive-push", path)
    stored_is(bench, path)


@test("push race: the peer passes over what a killed push leaves")
def killed_for_peer(bench):
    local(bench)
    path = content(bench, "a", 1)
    left_behind(bench, path)
    bench.peer("archive-get", segment(1), bench.dir / "peer", codes=(1,))
    bench.peer("archive-push", path, codes=0, cwd=bench.cluster.data)
    bench.peer("archive-get", segment(1), bench.dir / "peer")
    equal(lab.sha1(bench.dir / "peer"), lab.sha1(path), "what comes back")
    verified = bench.peer("verify", "--output=text", "--verbose", codes=None)
    expect(verified.code == 0 and "ERROR" not in verified.text, "verify finds nothing", verified)
    get(bench, segment(1))


@test("push race: a stored segment that is damaged is not believed", "gz", {})
@test("push race: a stored segment that is damaged is not believed", "none", {})
@test("push race: a stored segment that is damaged is not believed", "lz4",
      {"repo1_cipher_type": "aes-256-cbc", "repo1_cipher_pass": lab.PASSPHRASE})
def damaged(bench, kind, settings):
    bench.cipher = "".join(f"{name.replace('_', '-')}={value}\n" for name, value in settings.items())
    prepared(bench, compress_type=kind, **settings)
    path = make_wal(bench, segment(1), fill=os.urandom(5000))
    push(bench, path)
    stored = next(archive(bench).glob(f"15-1/*/{segment(1)}*"))
    whole = stored.read_bytes()
    torn = bytearray(whole)
    torn[len(torn) // 2] ^= 0x55
    for broken in (b"", whole[:len(whole) // 2], bytes(torn), whole + b"x"):
        stored.write_bytes(broken)
        with hostile("WAL segments"):
            told = push(bench, path, "--compress-type=zst")
            expect("is damaged and is replaced" in told.text, "warns", told)
            equal(names(bench), [stored.name], "the archive")
            get(bench, segment(1))
            same(bench, segment(1))
        told = push(bench, path)
        expect("already exists" in told.text and "damaged" not in told.text, "is fine now", told)
    bench.peer("archive-get", segment(1), bench.dir / "peer")
    equal(lab.sha1(bench.dir / "peer"), lab.sha1(bench.cluster.data / path), "the peer's copy")
    # What nobody can read at the moment may be as good as ever.
    stored.unlink()
    stored.mkdir()
    with hostile("WAL segments"):
        push(bench, path, codes=104)
        expect(stored.is_dir(), "nothing was replaced")
