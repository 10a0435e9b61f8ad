# Repositories and clusters of other hosts, with one machine playing both (other_host.py).
# tests/hosts has real hosts.
# SPDX-License-Identifier: MIT
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time

import lab
from case import test
from hostile import hostile
from lab import OURS, STANZA, equal, expect, run
from other_host import Authority, look, over_ssh, over_tls, restored_equally, verified


def nothing_left(bench, other):
    equal(other.locks(), [], "lock files of the other host")
    equal(sorted((bench.dir / "lock").glob("*.lock")), [], "lock files of this host")
    # PostgreSQL may be archiving at this moment: its files go when it is done, leftovers stay.
    lab.wait_for(lambda: not list(bench.repo.rglob("*.tmp")), "temporary files go", 30)
    # A serving process ends a moment after it has let its locks go.
    lab.wait_for(lambda: not subprocess.run(["pgrep", "-f", f"{other.conf}.*:remote"],
                                            capture_output=True).stdout,
                 "remote processes end", 30)


SETTINGS = {"plain": {}, "aes": {"repo1-cipher-type": "aes-256-cbc",
                                 "repo1-cipher-pass": lab.PASSPHRASE}}


def whole_way(bench, other):
    """stanza-create, check, WAL, backup, info, restore; the peer finds all of it valid."""
    bench.start()
    bench.ours("stanza-create")
    bench.ours("check")
    bench.ours("backup")
    bench.cluster.sql("create table later (id int); insert into later values (1)")
    bench.cluster.switch_and_wait_archived()
    label = bench.completed_labels()[-1]
    equal(bench.ours("info", "--output=json").json()[0]["backup"][0]["label"], label, "info")
    verified(bench, label)
    nothing_left(bench, other)


@test("remote: a repository behind ssh, plain", "plain", short=True)
@test("remote: a repository behind ssh, encrypted there only", "aes", slow=True)
def repository_ssh(bench, cipher):
    bench.cipher = "".join(f"{k}={v}\n" for k, v in SETTINGS[cipher].items())
    other = over_ssh(bench, "repo", {"repo1-path": bench.repo, **SETTINGS[cipher]},
                     compress_type="zst")
    whole_way(bench, other)
    restored_equally(bench)
    target = bench.restore(OURS, bench.dir / "r3")
    bench.start_restored(target)
    equal(target.sql("select count(*) from later"), "1", "rows after the backup")
    asked = (bench.dir / "ssh.log").read_text()
    expect("somebody@other-host" in asked and ":remote" in asked, "ssh was asked", asked)
    expect(lab.PASSPHRASE not in asked, "no secret on a command line", "")
    nothing_left(bench, other)


@test("remote: a cluster behind ssh, files", {}, short=True)
@test("remote: a cluster behind ssh, encrypted bundles",
      {"repo1_cipher_type": "aes-256-cbc", "repo1_cipher_pass": lab.PASSPHRASE,
       "repo1_bundle": "y", "compress_type": "zst"})
@test("remote: a cluster behind ssh, unfused", {"fuse": "n", "compress_type": "lz4"})
def cluster_ssh(bench, settings):
    bench.cipher = "".join(f"{k.replace('_', '-')}={v}\n" for k, v in settings.items()
                           if "cipher" in k)
    push = {"repo1-path": bench.repo, "spool-path": bench.dir / "spool",
            **{k.replace("_", "-"): v for k, v in settings.items() if "cipher" in k}}
    other = over_ssh(bench, "pg", push, **settings)
    begin_there(bench, other)
    bench.ours("check")
    names_its_host(bench, bench.ours("backup", "--log-level-console=detail"))
    restored_by_peer(bench, other)
    refused = bench.ours("restore", codes=(72,))
    expect("must be run on the PostgreSQL host" in refused.text, "restore says where", refused)


def begin_there(bench, other):
    """PostgreSQL runs on the other host and archives with that host's file; there is a stanza."""
    bench.conf, here = other.conf, bench.conf
    bench.start()
    bench.conf = here
    bench.ours("stanza-create")


def restored_by_peer(bench, other):
    """pgBackRest finds the last backup valid and restores from it what the cluster has."""
    label = bench.completed_labels()[-1]
    verified(bench, label)
    nothing_left(bench, other)
    target = lab.Cluster(bench.dir / "r2")
    bench.started.append(target)
    (bench.dir / "r2" / "pg").mkdir(parents=True, mode=0o700)
    (bench.dir / "r2" / "linked").mkdir(mode=0o700)
    look(bench, "restore", f"--pg1-path={target.data}", "--link-all", "--archive-mode=off",
         f"--tablespace-map-all={bench.dir / 'r2' / 'ts'}")
    bench.start_restored(target)
    equal(target.fingerprint(), bench.cluster.fingerprint(), "data restored by the peer")


@test("remote: pg-path may lead to the cluster through a link")
def linked_cluster(bench):
    bench.cipher = ""
    other = over_ssh(bench, "pg", {"repo1-path": bench.repo, "spool-path": bench.dir / "spool"})
    begin_there(bench, other)
    link = bench.cluster.data.parent / "link"
    link.symlink_to(bench.cluster.data)
    for conf in (bench.conf, other.conf):
        conf.write_text(conf.read_text().replace(f"pg1-path={bench.cluster.data}", f"pg1-path={link}"))
    bench.ours("check")
    bench.ours("backup")
    link.unlink()
    link.symlink_to(bench.dir)
    expect(bench.ours("check", codes=None).code != 0, "a link that leads elsewhere")


@test("remote: a host that is lost while WAL is waited for ends the backup")
def lost_while_waiting(bench):
    bench.cipher = ""
    other = over_ssh(bench, "pg", {"repo1-path": bench.repo, "spool-path": bench.dir / "spool"},
                     archive_timeout="300")
    begin_there(bench, other)
    bench.cluster.sql("alter system set archive_command = 'false pgbraid'")
    bench.cluster.sql("select pg_reload_conf()")
    process = lab.spawn(bench.argv(OURS, "backup", "--type=full"), bench.dir / "backup.log")
    log = bench.dir / "backup.log"
    lab.wait_for(lambda: "check archive for" in log.read_text(errors="replace"), "WAL is waited for")
    subprocess.run(["pkill", "-9", "-f", f"{other.conf}.*:remote"], check=False)
    code = process.wait(timeout=120)
    # With the time-out for WAL it would be 82.
    expect(code in (39, 102, 125), "the end says that the host was lost", log.read_text(errors="replace"))


# The first two connections for data break after 3 MB.
BREAKING_SSH = """#!/bin/sh
while [ $# -gt 1 ]; do shift; done
case "$1" in *" --process=0 "*) exec sh -c "$1" ;; esac
echo >> {count}
[ $(wc -l < {count}) -gt 2 ] && exec sh -c "$1"
sh -c "$1" | head -c 3000000
"""


def unused_in_bundles(bench):
    """Bytes of bundles that belong to no file."""
    path = bench.repo / "backup" / STANZA / bench.completed_labels()[-1]
    used = 0
    for line in (path / "backup.manifest").read_text().splitlines():
        if line.startswith("pg_data/") and '"bni"' in line:
            about = json.loads(line[line.rindex("={") + 1:])
            used += about.get("repo-size", about["size"])
    return sum(file.stat().st_size for file in (path / "bundle").iterdir()) - used


@test("remote: connections that break in the middle of bundles")
def broken_bundles(bench):
    bench.cipher = ""
    other = over_ssh(bench, "pg", {"repo1-path": bench.repo, "spool-path": bench.dir / "spool"},
                     compress_type="none", repo1_bundle="y", repo1_bundle_limit="16MiB",
                     repo1_bundle_size="64MiB", process_max="2")
    lab.put_script(bench.dir / "ssh", BREAKING_SSH.format(count=bench.dir / "connections"))
    begin_there(bench, other)
    for name in ("a", "b", "c"):
        bench.cluster.sql(f"create table {name} as select g, repeat(md5(g::text), 30) t "
                          "from generate_series(1, 8000) g")
    ended = bench.ours("backup")
    # Members that were begun again leave what came of them before; the manifest knows nothing of it.
    expect(unused_in_bundles(bench) > 0, "something was begun again", ended)
    restored_by_peer(bench, other)


def names_its_host(bench, ended):
    """Each line about a file of another host names that host."""
    lines = re.findall(r"DETAIL: backup file (\S+) \(", ended.text)
    expect(f"other-host:{bench.cluster.data}/global/pg_control" in lines, "pg_control is told", ended)
    foreign = [line for line in lines if not line.startswith("other-host:/")]
    expect(len(lines) > 100 and not foreign, "every file is told with its host", foreign or ended)


@test("remote: a repository behind TLS", short=True)
def repository_tls(bench):
    bench.cipher = ""
    other = over_tls(bench, "repo", {"repo1-path": bench.repo}, compress_type="zst")
    whole_way(bench, other)
    restored_equally(bench)
    other.end()
    expect("[049]" in bench.ours("check", "--io-timeout=1", codes=(49,)).text, "nobody listens")


@test("remote: a cluster behind TLS")
def cluster_tls(bench):
    bench.cipher = ""
    other = over_tls(bench, "pg", {"repo1-path": bench.repo, "spool-path": bench.dir / "spool"},
                     compress_type="zst", repo1_bundle="y")
    begin_there(bench, other)
    bench.ours("backup")
    text = look(bench, "verify", "--output=text", "--verbose").text
    expect("status: valid" in text, "verify", text)
    nothing_left(bench, other)
    other.end()


@test("remote: certificates of another stanza, of another authority, too old or none are refused")
def certificates(bench):
    bench.cipher = ""
    other = over_tls(bench, "repo", {"repo1-path": bench.repo}, auth=("client=other", "all=*"),
                     names=("server", "client", "all", "nobody"))
    with hostile("connections without certificate, rule or greeting"):
        refused = bench.ours("stanza-create", "--no-online", codes=(105,))
        expect("access denied" in refused.text, "the stanza of another", refused)
    expect("access denied" in bench.ours("info").text, "info tells it, too")
    home = other.authority.home

    def with_client(name, codes):
        words = [f"--repo1-host-cert-file={home / (name + '.crt')}",
                 f"--repo1-host-key-file={home / (name + '.key')}"]
        return bench.ours("stanza-create", "--no-online", *words, codes=codes)

    with_client("all", (0,))
    with hostile("connections without certificate, rule or greeting"):
        with_client("nobody", (105,))
    other.authority.issue("expired", days=-1)
    with hostile("connections without certificate, rule or greeting"):
        with_client("expired", (39, 49, 95, 101, 105))
    stranger = Authority(bench.dir / "stranger").issue("client")
    for file in stranger.home.iterdir():
        if file.name.startswith("client"):
            shutil.copy(file, home / file.name.replace("client", "stranger"))
    with hostile("connections without certificate, rule or greeting"):
        with_client("stranger", (39, 49, 95, 101, 105))
    with hostile("connections without certificate, rule or greeting"):
        refused = bench.ours("stanza-create", "--no-online",
                             f"--repo1-host-ca-file={stranger.home / 'ca.crt'}", codes=None)
        expect(refused.code != 0 and "certificate" in refused.text, "the server of a stranger",
               refused)
    (home / "all.key").chmod(0o644)
    with hostile("connections without certificate, rule or greeting"):
        expect(with_client("all", None).code != 0, "a key that everybody may read")
    other.end()


def until_closed(line, says=b""):
    """The other end closes it, however it does that."""
    line.settimeout(20)
    try:
        line.sendall(says)
        while line.recv(65536):
            pass
    except OSError:
        pass


def http(words, stdin=None):
    return subprocess.run(words, capture_output=True, timeout=60, stdin=stdin)


@test("remote: other programs at the server's door: curl, nghttp, h2load, noise, silence", short=True)
def strangers(bench):
    bench.cipher = ""
    other = over_tls(bench, "repo", {"repo1-path": bench.repo}, auth=("client=*",))
    url = f"https://127.0.0.1:{other.port}/v1/hello"
    home = other.authority.home
    if shutil.which("curl"):
        with hostile("connections without certificate, rule or greeting"):
            bare = http(["curl", "-sk", "--http2", "--max-time", "20", "-o", "/dev/null", url])
            expect(bare.returncode != 0, "a client without certificate gets no answer", bare.stderr)
        ended = http(["curl", "-s", "--http2", "--max-time", "20", "--cacert", home / "ca.crt",
                      "--cert", home / "client.crt", "--key", home / "client.key", "-w",
                      "%{http_code}", "-o", "/dev/null", url])
        expect(ended.stdout in (b"404", b"405", b"400"), "GET is refused politely", ended)
    for noise in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", os.urandom(4096), b"\x16\x03\x01\xff\xff",
                  b"{\"name\":\"pgBackRest\"}\n"):
        with hostile("output that is no protocol"):
            with socket.create_connection(("127.0.0.1", other.port), 10) as line:
                line.sendall(noise)
                until_closed(line)
    context = ssl.create_default_context(cafile=str(home / "ca.crt"))
    context.load_cert_chain(home / "client.crt", home / "client.key")
    context.set_alpn_protocols(["h2"])
    with hostile("output that is no protocol"):
        with socket.create_connection(("127.0.0.1", other.port), 10) as line, \
                context.wrap_socket(line, server_hostname="localhost") as over:
            equal(over.version(), "TLSv1.3", "version of TLS")
            equal(over.selected_alpn_protocol(), "h2", "protocol")
            until_closed(over, os.urandom(65536))
    with hostile("connections without certificate, rule or greeting", 100):
        silent = [socket.create_connection(("127.0.0.1", other.port), 10) for _ in range(100)]
        bench.ours("stanza-create", "--no-online")
    for line in silent:
        line.close()
    if shutil.which("h2load"):
        http(["h2load", "-n", "2000", "-c", "20", "-m", "20", url])
    bench.ours("stanza-create", "--no-online")
    ping = run([OURS, "--config=/dev/null", f"--tls-server-port={other.port}", "server-ping",
                "127.0.0.1"])
    expect(ping.code == 0, "server-ping", ping)
    expect(lab.printable(other.log().encode()), "the log of the server is text")
    other.end()
    run([OURS, "--config=/dev/null", f"--tls-server-port={other.port}", "--io-timeout=1",
         "server-ping", "127.0.0.1"], codes=(49,))


@test("remote: a remote that is killed ends the command, and nothing stays", slow=True)
def killed(bench):
    bench.cipher = ""
    other = over_ssh(bench, "repo", {"repo1-path": bench.repo}, compress_type="lz4",
                     process_max="1", protocol_timeout="60", db_timeout="30")
    bench.start()
    bench.ours("stanza-create")
    bench.cluster.sql("create table wide as select g, repeat(md5(g::text), 60) t "
                      "from generate_series(1, 40000) g")
    process = lab.spawn(bench.argv(OURS, "backup", "--type=full"), bench.dir / "backup.log")
    pattern = f"{other.conf}.*:remote"
    lab.wait_for(lambda: list(bench.repo.glob("backup/*/*F/pg_data")) or process.poll() is not None,
                 "the copy begins", 60, 0.002)
    subprocess.run(["pkill", "-9", "-f", pattern], check=False)
    code = process.wait(timeout=120)
    log = (bench.dir / "backup.log").read_text(errors="replace")
    expect(code != 0 or "retr" in log, "the command noticed", log)
    time.sleep(0.5)
    equal(len(bench.completed_labels()), 0 if code else 1, "backups after the kill")
    # Nobody holds the files of a killed process any more; the next one takes them over.
    bench.ours("backup")
    lab.wait_for(lambda: not other.locks(), "the last WAL is pushed", 60)
    nothing_left(bench, other)


@test("remote: SIGTERM early in a backup leaves nothing on either host (ssh)", over_ssh, short=True)
@test("remote: SIGTERM early in a backup leaves nothing on either host (tls)", over_tls)
def terminated_early(bench, reach):
    bench.cipher = ""
    other = reach(bench, "pg", {"repo1-path": bench.repo, "spool-path": bench.dir / "spool"})
    bench.conf, here = other.conf, bench.conf
    bench.start()
    bench.conf = here
    bench.ours("stanza-create")
    lab.wait_for(lambda: not other.locks(), "the last WAL is pushed", 60)
    own = bench.dir / "lock"
    for seen, later in ((lambda: list(own.glob("*.lock")), 0), (other.locks, 0),
                        (other.locks, 0.005), (other.locks, 0.05), (other.locks, 0.25)):
        process = lab.spawn(bench.argv(OURS, "backup", "--type=full"), bench.dir / "backup.log")
        lab.wait_for(lambda: seen() or process.poll() is not None, "the backup locks", 60, 0.0005)
        time.sleep(later)
        process.send_signal(signal.SIGTERM)
        equal(process.wait(timeout=60), 63, "exit of the backup")
        equal(sorted(own.glob("*.lock")), [], "lock files of this host")
        lab.wait_for(lambda: not remotes(other), "the remote ends", 30)
        nothing_left(bench, other)
    told_twice(bench, other)
    bench.ours("backup")
    if other.process:
        other.end()
    nothing_left(bench, other)


def told_twice(bench, other):
    """A remote that gets its signal from two sides, as from a service manager and its server."""
    process = lab.spawn(bench.argv(OURS, "backup", "--type=full"), bench.dir / "backup.log")
    lab.wait_for(lambda: other.locks() or process.poll() is not None, "the remote locks", 60, 0.0005)
    for pause_s in (0.02, 0):
        for pid in remotes(other):
            os.kill(int(pid), signal.SIGTERM)
        time.sleep(pause_s)
    expect(process.wait(timeout=120) != 0, "the backup fails",
           (bench.dir / "backup.log").read_text(errors="replace"))
    lab.wait_for(lambda: not remotes(other), "the remote ends", 30)
    nothing_left(bench, other)


def remotes(other):
    """Processes that serve on the other host."""
    words = f"{other.conf}.*:remote" if not other.process else f"{other.conf} server"
    found = subprocess.run(["pgrep", "-f", words], capture_output=True, text=True).stdout.split()
    return [pid for pid in found if not other.process or int(pid) != other.process.pid]


@test("remote: ssh that fails is error 125 with its own words; another version is 39")
def ssh_fails(bench):
    bench.cipher = ""
    over_ssh(bench, "repo", {"repo1-path": bench.repo})
    ssh = bench.dir / "ssh"
    lab.put_script(ssh, "#!/bin/sh\necho 'ssh: connect to host other-host port 22: No route' >&2\nexit 255\n")
    ended = bench.ours("stanza-create", "--no-online", codes=(125,))
    expect("No route" in ended.text and "[255]" in ended.text, "ssh's own words", ended)
    with hostile("output that is no protocol", 3):
        lab.put_script(ssh, "#!/bin/sh\nexec sleep 600\n")
        ended = bench.ours("stanza-create", "--no-online", "--io-timeout=2", codes=(39,))
        lab.put_script(ssh, "#!/bin/sh\necho 'Welcome to this host!'\nexec cat\n")
        bench.ours("stanza-create", "--no-online", "--io-timeout=2", codes=(39,))
        lab.put_script(ssh, "#!/bin/sh\nexec head -c 1000000 /dev/urandom\n")
        bench.ours("stanza-create", "--no-online", "--io-timeout=2", codes=(39, 102, 125))
    ssh.unlink()
    bench.ours("stanza-create", "--no-online", codes=(102, 125))


@test("remote: a repository behind TLS, encrypted there only", slow=True)
def repository_tls_encrypted(bench):
    bench.cipher = "".join(f"{k}={v}\n" for k, v in SETTINGS["aes"].items())
    other = over_tls(bench, "repo", {"repo1-path": bench.repo, **SETTINGS["aes"]})
    whole_way(bench, other)
    restored_equally(bench)
    other.end()


@test("remote: a server gives a cluster only where its own configuration has it", short=True)
@hostile("requests and answers between hosts")
def cluster_elsewhere(bench):
    bench.cipher = ""
    other = over_tls(bench, "pg", {"repo1-path": bench.repo, "spool-path": bench.dir / "spool"})
    bench.start()
    bench.ours("stanza-create")
    other.conf.write_text(other.conf.read_text().replace(f"[{STANZA}]\n",
                                                         f"[{STANZA}]\npg1-host=elsewhere\n"))
    refused = bench.ours("stanza-create", codes=None)
    expect(refused.code != 0 and f"pg1 of stanza '{STANZA}' is not on this host" in refused.text,
           "another host's cluster is refused", refused)
    expect("access denied for client 'client'" in other.log(), "the log says whom", other.log())
    other.end()


@test("remote: a server gives a repository only where its own configuration has it", short=True)
@hostile("requests and answers between hosts")
def repository_elsewhere(bench):
    bench.cipher = ""
    other = over_tls(bench, "repo", {"repo1-path": bench.repo})
    bench.ours("stanza-create", "--no-online")
    other.conf.write_text(other.conf.read_text().replace("[global]\n",
                                                         "[global]\nrepo1-host=elsewhere\n"))
    refused = bench.ours("stanza-create", "--no-online", codes=(105,))
    expect("repo1 is not on this host" in refused.text, "another host's repository is refused",
           refused)
    other.end()


@test("remote: a rule may give a stanza's clusters, or its repository, alone", short=True)
def one_of_the_two(bench):
    bench.cipher = ""
    other = over_tls(bench, "repo", {"repo1-path": bench.repo},
                     auth=(f"client={STANZA}:pg", f"db={STANZA}:repo"), names=("server", "client", "db"))
    home = other.authority.home
    with hostile("connections without certificate, rule or greeting"):
        bench.ours("stanza-create", "--no-online", codes=(105,))
    bench.ours("stanza-create", "--no-online", f"--repo1-host-cert-file={home / 'db.crt'}",
               f"--repo1-host-key-file={home / 'db.key'}")
    other.end()


@test("remote: ssh, and whatever it starts, finds no passphrase in its environment", short=True)
def environment_of_ssh(bench):
    bench.cipher = ""
    over_ssh(bench, "repo", {"repo1-path": bench.repo, **SETTINGS["aes"]})
    ssh, seen = bench.dir / "ssh", bench.dir / "environment"
    lab.put_script(ssh, ssh.read_text().replace("exec sh", f"env >> {seen}\nexec sh"))
    bench.ours("stanza-create", "--no-online", env={
        "PGBACKREST_REPO1_CIPHER_TYPE": "aes-256-cbc", "PGPASSWORD": "of the database",
        "PGBACKREST_REPO1_CIPHER_PASS": lab.PASSPHRASE, "PGBACKREST_IO_TIMEOUT": "50"})
    text = seen.read_text()
    expect("PGBACKREST_IO_TIMEOUT=50" in text, "the environment was seen", text)
    for secret in (lab.PASSPHRASE, "of the database"):
        expect(secret not in text, "no secret is in it", "")
