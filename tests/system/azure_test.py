# Repositories in a container of Azure: Azurite, asked by us and by pgBackRest.
# SPDX-License-Identifier: MIT
import re

import lab
from azure_server import BlobService
from case import test
from interop import chain_of_three, continued_by_us, labels, replayed, same_restores, valid_for
from lab import OURS, equal, expect
from later_peer import later_peer
from object_server import store
import typed_page

CIPHER = {"repo1_cipher_type": "aes-256-cbc", "repo1_cipher_pass": lab.PASSPHRASE}
LAYOUTS = {"files": {"compress_type": "lz4"},
           "encrypted bundles": {"repo1_bundle": "y", "compress_type": "zst", **CIPHER},
           "blocks": {"repo1_bundle": "y", "repo1_block": "y", "compress_type": "zst"}}
# The account in the name of the host, which leads here; no certificate has such a name.
HOST_STYLE = ("--repo1-azure-uri-style=host", "--repo1-storage-host=localhost",
              "--no-repo1-storage-verify-tls")


def directories(there, where):
    """Of backups, complete or not."""
    return sorted(set(re.findall("backup/demo/([0-9]{8}-[^/<]*)/",
                                 there.listed(f"{where}/backup/demo/2"))))


@test("azure: the whole way, files", "files", {}, slow=True)
@test("azure: the whole way, encrypted bundles, SAS", "encrypted bundles", {"archive_async": "y"},
      True)
@test("azure: the whole way, blocks, in parts, tags", "blocks",
      {"repo1_storage_tag": "a=b c", "compress_type": "none"}, slow=True)
def whole_way(bench, layout, more, signed_before=False):
    there = store(bench, BlobService)
    where = f"whole way/{bench.dir.name}"
    signed = there.shared_signature() if signed_before else {}
    bench.ready(**{**there.options("/" + where), **LAYOUTS[layout], **more, **signed})
    bench.ours("check")
    bench.ours("check", *HOST_STYLE)
    chain_of_three(bench, later_peer("2.60.0"))
    target = bench.restore(OURS, bench.dir / "r1", "--delta", "--type=none", "--archive-mode=off")
    expect(target.data.exists(), "delta restore")
    bench.ours("backup")
    bench.ours("expire", "--repo1-retention-full=1")
    equal(len(labels(bench)), 1, "backups after expire")
    equal(directories(there, where), labels(bench), "directories of backups after expire")


@test("azure: 2.60.0 reads and continues what we wrote, files, SAS", "2.60.0", "files", True,
      slow=True)
@test("azure: 2.60.0 reads and continues what we wrote, encrypted bundles", "2.60.0",
      "encrypted bundles", slow=True)
@test("azure: 2.60.0 reads and continues what we wrote, blocks", "2.60.0", "blocks", slow=True)
@test("azure: 2.55.1 reads and continues what we wrote, files, SAS", "2.55.1", "files", True,
      slow=True)
@test("azure: 2.55.1 reads and continues what we wrote, encrypted bundles", "2.55.1",
      "encrypted bundles", slow=True)
@test("azure: 2.55.1 reads and continues what we wrote, blocks", "2.55.1", "blocks", slow=True)
def peer_reads_ours(bench, version, layout, signed_before=False):
    peer = later_peer(version)
    there = store(bench, BlobService)
    signed = there.shared_signature() if signed_before else {}
    bench.ready(**{**there.options(f"/ours/{bench.dir.name}"), **LAYOUTS[layout], **signed})
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


@test("azure: we read and continue what 2.60.0 wrote, encrypted bundles", "2.60.0",
      "encrypted bundles")
@test("azure: we read and continue what 2.60.0 wrote, files", "2.60.0", "files", slow=True)
@test("azure: we read and continue what 2.60.0 wrote, blocks", "2.60.0", "blocks", slow=True)
@test("azure: we read and continue what 2.55.1 wrote, encrypted bundles", "2.55.1",
      "encrypted bundles", slow=True)
@test("azure: we read and continue what 2.55.1 wrote, files", "2.55.1", "files", slow=True)
@test("azure: we read and continue what 2.55.1 wrote, blocks", "2.55.1", "blocks", slow=True)
def peer_writes(bench, version, layout):
    peer = later_peer(version)
    bench.ready(program=peer, pusher=peer,
                **store(bench, BlobService).options(f"/peer/{bench.dir.name}", **LAYOUTS[layout]))
    continued_by_us(bench, peer)


@test("azure: a backup that is killed is nothing to the next one")
def killed(bench):
    there = store(bench, BlobService)
    where = f"killed/{bench.dir.name}"
    bench.ready(**there.options("/" + where, compress_type="none"))
    bench.cluster.sql("create table large as select i, repeat(md5(i::text), 20) t "
                      "from generate_series(1, 40000) i; checkpoint")
    backup = lab.spawn(bench.argv(OURS, "backup", "--type=full"), bench.dir / "killed.log")
    # One that has stored nothing yet is left alone for a while: somebody may be making it.
    lab.wait_for(lambda: "/pg_data/" in there.listed(f"{where}/backup/demo/2"), "the backup writes")
    lab.kill_group(backup)
    backup.wait()
    lab.wait_until_still(lambda: there.listed(f"{where}/backup/demo/2"), "nothing more comes")
    equal(len(directories(there, where)), 1, "directories of the killed one")
    bench.ours("backup")
    equal(directories(there, where), labels(bench), "directories after the next backup")


WRONG_KEY = "bm90IHRoZSBrZXkgb2YgdGhpcyBhY2NvdW50IGF0IGFsbA=="
WRONG_SAS = "sv=2021-06-08&sr=c&sp=rl&se=2099-01-01T00%3A00%3A00Z&sig=aW52ZW50ZWQ%3D"
REFUSALS = {
    "a wrong key": ({"repo1_azure_key": WRONG_KEY}, 39, "repo-azure-key"),
    "no such container": ({"repo1_azure_container": "no-such-container"}, 39,
                          "repo-azure-container"),
    "a wrong SAS": ({"repo1_azure_key_type": "sas", "repo1_azure_key": WRONG_SAS}, 39,
                    "repo-azure-key"),
    "a key that is none": ({"repo1_azure_key": "no base64!"}, 32, ""),
    "no key": ({"repo1_azure_key": None}, 37, ""),
    "a CA that is not theirs": ({"repo1_storage_ca_file": None}, 95, "repo-storage-ca-file"),
    "nobody there": ({"repo1_storage_port": "1"}, 49, ""),
    "a host with a path": ({"repo1_storage_host": "blob.test/x"}, 32, "")}


@test("azure: what cannot work is told, with its code and what to do, and no secret")
def refusals(bench):
    there = store(bench, BlobService)
    signature = there.settings["AZURE_SAS"].split("sig=")[1]
    for what, (change, code, hint) in REFUSALS.items():
        bench.settings = {}
        bench.configure(io_timeout="2", **{**there.options("/refused"), **change})
        if not bench.cluster.running():
            bench.start()
        for command, wanted in (("stanza-create", (code,)), ("info", (0, code)),
                                ("check", (code, 37))):
            ended = bench.ours(command, "--log-level-console=warn", codes=None)
            expect(ended.code in wanted, f"{what}: {command}", ended)
            if command == "stanza-create":
                expect("HINT" in ended.text if hint else True, f"{what}: a hint", ended)
                expect(hint in ended.text, f"{what}: which option", ended)
            for secret in (there.settings["AZURE_KEY"], signature, WRONG_KEY, "aW52ZW50ZWQ",
                           "no base64!", "sig="):
                expect(secret not in ended.text, f"{what}: a secret is shown", ended)


PAGE = lab.SOURCE / "storage/driver/object/README.md"


@test("azure: the page, as it is written")
def page(bench):
    there = store(bench, BlobService).options(f"/page/{bench.dir.name}")
    written = typed_page.settings_in(PAGE, "Azure")
    for name in ("repo1-type", "repo1-path", "repo1-azure-account", "repo1-azure-container",
                 "repo1-azure-key"):
        expect(name in written, f"the page has {name}")
    written = {name.replace("-", "_"): value for name, value in written.items()
               if name not in ("pg1-path", "demo")}
    bench.configure(**{**written, **there})
    bench.start()
    typed_page.type_lines(bench, PAGE, "The way")
    equal(len(labels(bench)), 2, "backups that the page makes")
