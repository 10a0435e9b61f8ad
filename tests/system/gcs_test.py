# Repositories in a bucket of Google Cloud Storage: a strict stand-in, asked by us and by pgBackRest.
# SPDX-License-Identifier: MIT
import lab
from case import test
from interop import chain_of_three, continued_by_us, labels, replayed, same_restores, valid_for
from lab import OURS, equal, expect
from later_peer import later_peer
from object_server import CloudStorage, store
import typed_page

CIPHER = {"repo1_cipher_type": "aes-256-cbc", "repo1_cipher_pass": lab.PASSPHRASE}
LAYOUTS = {"files": {"compress_type": "lz4"},
           "encrypted bundles": {"repo1_bundle": "y", "compress_type": "zst", **CIPHER},
           "blocks, in parts": {"repo1_bundle": "y", "repo1_block": "y", "compress_type": "none"}}


def with_token(there):
    return {"repo1_gcs_key_type": "token", "repo1_gcs_key": f"Bearer {there.settings['GCS_TOKEN']}"}


@test("gcs: the whole way, files, a service account", "files", False, short=True)
@test("gcs: the whole way, encrypted bundles, a token", "encrypted bundles", True)
def whole_way(bench, layout, token):
    there = store(bench, CloudStorage)
    more = with_token(there) if token else {}
    bench.ready(**{**there.options(f"/whole way/{bench.dir.name}"), **LAYOUTS[layout], **more})
    bench.ours("check")
    chain_of_three(bench, later_peer("2.60.0"))
    bench.ours("backup")
    bench.ours("expire", "--repo1-retention-full=1")
    equal(len(labels(bench)), 1, "backups after expire")


@test("gcs: 2.60.0 reads and continues what we wrote, blocks, in parts", "2.60.0", "blocks, in parts")
@test("gcs: 2.60.0 reads and continues what we wrote, files", "2.60.0", "files", slow=True)
@test("gcs: 2.60.0 reads and continues what we wrote, encrypted bundles", "2.60.0",
      "encrypted bundles", slow=True)
@test("gcs: 2.55.1 reads and continues what we wrote, blocks, in parts", "2.55.1",
      "blocks, in parts", slow=True)
@test("gcs: 2.55.1 reads and continues what we wrote, files", "2.55.1", "files", slow=True)
@test("gcs: 2.55.1 reads and continues what we wrote, encrypted bundles", "2.55.1",
      "encrypted bundles", slow=True)
def peer_reads_ours(bench, version, layout):
    peer = later_peer(version)
    there = store(bench, CloudStorage)
    bench.ready(**{**there.options(f"/ours/{bench.dir.name}"), **LAYOUTS[layout]})
    bench.cluster.sql("create table large as select i, repeat(md5(i::text), 20) t "
                      "from generate_series(1, 20000) i; checkpoint")
    bench.ours("backup")
    bench.cluster.sql("insert into small select i, 'after' from generate_series(2000, 2100) i")
    bench.ours("backup", "--type=incr")
    bench.cluster.switch_and_wait_archived()
    equal(labels(bench, peer), labels(bench), "backups in info")
    valid_for(bench, peer, labels(bench))
    same_restores(bench, peer, labels(bench)[-1])
    bench.call(peer, "backup", "--type=incr")
    valid_for(bench, peer, labels(bench))
    bench.cluster.switch_and_wait_archived()
    replayed(bench, OURS, "back")


@test("gcs: we read and continue what 2.60.0 wrote, files", "2.60.0", "files")
@test("gcs: we read and continue what 2.60.0 wrote, encrypted bundles", "2.60.0",
      "encrypted bundles", slow=True)
@test("gcs: we read and continue what 2.60.0 wrote, blocks, in parts", "2.60.0",
      "blocks, in parts", slow=True)
@test("gcs: we read and continue what 2.55.1 wrote, files", "2.55.1", "files", slow=True)
@test("gcs: we read and continue what 2.55.1 wrote, encrypted bundles", "2.55.1",
      "encrypted bundles", slow=True)
@test("gcs: we read and continue what 2.55.1 wrote, blocks, in parts", "2.55.1",
      "blocks, in parts", slow=True)
def peer_writes(bench, version, layout):
    peer = later_peer(version)
    there = store(bench, CloudStorage)
    bench.ready(program=peer, pusher=peer, **there.options(f"/peer/{bench.dir.name}"),
                **LAYOUTS[layout])
    continued_by_us(bench, peer)


@test("gcs: what cannot work is told, with its code and what to do, and no secret")
def refusals(bench):
    there = store(bench, CloudStorage)
    broken = bench.dir / "broken.json"
    broken.write_text('{"type": "service_account"}')
    token = there.settings["GCS_TOKEN"]
    refused = {
        "no such bucket": ({"repo1_gcs_bucket": "no-such-bucket"}, 39, "repo-gcs-bucket"),
        "a wrong token": ({"repo1_gcs_key_type": "token", "repo1_gcs_key": "hidden-token"}, 39,
                          "repo-gcs-key"),
        "no key file": ({"repo1_gcs_key": bench.dir / "none"}, 41, ""),
        "a broken key file": ({"repo1_gcs_key": broken}, 29, "repo-gcs-key"),
        "a CA that is not theirs": ({"repo1_storage_ca_file": None}, 95, "repo-storage-ca-file"),
        "nobody there": ({"repo1_gcs_endpoint": "127.0.0.1:1"}, 49, ""),
        "a host with a path": ({"repo1_gcs_endpoint": "gcs.test/x"}, 32, ""),
    }
    bench.start()
    for what, (change, code, hint) in refused.items():
        bench.settings = {}
        bench.configure(io_timeout="2", **{**there.options("/refused"), **change})
        ended = bench.ours("stanza-create", "--log-level-console=warn", codes=None)
        equal(ended.code, code, f"{what}: {ended.text}")
        expect(hint in ended.text, f"{what}: which option", ended)
        for secret in (token, "hidden-token", "BEGIN PRIVATE KEY"):
            expect(secret not in ended.text, f"{what}: a secret is shown", ended)


PAGE = lab.SOURCE / "storage/driver/object/README.md"


@test("gcs: the page, as it is written")
def page(bench):
    there = store(bench, CloudStorage).options(f"/page/{bench.dir.name}")
    written = typed_page.settings_in(PAGE, "Google Cloud Storage")
    for name in ("repo1-type", "repo1-path", "repo1-gcs-bucket", "repo1-gcs-key"):
        expect(name in written, f"the page has {name}")
    written = {name.replace("-", "_"): value for name, value in written.items()
               if name not in ("pg1-path", "demo")}
    bench.configure(**{**written, **there})
    bench.start()
    typed_page.type_lines(bench, PAGE, "The way")
    equal(len(labels(bench)), 2, "backups that the page makes")
