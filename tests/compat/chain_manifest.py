# Manifests read independently of the programs, and what they have to agree with.
# SPDX-License-Identifier: MIT
import json
import os
import stat

import lab
from lab import equal, expect

# A restore with mapped tablespaces leaves tablespace_map out, and PostgreSQL would follow it.
NOT_COMPARED = ("pg/tablespace_map", "pg/postgresql.auto.conf", "pg/global/pg_control",
                "pg/recovery.signal", "pg/standby.signal")


def parse(text):
    """section -> key -> value. A key may hold `=`: it ends where JSON begins."""
    sections, section = {}, None
    for line in text.splitlines():
        if line.startswith("[") and line.endswith("]"):
            section = sections.setdefault(line[1:-1], {})
            continue
        at = line.find("=")
        while at >= 0:
            try:
                section[line[:at]] = json.loads(line[at + 1:])
                break
            except ValueError:
                at = line.find("=", at + 1)
    return sections


class Manifest:
    def __init__(self, text):
        self.sections = parse(text)
        self.backup = self.sections["backup"]
        self.options = self.sections["backup:option"]
        self.files = self.sections["target:file"]
        self.label, self.prior = self.backup["backup-label"], self.backup.get("backup-prior")
        self.mode = self.sections["target:file:default"]["mode"]

    def place(self, name):
        """Where a restore with mapped tablespaces puts a file, seen from the restored home."""
        if name.startswith("pg_data/"):
            return "pg/" + name[len("pg_data/"):]
        target = "/".join(name.split("/")[:2])
        return f"ts/{self.sections['backup:target'][target]['tablespace-name']}{name[len(target):]}"


def real_paths():
    """os.path.realpath for many files of few folders."""
    folders = {}

    def real(path):
        if os.path.islink(path):
            return os.path.realpath(path)
        folder, name = os.path.split(path)
        if folder not in folders:
            folders[folder] = os.path.realpath(folder)
        return f"{folders[folder]}/{name}"

    return real


def agree(manifest, home, what):
    """The restored files are those of the manifest, with content, size, mode and time."""
    wrong, places, real = [], {}, real_paths()
    for name, entry in manifest.files.items():
        place = manifest.place(name)
        path = f"{home}/{place}"
        places[real(path)] = name
        if place in NOT_COMPARED:
            continue
        if not os.path.exists(path):
            wrong.append(f"{name}: missing")
        else:
            found = os.stat(path)
            ours = (found.st_size, f"{stat.S_IMODE(found.st_mode):04o}", int(found.st_mtime),
                    lab.sha1(path) if found.st_size else None)
            wanted = (entry["size"], entry.get("mode", manifest.mode), entry["timestamp"],
                      entry.get("checksum") if entry["size"] else None)
            if ours != wanted:
                wrong.append(f"{name}: {ours}, in the manifest {wanted}")
    for folder, names, files in os.walk(home):
        if folder == str(home):
            names[:] = set(names) - {"linked"}  # Other files beside the target of a link are not ours.
        for file in files:
            path = f"{folder}/{file}"
            if (real(path) not in places
                    and os.path.relpath(path, home) not in NOT_COMPARED + ("server.log",)):
                wrong.append(f"{path}: not in the manifest")
    expect(not wrong, f"{what}: {len(wrong)} files differ from the manifest", "\n".join(wrong[:20]))


def consistent(manifest, listed, prior):
    """What a writer has to obey: sizes, references and what an unchanged file becomes."""
    label, files = manifest.label, manifest.files
    stored = [entry for entry in files.values() if "reference" not in entry]
    size_of = lambda entries: sum(entry["size"] for entry in entries)
    repo_of = lambda entries: sum(entry.get("repo-size", entry["size"]) for entry in entries)
    info = listed["info"]
    equal((info["size"], info["delta"]), (size_of(files.values()), size_of(stored)),
          f"sizes that info says of {label}")
    if "size" in info["repository"]:
        equal((info["repository"]["size"], info["repository"]["delta"]),
              (repo_of(files.values()), repo_of(stored)), f"stored sizes of {label}")
    named = {entry["reference"] for entry in files.values() if "reference" in entry}
    expect(named <= set(listed["reference"] or []), f"info names all that {label} refers to",
           (named, listed["reference"]))
    expect(label not in named, f"{label} does not refer to itself")
    if "backup-reference" in manifest.backup:
        list_of = manifest.backup["backup-reference"].split(",")
        equal(list_of[-1], label, "the last of backup-reference")
        expect(named <= set(list_of), "backup-reference lists all", (named, list_of))
    if prior:
        _against_prior(manifest, prior)


def _against_prior(manifest, prior):
    wrong = []
    for name, entry in manifest.files.items():
        before = prior.files.get(name)
        if "reference" in entry:
            expect(before, f"'{name}' refers to {entry['reference']}, but is not in the prior")
            holder = before.get("reference", prior.label)
            if entry["reference"] != holder:
                wrong.append(f"{name}: refers to {entry['reference']}, the prior has it in {holder}")
            for field in ("bni", "bno", "bi", "bic", "bim", "rck", "checksum"):
                if entry.get(field) != before.get(field):
                    wrong.append(f"{name}: {field} {entry.get(field)}, {before.get(field)} before")
        elif (before and entry["size"] and not manifest.options.get("option-delta")
              and (entry["size"], entry["timestamp"]) == (before["size"], before["timestamp"])):
            wrong.append(f"{name}: is as before, and stored again")
    expect(not wrong, f"{len(wrong)} files of {manifest.label} are not as {manifest.prior} demands",
           "\n".join(wrong[:20]))
