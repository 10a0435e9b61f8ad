# SFTP servers that will not have us, or that we will not have: what a user reads then.
# SPDX-License-Identifier: MIT
import time

from hostile import hostile
from lab import equal, expect
from place import DATA, PG1, PG2, SFTP, SPACE, user_of
from sftp_site import KEY, SHA1_LINE
from trial import trial

SERVICE, PATH_CREATE, FILE_OPEN, FILE_WRITE = 101, 47, 41, 64
PASSPHRASE = "the right passphrase"
OWN_KEY = "/var/lib/pgsql/.ssh/id_trial"
KNOWN = "/etc/ssh/ssh_known_hosts"
OWN_KNOWN = "/var/lib/pgsql/.ssh/known_hosts"


def refusal(name):
    return trial(f"sftp: refused, {name}", transports=("sftp",), ours=True)


def refused(site, codes, *texts, command="stanza-create", host=PG1, words=(), **settings):
    """The command fails with one ERROR line that holds these texts; no secret is told."""
    site.configure({name.replace("_", "-"): value for name, value in settings.items()})
    ended = site.call(host, command, *words, codes=codes)
    said = ended.text[ended.text.find(" ERROR: "):]
    for text in texts:
        expect(text in said, f"the error says '{text}'", ended)
    for secret in (PASSPHRASE, "the wrong one"):
        expect(secret not in ended.text, "no passphrase is told", ended)
    return ended


def works(site, **settings):
    """Nothing keeps a refusal in mind."""
    site.configure({name.replace("_", "-"): value for name, value in settings.items()})
    site.call(PG1, "stanza-create")
    site.call(PG1, "check")
    site.clean(10)


def own_key(site, kind="ed25519"):
    """A key with a passphrase that the server lets in."""
    site.town.shell(PG1, f"rm -f {OWN_KEY}*; ssh-keygen -q -t {kind} -N '{PASSPHRASE}' -f {OWN_KEY}",
                    user="postgres")
    public = site.town.outside(PG1, f"{OWN_KEY}.pub").read_text()
    keys = site.town.outside(SFTP, "/home/pgbackrest/.ssh/authorized_keys")
    with open(keys, "a") as file:
        file.write(public)
    return {"repo1_sftp_private_key_file": OWN_KEY, "repo1_sftp_private_key_passphrase": PASSPHRASE}


@refusal("keys and passphrases")
def keys(site):
    site.ready()
    right = own_key(site)
    works(site, **right)
    wrong = {**right, "repo1_sftp_private_key_passphrase": "the wrong one"}
    refused(site, SERVICE, OWN_KEY, "passphrase", **wrong)
    refused(site, SERVICE, OWN_KEY, "passphrase", repo1_sftp_private_key_file=OWN_KEY)
    refused(site, SERVICE, "/no/such/key", "No such file", repo1_sftp_private_key_file="/no/such/key")
    site.town.exec(PG1, "chmod", "0", OWN_KEY)
    refused(site, SERVICE, OWN_KEY, "Permission denied", **right)
    site.town.exec(PG1, "chmod", "600", OWN_KEY)
    site.town.shell(PG1, f"echo nonsense > {OWN_KEY}.none; chmod 600 {OWN_KEY}.none", user="postgres")
    refused(site, SERVICE, f"{OWN_KEY}.none", repo1_sftp_private_key_file=f"{OWN_KEY}.none")
    site.town.shell(PG1, f"ssh-keygen -q -t ed25519 -N '' -f {OWN_KEY}.other", user="postgres")
    refused(site, SERVICE, "'pgbackrest@sftp-srv:22'", "authorized_keys",
            repo1_sftp_private_key_file=f"{OWN_KEY}.other")
    refused(site, SERVICE, "'nobody-here@sftp-srv:22'", repo1_sftp_host_user="nobody-here")
    works(site, **right)


@refusal("every command says why")
def every_command(site):
    site.ready()
    site.call(PG1, "backup")
    name = site.archived()
    wrong = {"repo1_sftp_host_user": "nobody-here"}
    for command, words, host in (("check", (), PG1), ("backup", (), PG1), ("expire", (), PG1),
                                 ("restore", (), PG2),
                                 ("archive-push", (f"{DATA}/pg_wal/{name}",), PG1),
                                 ("archive-get", (name, "/tmp/fetched"), PG1)):
        refused(site, (SERVICE, 103, 104), "'nobody-here@sftp-srv:22'", command=command, host=host,
                words=words, **wrong)
    text = site.info(PG1).text
    expect("status: error" in text and "nobody-here" in text, "info says why", text)
    site.clean(10)
    works(site)


@refusal("the server's key")
def host_keys(site):
    site.ready()
    by_print = {"repo1_sftp_host_key_check_type": "fingerprint"}
    for name in ("md5", "sha1", "sha256"):
        by = {**by_print, "repo1_sftp_host_key_hash_type": name}
        works(site, repo1_sftp_host_fingerprint=site.fingerprint(name), **by)
        other = site.fingerprint(name, "rsa")
        with hostile("connections without certificate, rule or greeting"):
            refused(site, SERVICE, "'sftp-srv:22'", "fingerprint", other, site.fingerprint(name),
                    repo1_sftp_host_fingerprint=other, **by)
    with site.changed(PG1, KNOWN, lambda text: ""):
        with hostile("connections without certificate, rule or greeting"):
            refused(site, SERVICE, "'sftp-srv:22'", "is not known", "ssh-keyscan")
        accepted(site)
    with site.changed(PG1, KNOWN, others_keys):
        with hostile("connections without certificate, rule or greeting", 2):
            refused(site, SERVICE, "'sftp-srv:22'", "not the one that is known")
            refused(site, SERVICE, "not the one", repo1_sftp_host_key_check_type="accept-new")
        works(site, repo1_sftp_host_key_check_type="none")
    works(site)


def others_keys(text):
    """Known hosts in which the server has the keys of another host."""
    keep = [line for line in text.splitlines(True) if not line.startswith("sftp-srv")]
    return "".join(keep + [line.replace("pg2-srv", "sftp-srv").replace("10.91.7.13", "10.91.7.11")
                           for line in keep if line.startswith("pg2-srv")])


def accepted(site):
    """What accept-new took is known from then on."""
    own = site.town.outside(PG1, OWN_KNOWN)
    own.unlink(missing_ok=True)
    works(site, repo1_sftp_host_key_check_type="accept-new")
    expect("sftp-srv" in own.read_text(), "the key is written down")
    works(site)
    own.unlink()


@refusal("a server that ssh has got to know by hand is known")
def known_by_hand(site):
    site.ready()
    own = site.town.outside(PG1, OWN_KNOWN)
    own.unlink(missing_ok=True)
    with site.changed(PG1, KNOWN, lambda text: ""):
        for kind in ("ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-256"):
            site.town.shell(PG1, f"ssh -o HostKeyAlgorithms={kind} -o UpdateHostKeys=no -o "
                                 "StrictHostKeyChecking=accept-new pgbackrest@sftp-srv true",
                            user="postgres")
            equal(len(own.read_text().splitlines()), 1, "keys that are known")
            works(site)
            own.unlink()


@refusal("RSA keys where the server takes no SHA-1")
def sha1(site):
    site.ready()
    with site.sshd_with(lambda text: text.replace(SHA1_LINE, "")):
        refused(site, SERVICE, "'pgbackrest@sftp-srv:22'", "SHA-1", "RSA", "Ed25519",
                "PubkeyAcceptedAlgorithms", repo1_sftp_private_key_file=KEY)
        works(site, **own_key(site))
    works(site)


@refusal("a server without SFTP")
def no_subsystem(site):
    site.ready()
    with site.sshd_with(lambda text: text.replace("Subsystem sftp", "#")):
        refused(site, SERVICE, "'pgbackrest@sftp-srv:22'", "SFTP", "Subsystem")
    works(site)


@refusal("no server at all")
def no_server(site):
    site.ready()
    refused(site, 49, "sftp-srv", "2222", repo1_sftp_host_port="2222")
    refused(site, 49, "no-such-host", repo1_sftp_host="no-such-host")
    works(site)


@refusal("directories that may not be written")
def directories(site):
    site.ready()
    site.call(PG1, "backup")
    keep = site.labels()
    refused(site, (PATH_CREATE, FILE_OPEN, FILE_WRITE), "/new_space", "ermission denied",
            repo1_path="/new_space")
    refused(site, (PATH_CREATE, FILE_OPEN, FILE_WRITE), "/etc/new_space", "ermission denied",
            repo1_path="/etc/new_space")
    read_only(site, f"backup/{site.stanza}", "backup")
    equal(site.labels(), keep, "backups")
    name = not_archived(site)
    read_only(site, f"archive/{site.stanza}", "archive-push", f"{DATA}/pg_wal/{name}")
    archives_again(site)
    site.wait_archived(name, limit_s=100)
    site.call(PG1, "backup")
    equal(site.partial_backups(), [], "backups that were not finished")
    site.clean(10)
    site.valid()
    site.peer_restores(site.rows(PG1))


@refusal("a file system that can only be read")
def read_only_file_system(site):
    site.town.mount_small(SFTP, SPACE, "300M", user_of(SFTP))
    site.ready()
    site.call(PG1, "backup")
    name = site.archived()
    keep, rows = site.labels(), site.rows(PG1)
    # Not while the archiver writes there.
    site.town.shell(SFTP, f"until mount -o remount,ro {SPACE}; do sleep 0.1; done", limit_s=30)
    codes = (PATH_CREATE, FILE_OPEN, FILE_WRITE, 104)
    refused(site, codes, SPACE, command="backup", words=("--no-archive-check",))
    segment = f"{DATA}/pg_wal/{not_archived(site)}"
    refused(site, codes, SPACE, command="archive-push", words=(segment,))
    site.call(PG1, "archive-get", name, "/tmp/fetched")
    site.call(PG2, "restore", "--archive-mode=off")
    site.pg(PG2, "start")
    site.wait_sql(PG2, "select pg_is_in_recovery()", "f")
    equal(site.rows(PG2), rows, "rows of what was restored")
    site.town.exec(SFTP, "mount", "-o", "remount,rw", SPACE)
    archives_again(site)
    equal(site.labels(), keep, "backups")
    site.archived(limit_s=100)
    site.call(PG1, "backup")
    equal(site.partial_backups(), [], "backups that were not finished")
    site.clean(10)
    site.valid()


def not_archived(site):
    """A segment that is complete; nothing archives it."""
    site.sql(PG1, "alter system set archive_command = 'false'")
    site.pg(PG1, "reload")
    time.sleep(1.5)
    site.add_rows()
    name = site.sql(PG1, "select pg_walfile_name(pg_current_wal_lsn())")
    site.sql(PG1, "select pg_switch_wal()")
    return name


def archives_again(site):
    site.sql(PG1, "alter system reset archive_command")
    site.pg(PG1, "reload")


def read_only(site, place, command, *words):
    """Nothing may be written below a directory of the repository."""
    modes = "find {} -type d -exec chmod {} {{}} +"
    site.town.shell(SFTP, modes.format(f"{SPACE}/{place}", "a-w"))
    refused(site, (PATH_CREATE, FILE_OPEN, FILE_WRITE, 104), f"{SPACE}/{place}", "ermission denied",
            command=command, words=words)
    site.no_session()
    site.town.shell(SFTP, modes.format(f"{SPACE}/{place}", "u+w"))
