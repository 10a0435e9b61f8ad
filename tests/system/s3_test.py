# Repositories in a bucket: Ceph's object gateway, asked by us and by pgBackRest.
# SPDX-License-Identifier: MIT
import json
import re

import lab
from case import test
from interop import chain_of_three, continued_by_us, labels, replayed, same_restores, valid_for
from lab import OURS, equal, expect
from later_peer import later_peer
from object_server import gateway
import typed_page

CIPHER = {"repo1_cipher_type": "aes-256-cbc", "repo1_cipher_pass": lab.PASSPHRASE}
LAYOUTS = {"files": {"compress_type": "lz4"},
           "encrypted bundles": {"repo1_bundle": "y", "compress_type": "zst", **CIPHER},
           "blocks": {"repo1_bundle": "y", "repo1_block": "y", "compress_type": "zst"}}


@test("s3: the whole way, files", "files", {})
@test("s3: the whole way, encrypted bundles, host style", "encrypted bundles",
      {"repo1_s3_uri_style": "host", "archive_async": "y"})
@test("s3: the whole way, blocks, in parts, tags", "blocks",
      {"repo1_storage_tag": "a=b c", "compress_type": "none"}, slow=True)
def whole_way(bench, layout, more):
    store = gateway(bench)
    where = f"/whole way/{bench.dir.name}"
    bench.ready(**{**store.options(where), **LAYOUTS[layout], **more})
    bench.ours("check")
    chain_of_three(bench, later_peer("2.60.0"))
    target = bench.restore(OURS, bench.dir / "r1", "--delta", "--type=none", "--archive-mode=off")
    expect(target.data.exists(), "delta restore")
    bench.ours("backup")
    bench.ours("expire", "--repo1-retention-full=1")
    equal(len(labels(bench)), 1, "backups after expire")
    left = store.ask("GET", "", f"?list-type=2&prefix={where[1:]}/backup/demo/2".replace(" ", "%20"))
    equal(sorted(set(re.findall("backup/demo/([0-9]{8}-[^/]*)/", left.text))), labels(bench),
          "directories of backups after expire")


def lent(bench, store):
    """The options for keys that a command tells."""
    command = bench.dir / "keys"
    answer = {"Version": 1, "AccessKeyId": store.settings["S3_SESSION_KEY"],
              "SecretAccessKey": store.settings["S3_SESSION_SECRET"],
              "SessionToken": store.settings["S3_SESSION_TOKEN"],
              "Expiration": "2099-01-01T00:00:00Z"}
    lab.put_script(command, f"#!/bin/sh\ncat <<'END'\n{json.dumps(answer)}\nEND\n", mode="700")
    return {"repo1_s3_key_type": "process", "repo1_s3_process_cmd": command, "repo1_s3_key": None,
            "repo1_s3_key_secret": None}


@test("s3: 2.60.0 reads and continues what we wrote, files, keys of a command", "2.60.0", "files",
      True)
@test("s3: 2.60.0 reads and continues what we wrote, encrypted bundles", "2.60.0",
      "encrypted bundles", slow=True)
@test("s3: 2.60.0 reads and continues what we wrote, blocks", "2.60.0", "blocks", slow=True)
@test("s3: 2.55.1 reads and continues what we wrote, files", "2.55.1", "files", slow=True)
@test("s3: 2.55.1 reads and continues what we wrote, encrypted bundles", "2.55.1",
      "encrypted bundles", slow=True)
@test("s3: 2.55.1 reads and continues what we wrote, blocks", "2.55.1", "blocks", slow=True)
def peer_reads_ours(bench, version, layout, keys_of_a_command=False):
    peer = later_peer(version)
    store = gateway(bench)
    more = lent(bench, store) if keys_of_a_command else {}
    bench.ready(**{**store.options(f"/ours/{bench.dir.name}"), **LAYOUTS[layout], **more})
    bench.ours("backup")
    bench.cluster.sql("insert into small select i, 'after' from generate_series(2000, 2100) i")
    bench.ours("backup", "--type=incr")
    bench.cluster.switch_and_wait_archived()
    equal(labels(bench, peer), labels(bench), "backups in info")
    valid_for(bench, peer, labels(bench))
    same_restores(bench, peer, labels(bench)[-1])
    bench.call(peer, "backup", "--type=incr")
    equal(len(labels(bench)), 3, "backups of both")
    valid_for(bench, peer, labels(bench))
    bench.cluster.switch_and_wait_archived()
    replayed(bench, OURS, "back")


@test("s3: we read and continue what 2.60.0 wrote, encrypted bundles", "2.60.0",
      "encrypted bundles")
@test("s3: we read and continue what 2.60.0 wrote, files", "2.60.0", "files", slow=True)
@test("s3: we read and continue what 2.60.0 wrote, blocks", "2.60.0", "blocks", slow=True)
@test("s3: we read and continue what 2.55.1 wrote, files", "2.55.1", "files", slow=True)
@test("s3: we read and continue what 2.55.1 wrote, encrypted bundles", "2.55.1",
      "encrypted bundles", slow=True)
@test("s3: we read and continue what 2.55.1 wrote, blocks", "2.55.1", "blocks", slow=True)
def peer_writes(bench, version, layout):
    peer = later_peer(version)
    bench.ready(program=peer, pusher=peer,
                **gateway(bench).options(f"/peer/{bench.dir.name}", **LAYOUTS[layout]))
    continued_by_us(bench, peer)


PAGE = lab.SOURCE / "storage/driver/object/README.md"


@test("s3: the page, as it is written")
def page(bench):
    store = gateway(bench)
    written = typed_page.settings_in(PAGE, "The configuration")
    there = store.options(f"/page/{bench.dir.name}")
    for name in ("repo1_path", "repo1_s3_bucket", "repo1_s3_endpoint", "repo1_s3_region",
                 "repo1_s3_key", "repo1_s3_key_secret"):
        expect(name.replace("_", "-") in written, f"the page has {name}")
    written = {name.replace("-", "_"): value for name, value in written.items()
               if name not in ("pg1-path", "demo")}
    bench.configure(**{**written, **there})
    bench.start()
    typed_page.type_lines(bench, PAGE, "The way")
    equal(len(labels(bench)), 2, "backups that the page makes")


@test("s3: expire removes many WAL files with one request, and no others")
def expire_wal(bench):
    store = gateway(bench)
    where = f"expire/{bench.dir.name}"
    bench.ready(**store.options("/" + where))
    bench.ours("backup")
    for _ in range(30):
        bench.cluster.sql("select pg_switch_wal() from (select pg_logical_emit_message(false, 'a', 'b')) m")
    bench.cluster.switch_and_wait_archived()

    def segments():
        listed = store.ask("GET", "", f"?list-type=2&prefix={where}/archive/demo/15-1/0").text
        return sorted(set(re.findall("/([0-9A-F]{24})-", listed)))

    bench.ours("backup")
    before, asked = segments(), len(store.requests())
    told = bench.ours("expire", "--repo1-retention-full=1")
    removals = [(method, target) for method, target in store.requests()[asked:]
                if method == "DELETE" or "?delete" in target]
    span = re.search("remove archive, start = ([0-9A-F]{24}), stop = ([0-9A-F]{24})", told.text)
    gone = [name for name in before if span[1] <= name <= span[2]]
    expect(len(gone) > 30, "WAL goes", told)
    equal(segments(), [name for name in before if name not in gone], "WAL that stays")
    equal([target for method, target in removals if method == "DELETE" and "/archive/" in target], [],
          "removals of single WAL files")
    expect(0 < len(removals) < 10, "requests that remove something", removals)
    valid_for(bench, later_peer("2.60.0"), labels(bench))


@test("s3: a backup that is killed, or fails, is nothing to the next one", None)
@test("s3: a backup that is killed is nothing to pgBackRest's next one", "2.60.0")
def killed(bench, version):
    after = later_peer(version) if version else OURS
    store = gateway(bench)
    where = f"killed/{bench.dir.name}"
    bench.ready(**store.options("/" + where, compress_type="none"))
    bench.cluster.sql("create table large as select i, repeat(md5(i::text), 20) t "
                      "from generate_series(1, 40000) i; checkpoint")

    def directories():
        left = store.ask("GET", "", f"?list-type=2&prefix={where}/backup/demo/2&delimiter=/").text
        return sorted(set(re.findall("backup/demo/([0-9]{8}-[^/]*)/", left)))

    def files():
        return store.ask("GET", "", f"?list-type=2&prefix={where}/backup/demo/2").text

    backup = lab.spawn(bench.argv(OURS, "backup", "--type=full"), bench.dir / "killed.log")
    lab.wait_for(lambda: "/pg_data/" in files(), "the backup writes")
    lab.kill_group(backup)
    backup.wait()
    lab.wait_until_still(files, "nothing more comes")
    equal(len(directories()), 1, "directories of the killed one")
    bench.call(after, "backup")
    equal(directories(), labels(bench), "directories after the next backup")
    if version:
        valid_for(bench, after, labels(bench))
        same_restores(bench, after, labels(bench)[-1])
    # One that fails removes what it wrote at once, since it cannot be gone on with.
    bench.cluster.stop()
    bench.cluster.start(archive_command="false pgbraid")
    bench.ours("backup", "--archive-timeout=1", codes=(82,))
    equal(directories(), labels(bench), "directories after one that failed")


REFUSALS = {"a wrong secret": ({"repo1_s3_key_secret": "wrong"}, 39, "repo-s3-key-secret"),
            "a wrong key": ({"repo1_s3_key": "AKIANOBODY"}, 39, "repo-s3-key"),
            "no such bucket": ({"repo1_s3_bucket": "no-such-bucket"}, 39, "repo-s3-bucket"),
            "a CA that is not theirs": ({"repo1_storage_ca_file": None}, 95, "repo-storage-ca-file"),
            "nobody there": ({"repo1_storage_port": "1"}, 49, ""),
            "a host with a path": ({"repo1_s3_endpoint": "s3.test/x"}, 32, ""),
            "a key of the wrong size": ({"repo1_s3_sse_customer_key": "c2hvcnQ="}, 32, ""),
            "no identity": ({"repo1_s3_key_type": "web-id", "repo1_s3_key": None,
                             "repo1_s3_key_secret": None}, 31, ""),
            "a lender that fails": ({"repo1_s3_key_type": "process", "repo1_s3_key": None,
                                     "repo1_s3_process_cmd": "/bin/false",
                                     "repo1_s3_key_secret": None}, 102, ""),
            "the past": ({"repo1_s3_token": "invented"}, 39, "")}


@test("s3: what cannot work is told, with its code and what to do, and no secret")
def refusals(bench):
    store = gateway(bench)
    for what, (change, code, hint) in REFUSALS.items():
        bench.settings = {}
        bench.configure(io_timeout="2", **{**store.options("/refused"), **change})
        for command in ("stanza-create", "info", "check"):
            if command == "stanza-create" and not bench.cluster.running():
                bench.start()
            ended = bench.ours(command, "--log-level-console=warn", codes=None)
            told = ended.text
            wanted = (code,) if command == "stanza-create" else (0, code, 37)
            expect(ended.code in wanted, f"{what}: {command}", ended)
            if command == "stanza-create":
                expect("HINT" in told if hint else True, f"{what}: a hint", ended)
                expect(hint in told, f"{what}: which option", ended)
            for secret in (store.settings["S3_SECRET"], "wrong" if "secret" in what else None):
                expect(not secret or f"'{secret}'" not in told and store.settings["S3_SECRET"]
                       not in told, f"{what}: a secret is shown", ended)


@test("s3: SSE with keys of the store and of ours, and a session token", slow=True)
def encrypted_there(bench):
    store = gateway(bench)
    peer = later_peer("2.60.0")
    session = {"repo1_s3_key": store.settings["S3_SESSION_KEY"],
               "repo1_s3_key_secret": store.settings["S3_SESSION_SECRET"],
               "repo1_s3_token": store.settings["S3_SESSION_TOKEN"]}
    own = {"repo1_s3_sse_customer_key": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}
    kms = {"repo1_s3_kms_key_id": store.settings["S3_KMS_KEY_ID"]}
    for number, more in enumerate((session, own, kms)):
        bench.settings = {}
        bench.configure(**store.options(f"/sse/{bench.dir.name}/{number}", **more))
        if not bench.cluster.running():
            bench.start()
        bench.ours("stanza-create")
        bench.ours("backup")
        valid_for(bench, peer, labels(bench))
        bench.call(peer, "backup", "--type=incr")
        same_restores(bench, peer, labels(bench)[-1])
