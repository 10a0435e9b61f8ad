# Repositories on an SFTP server: a real sshd, which runs as the user of the tests.
# SPDX-License-Identifier: MIT
import os
import re
import shutil
import signal
import subprocess
import time

import lab
from case import test
from hostile import hostile
from interop import replayed, same_restores, valid_for
from lab import OURS, PEER, equal, expect, run
from later_peer import SUITES, later_peer
from other_host import look, over_ssh, restored_equally, verified
from sftp_server import SftpServer

KEY_PASSPHRASE = "passphrase of the key"

CIPHER = {"repo1_cipher_type": "aes-256-cbc", "repo1_cipher_pass": lab.PASSPHRASE}


@test("sftp: the whole way, files", {})
@test("sftp: the whole way, encrypted bundles, a key with a passphrase",
      {"repo1_bundle": "y", "compress_type": "zst", **CIPHER}, KEY_PASSPHRASE)
def whole_way(bench, settings, passphrase=""):
    bench.cipher = "".join(f"{name.replace('_', '-')}={value}\n"
                           for name, value in settings.items() if "cipher" in name)
    server = SftpServer(bench, passphrase=passphrase)
    more = {"repo1_sftp_private_key_passphrase": passphrase} if passphrase else {}
    bench.ready(**server.options(**settings, **more))
    bench.ours("check")
    bench.ours("backup")
    bench.cluster.sql("create table later (id int); insert into later values (1)")
    bench.cluster.switch_and_wait_archived()
    label = bench.completed_labels()[-1]
    equal(bench.ours("info", "--output=json").json()[0]["backup"][0]["label"], label, "info")
    verified(bench, label)
    equal(sorted(bench.repo.rglob("*.tmp")), [], "temporary files")
    restored_equally(bench)
    target = bench.restore(OURS, bench.dir / "r3")
    bench.start_restored(target)
    equal(target.sql("select count(*) from later"), "1", "rows after the backup")
    bench.ours("backup")
    bench.ours("expire", "--repo1-retention-full=1")
    equal(len(bench.completed_labels()), 1, "backups after expire")


@test("sftp: what the peer wrote is restored and continued", slow=True)
def from_peer(bench):
    bench.cipher = ""
    server = SftpServer(bench)
    bench.ready(program=PEER, compress_type="lz4")
    bench.peer("backup")
    bench.configure(**server.options())
    bench.cluster.switch_and_wait_archived()
    target = bench.restore(OURS, bench.dir / "r1")
    bench.start_restored(target)
    equal(target.fingerprint(), bench.cluster.fingerprint(), "data of the peer's backup")
    bench.ours("backup")
    equal(len(bench.completed_labels()), 2, "backups of both")
    expect("status: valid" in look(bench, "verify", "--output=text", "--verbose").text, "verify")


LAYOUTS = {"files": {"compress_type": "lz4"},
           "encrypted bundles": {"repo1_bundle": "y", "compress_type": "zst", **CIPHER}}


def on_server(bench, layout):
    bench.cipher = "".join(f"{name.replace('_', '-')}={value}\n"
                           for name, value in LAYOUTS[layout].items() if "cipher" in name)
    return {**SftpServer(bench).options(), **LAYOUTS[layout]}


def peer_reads_ours(bench, version, layout):
    later = later_peer(version)
    bench.ready(**on_server(bench, layout))
    bench.ours("backup")
    bench.cluster.sql("insert into small select i, 'after' from generate_series(2000, 2100) i")
    bench.cluster.switch_and_wait_archived()
    label, = bench.completed_labels()
    info = bench.call(later, "info", "--output=json", "--log-level-console=warn").json()
    equal([one["label"] for one in info[0]["backup"]], [label], "backups in info")
    valid_for(bench, later, bench.completed_labels())
    same_restores(bench, later, label)
    replayed(bench, later, "replayed")


def peer_writes(bench, version, layout):
    """Full, diff and incr backups by pgBackRest over SFTP: restored by us, continued by us, and
    what we added is read and continued by pgBackRest."""
    later = later_peer(version)
    bench.ready(program=later, pusher=later, **on_server(bench, layout))
    for kind in ("full", "diff", "incr"):
        bench.cluster.sql(f"update far set t = '{kind}' where id % 100 = 0")
        bench.call(later, "backup", f"--type={kind}")
    bench.cluster.sql("update far set t = 'after' where id % 100 = 0")
    bench.cluster.switch_and_wait_archived()
    labels = bench.completed_labels()
    equal([one["label"] for one in bench.ours("info", "--output=json").json()[0]["backup"]],
          labels, "backups in info")
    for label in labels:
        same_restores(bench, later, label)
    replayed(bench, OURS, "replayed")
    bench.cluster.stop()
    bench.start(OURS)
    bench.ours("backup")
    bench.call(later, "backup", "--type=incr")
    bench.cluster.sql("update far set t = 'last' where id % 100 = 0")
    bench.cluster.switch_and_wait_archived()
    equal(len(bench.completed_labels()), len(labels) + 2, "backups of both")
    valid_for(bench, later, bench.completed_labels())
    same_restores(bench, later, bench.completed_labels()[-1])
    replayed(bench, OURS, "replayed-2")
    bench.ours("expire", "--repo1-retention-full=1")
    valid_for(bench, later, bench.completed_labels())


KNOW_SFTP = [version for version in SUITES if tuple(map(int, version.split(".")[:2])) >= (2, 46)]
for peer_version in KNOW_SFTP:
    for name in LAYOUTS:
        test(f"sftp: {peer_version} reads over SFTP what we wrote, {name}", peer_version, name,
             slow=True)(peer_reads_ours)
        test(f"sftp: we read and continue over SFTP what {peer_version} wrote, {name}", peer_version,
             name, slow=True)(peer_writes)


@test("sftp: a repository host that has its repository on the server", slow=True)
def served(bench):
    bench.cipher = ""
    server = SftpServer(bench)
    settings = {name.replace("_", "-"): value for name, value in server.options().items()}
    over_ssh(bench, "repo", {"repo1-path": bench.repo, **settings}, compress_type="zst")
    bench.start()
    bench.ours("stanza-create")
    bench.ours("check")
    bench.ours("backup")
    bench.cluster.sql("create table later (id int)")
    bench.cluster.switch_and_wait_archived()
    verified(bench, bench.completed_labels()[-1])
    restored_equally(bench)


@test("sftp: host keys", short=True)
def host_keys(bench):
    bench.cipher = ""
    server = SftpServer(bench)

    def create(codes, **more):
        options = server.options(**more)
        bench.configure(**{name: value for name, value in options.items() if value is not None})
        return bench.ours("stanza-create", "--no-online", codes=codes)

    create((0,))
    with hostile("connections without certificate, rule or greeting", 2):
        wrong = create((101,), repo1_sftp_known_host=server.home / "known-wrong")
        expect("host key" in wrong.text, "the host key is named", wrong)
        unknown = create((101,), repo1_sftp_known_host=server.home / "none")
        expect("is not known" in unknown.text and "ssh-keyscan" in unknown.text, "what to do",
               unknown)
    for name in ("md5", "sha1", "sha256"):
        by = {"repo1_sftp_known_host": None, "repo1_sftp_host_key_check_type": "fingerprint",
              "repo1_sftp_host_key_hash_type": name}
        create((0,), repo1_sftp_host_fingerprint=server.fingerprint(name), **by)
        with hostile("connections without certificate, rule or greeting"):
            other = server.fingerprint(name, "user.pub")
            wrong = create((101,), repo1_sftp_host_fingerprint=other, **by)
            expect("fingerprint" in wrong.text, "the fingerprint is named", wrong)
    create((0,), repo1_sftp_known_host=None, repo1_sftp_host_key_check_type="none")
    for key in ("host.pub", "host-too.pub"):  # The server shows the one that is known of it.
        (server.home / "known-one").write_text(server.line_for(key))
        create((0,), repo1_sftp_known_host=server.home / "known-one")


@test("sftp: an agent knows the key", short=True)
def agent(bench):
    bench.cipher = ""
    server = SftpServer(bench, "ed25519")
    asked = run(["ssh-agent", "-s"]).text
    setting = dict(re.findall(r"(SSH_\w+)=([^;]+);", asked))
    try:
        run(["ssh-add", "-q", server.home / "user"], env=setting)
        run(["ssh-keygen", "-q", "-p", "-N", KEY_PASSPHRASE, "-f", server.home / "user"])
        bench.configure(**server.options())
        without = bench.ours("stanza-create", "--no-online", codes=(101,))
        expect("passphrase" in without.text, "the passphrase is thought of", without)
        run(bench.argv(OURS, "stanza-create", "--no-online"), env=setting)
    finally:
        os.kill(int(setting["SSH_AGENT_PID"]), signal.SIGTERM)


@test("sftp: keys, passphrases and servers that are refused")
def refused(bench):
    bench.cipher = ""
    server = SftpServer(bench, "ecdsa", KEY_PASSPHRASE)

    def create(codes, **more):
        bench.configure(**server.options(**more))
        return bench.ours("stanza-create", "--no-online", codes=codes)

    secret = "repo1_sftp_private_key_passphrase"
    create((0,), **{secret: KEY_PASSPHRASE})
    wrong = create((101,), **{secret: "another"})
    expect("passphrase" in wrong.text, "the passphrase is thought of", wrong)
    expect(KEY_PASSPHRASE not in wrong.text and "another" not in wrong.text, "no secret", wrong)
    stranger = create((101,), repo1_sftp_private_key_file=server.home / "stranger")
    expect("authorized_keys" in stranger.text, "the user's keys are thought of", stranger)
    missing = create((101,), repo1_sftp_private_key_file=server.home / "none")
    expect("none'" in missing.text, "the file is named", missing)
    nobody = create((101,), **{secret: KEY_PASSPHRASE}, repo1_sftp_host_user="nobody-of-that-name")
    expect("nobody-of-that-name" in nobody.text, "the user is named", nobody)
    server.stop()
    create((49,), **{secret: KEY_PASSPHRASE})
    noise = lab.spawn(["sh", "-c", f"head -c 100000 /dev/urandom | nc -l -p {server.port} -q 1"],
                      bench.dir / "noise.log") if shutil.which("nc") else None
    if noise:
        lab.wait_for(lambda: subprocess.run(["pgrep", "-f", f"nc -l -p {server.port}"],
                                            capture_output=True).returncode == 0, "noise listens")
        with hostile("output that is no protocol"):
            create((101,), **{secret: KEY_PASSPHRASE}, io_timeout="5")
        lab.kill_group(noise)


def backup_begun(bench, server, **settings):
    """A backup of some 80 MB whose copy has begun."""
    bench.cipher = ""
    bench.ready(**server.options(compress_type="none", process_max="2", archive_timeout="300",
                                 **settings))
    bench.cluster.sql("create table wide as select g, repeat(md5(g::text), 60) t "
                      "from generate_series(1, 40000) g")
    process = lab.spawn(bench.argv(OURS, "backup", "--type=full"), bench.dir / "backup.log")
    lab.wait_for(lambda: list(bench.repo.glob("backup/*/*F/pg_data")) or process.poll() is not None,
                 "the copy begins", 300, 0.002)
    return process


@test("sftp: a server that is killed and gone ends the backup, and the next one succeeds", slow=True)
def killed(bench):
    server = SftpServer(bench)
    process = backup_begun(bench, server, io_timeout="5")
    os.killpg(process.pid, signal.SIGSTOP)  # See below.
    server.stop()
    os.killpg(process.pid, signal.SIGCONT)
    code = process.wait(timeout=120)
    log = (bench.dir / "backup.log").read_text(errors="replace")
    equal(code, 49, log)
    expect("'127.0.0.1" in log and "session before it broke" in log, "host and reason", log)
    equal(bench.completed_labels(), [], "backups")
    server.start()
    bench.ours("backup")
    expect("status: valid" in look(bench, "verify", "--output=text", "--verbose").text, "verify")


@test("sftp: a server that is killed and comes back does no harm", slow=True)
def killed_and_back(bench):
    server = SftpServer(bench)
    process = backup_begun(bench, server)
    for times in range(2):
        if times > 0 and process.poll() is not None:
            break  # It was over before a second break could come.
        # Stopped meanwhile: a busy machine may take longer for a server than for the rest of a backup.
        os.killpg(process.pid, signal.SIGSTOP)
        server.stop()
        server.start()
        os.killpg(process.pid, signal.SIGCONT)
        time.sleep(0.5)
    code = process.wait(timeout=120)
    log = (bench.dir / "backup.log").read_text(errors="replace")
    equal(code, 0, log)
    expect("WARN: SFTP session with '127.0.0.1' broke, its work goes on" in log, "a warning", log)
    verified(bench, bench.completed_labels()[-1])
    equal(sorted(bench.repo.rglob("*.tmp")), [], "temporary files")
    restored_equally(bench)
