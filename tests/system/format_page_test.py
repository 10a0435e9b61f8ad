# The examples of engine/format/README.md: computed again, and read by both programs.
# SPDX-License-Identifier: MIT
import bz2
import hashlib
import json
import re
import shutil
import struct
import subprocess
import zlib

import crafted
import lab
from case import test
from lab import OURS, PEER, equal, expect, run

# All is read here, while the runner may still be root: user postgres may not get at the source.
PAGE, PARSER, SCALARS, LANES, RELEASES = ((lab.SOURCE / "engine" / name).read_text() for name in (
    "format/README.md", "format/manifest_parse.cpp", "format/manifest_scalars.cpp",
    "codec/page_checksum.cpp", "postgres/version.cpp"))
LABEL = "20261121-231250F"


def examples():
    """Name -> text of the fenced blocks that have a name."""
    found = re.findall(r"^```([\w-]+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    equal(len(found), len(dict(found)), "examples with a name of their own")
    return dict(found)


def table(text):
    return dict(line.split(maxsplit=1) for line in text.splitlines())


def info_file(text):
    """Section -> key -> value, the checksum proved."""
    sections, now = {}, None
    for line in text.splitlines():
        if line.startswith("[") and line.endswith("]"):
            now = sections.setdefault(line[1:-1], {})
        elif line:
            key, value = crafted.split_key(line)
            now[key] = json.loads(value)
    equal(sections["backrest"]["backrest-checksum"], crafted.info_checksum(text), "checksum")
    return sections


def openssl(key, iv, data, *words):
    return run(["openssl", "enc", "-aes-256-cbc", "-K", key, "-iv", iv, *words], stdin=data).out


# Sections 4, 6, 7 and 8.

def same_sum(of):
    equal(hashlib.sha1(of["hashed-text"].rstrip("\n").encode()).hexdigest(),
          info_file(of["archive-info"])["backrest"]["backrest-checksum"], "the hashed text's SHA-1")


def sizes_add_up(of):
    files = info_file(of["backup-manifest"])["target:file"].values()
    backup = info_file(of["backup-info"])["backup:current"][LABEL]
    equal(backup["backup-info-size"], sum(file["size"] for file in files), "size")
    equal(backup["backup-info-repo-size"], sum(file.get("repo-size") or file["size"]
                                               for file in files), "repo-size")


def members_are_known(of):
    """The examples use members of the table only, sorted; the table has no others than the code."""
    listed = re.search(r"^### 8\.3 .*?\n(\| member.*?)\n\n", PAGE,
                       re.MULTILINE | re.DOTALL)[1]
    named = set(re.findall(r"`([a-z-]+)`", " ".join(
        row.split("|")[1] for row in listed.splitlines()[2:])))
    body = PARSER[PARSER.index("::file_member("):PARSER.index("::file_reference(")]
    equal(named | {"master"}, set(re.findall(r'name == "([a-z-]+)"', body)), "members of a file")
    for line in of["manifest-files"].splitlines():
        members = list(json.loads(crafted.split_key(line)[1]))
        equal(members, sorted(set(members) & named), "sorted members of an example")


def keys_are_known(_):
    text = re.search(r"^### 8\.1 .*?^### 8\.2", PAGE, re.MULTILINE | re.DOTALL)[0]
    named, section = set(), ""
    for row in re.findall(r"^\|(.*?)\|(.*?)\|", text, re.MULTILINE):
        section = row[0].strip(" `[]") or section
        named |= {(section, key, bool(bold)) for bold, key in
                  re.findall(r"(\*\*)?`([a-z-]+)`", row[1])}
    known = {(where, key, required == "true") for where, key, required in
             re.findall(r'{"([\w:]+)", "([\w-]+)", (true|false),', SCALARS)}
    equal(sorted(named ^ known), [], "keys of a manifest that the page or the code lacks")


# Sections 10 and 11.

def unpacks(of):
    plain = b"15\n"
    packed = {name: bytes.fromhex(digits) for name, digits in table(of["packed"]).items()}
    equal(zlib.decompress(packed.pop("gz"), 31), plain, "gz")
    equal(zlib.decompress(packed.pop("gz-raw")), plain, "gz-raw")
    equal(bz2.decompress(packed.pop("bz2")), plain, "bz2")
    for name, data in packed.items():
        program = name.removesuffix("-raw").replace("zst", "zstd")
        if shutil.which(program):
            done = subprocess.run([program, "-dc"], input=data, capture_output=True, check=True)
            equal(done.stdout, plain, name)


def derives_key(of):
    said = table(of["key"])
    start = said["P"].encode() + bytes.fromhex(said["S"])
    made = [b""]
    for _ in range(3):
        made.append(hashlib.sha1(made[-1] + start).digest())
    equal([part.hex() for part in made[1:]], [said["D1"], said["D2"], said["D3"]], "D1, D2, D3")
    equal(said["key"] + said["iv"], b"".join(made).hex()[:96], "key and initial vector")
    cipher = openssl(said["key"], said["iv"], b"15\n").hex()
    sealed = table(of["encrypted"])
    equal(sealed, {"normal": b"Salted__".hex() + said["S"] + cipher, "raw": said["S"] + cipher},
          "containers")
    opened = run(["openssl", "enc", "-d", "-aes-256-cbc", "-md", "sha1", "-pass",
                  "pass:" + said["P"]], stdin=bytes.fromhex(sealed["normal"])).out
    equal(opened, b"15\n", "what the openssl of the page opens")


# Sections 12, 13 and 14.

def page_sum(page, number, lanes):
    words = list(struct.unpack(f"<{len(page) // 4}I", page))
    words[2] &= 0xFFFF0000
    words += [0] * 64
    lanes = list(lanes)
    for at, word in enumerate(words):
        mixed = lanes[at % 32] ^ word
        lanes[at % 32] = (mixed * 16777619 & 0xFFFFFFFF) ^ (mixed >> 17)
    total = number
    for lane in lanes:
        total ^= lane
    return total % 65535 + 1


def sums_pages(of):
    said = table(of["page"])
    page = bytes.fromhex(said.pop("header")).ljust(8192, b"\0")
    lanes = [int(word, 16) for word in of["page-seeds"].split()]
    for number, wanted in said.items():
        equal(f"{page_sum(page, int(number), lanes):04x}", wanted, f"checksum of page {number}")
    equal(of["page-seeds"].split(), re.findall(r"0x([0-9a-f]{8})(?=[,}])", LANES), "lanes")


def releases_are_known(_):
    layouts = {name: [int(word) for word in words.split(",")] for name, words in
               re.findall(r"(layout_\w+)\{([\d, ]+)\}", RELEASES)}
    known = [[name, control, catalog, *map(str, layouts[layout]), magic]
             for name, control, catalog, magic, layout in
             re.findall(r'{\d+, "([\d.]+)", (\d+), (\d+), 0x(\w+), (\w+)}', RELEASES)]
    rows = PAGE[PAGE.index("| PostgreSQL | control"):].split("\n\n")[0].splitlines()[2:]
    equal([[cell.strip() for cell in row.strip("|").split("|")] for row in rows], known,
          "the table of releases")


def tells_lock(of):
    lock = json.loads(of["lock"])
    equal(of["lock"].rstrip("\n"), json.dumps(lock, sort_keys=True, separators=(",", ":")), "lock")
    expect(lock["execId"].startswith(f"{lock['pid']}-"), "the execId begins with the pid")


# Section 15.

class BlockMap:
    """Reads a map; `blocks` has index, bundle, offset, stored, plain size, block, sum of each."""

    def __init__(self, data, block_bytes, sum_bytes):
        self.data, self.at, self.blocks = data, 0, []
        self.block_bytes, self.sum_bytes = block_bytes, sum_bytes
        self.places, self.last_stored = {}, None
        equal(self.number(), 0, "flags")
        while not self.group():
            pass
        equal(self.at, len(data), "bytes of the map")

    def number(self):
        value, shift = 0, 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def group(self):
        word = self.number()
        index, bit1, bit2 = word >> 3, word >> 1 & 1, word >> 2 & 1
        goes_on = False
        if index not in self.places:
            place = self.places[index] = dict(bundle=0, offset=0, stored=0, plain=self.block_bytes,
                                              block=0)
            place["bundle"] = self.number() if bit1 else 0
            place["offset"] = self.number() if bit2 else 0
        elif bit1:
            place, goes_on = self.places[index], True
        else:
            place = self.places[index]
            place["offset"] += place["stored"] + (self.number() if bit2 else 0)
        last = goes_on and self.super(index, place, ends=bit2)
        first = not goes_on
        while not last:
            last = self.super(index, place, first=first)
            first = False
        return word & 1

    def super(self, index, place, first=False, ends=None):
        last, partial = ends, True
        if ends is None:
            word = self.number()
            last, changed, partial, size = word & 1, word >> 1 & 1, word >> 2 & 1, word >> 3
            if not first:
                place["offset"] += place["stored"]
            place["stored"] = (size if self.last_stored is None
                               else self.last_stored + ((size >> 1) ^ -(size & 1)))
            place["block"] = 0
            if changed:
                word = self.number()
                place["plain"] = (word >> 1) * self.block_bytes + (self.number() if word & 1 else 0)
        self.last_stored = place["stored"]
        count = -(-place["plain"] // self.block_bytes)
        if partial:
            word = self.number()
            count = (word >> 1) + 1
            place["block"] += self.number() if word & 1 else 0
        for _ in range(count):
            self.blocks.append((index, place["bundle"], place["offset"], place["stored"],
                                place["plain"], place["block"],
                                self.data[self.at:self.at + self.sum_bytes].hex()))
            self.at += self.sum_bytes
            place["block"] += 1
        return last


def maps_blocks(of):
    found = BlockMap(bytes.fromhex(of["block-map"]), 8192, 6).blocks
    equal(found, [(0, 1, 14494, 146, 16384, 0, "a622ff2676a8"),
                  (3, 1, 0, 97, 8192, 0, "50aed03c0a51")], "blocks of the map")


# Section 18.

def write_repository(bench, of):
    bundle = bytes.fromhex("".join(of["bundle"].split()))
    for name, text in ((f"archive/{lab.STANZA}/archive.info", of["archive-info"]),
                       (f"backup/{lab.STANZA}/backup.info", of["backup-info"]),
                       (f"backup/{lab.STANZA}/{LABEL}/backup.manifest", of["backup-manifest"])):
        path = bench.repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.with_name(path.name + ".copy").write_text(text)
    path = bench.repo / f"backup/{lab.STANZA}/{LABEL}/bundle/1"
    path.parent.mkdir()
    path.write_bytes(bundle)


@test("format page: the examples of engine/format/README.md can be computed", cluster=False)
def computed(_bench):
    of = examples()
    checks = {"hashed-text": same_sum, "manifest-files": members_are_known, "packed": unpacks,
              "key": derives_key, "encrypted": derives_key, "page-seeds": sums_pages,
              "page": sums_pages, "lock": tells_lock, "block-map": maps_blocks,
              "archive-info": same_sum, "backup-info": sizes_add_up,
              "backup-manifest": sizes_add_up, "bundle": lambda _: None}
    equal(sorted(of), sorted(checks), "named examples")
    for check in [*checks.values(), keys_are_known, releases_are_known]:
        check(of)


@test("format page: its whole repository is restored by both programs", cluster=False)
def restored(bench):
    write_repository(bench, examples())
    for program in (OURS, PEER):
        place = bench.dir / "restored"
        place.mkdir(mode=0o700)
        words = [program, "--no-config", f"--repo1-path={bench.repo}", f"--stanza={lab.STANZA}",
                 f"--lock-path={bench.dir}/lock", f"--log-path={bench.dir}", "--log-level-file=off"]
        told = run([*words, "--output=json", "info"]).json()
        equal([backup["label"] for backup in told[0]["backup"]], [LABEL], "label in info")
        run([*words, f"--pg1-path={place}", f"--spool-path={bench.dir}/spool", "--type=none",
             "restore"])
        found = {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*")
                 if path.is_file() and path.name != "postgresql.auto.conf"}
        equal(found, {"PG_VERSION": b"15\n", "pg_hba.conf": b"local all all peer\n",
                      "base/5/16384": b""}, f"what {program} restores")
        shutil.rmtree(place)
