# Info files and manifests that a test changes, with a right checksum.
# SPDX-License-Identifier: MIT
import hashlib
import json
import pathlib

def info_checksum(text):
    """The checksum of an info file: engine/format/README.md, section 4.3."""
    parts, section, last = [], None, None
    for line in text.splitlines():
        if not line:
            continue
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
            continue
        key, value = split_key(line)
        if key == "backrest-checksum":
            continue
        if section != last:
            parts.append(("}," if last is not None else "{") + f'"{section}":{{')
        else:
            parts.append(",")
        parts.append(f'"{json_escape(key)}":{value}')
        last = section
    return hashlib.sha1(("".join(parts) + "}}").encode()).hexdigest()


def json_escape(text):
    table = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b",
             "\f": "\\f"}
    return "".join(table.get(char, char) for char in text)


def split_key(line):
    at = line.find("=")
    while at >= 0:
        try:
            json.loads(line[at + 1:])
            return line[:at], line[at + 1:]
        except ValueError:
            at = line.find("=", at + 1)
    raise ValueError(line)


def rewrite_info(path, change):
    """Applies `change` (text -> text) to an info file and its copy, with a right checksum."""
    path = pathlib.Path(path)
    text = change(path.read_text())
    old = [line for line in text.splitlines() if line.startswith("backrest-checksum=")][0]
    text = text.replace(old, f'backrest-checksum="{info_checksum(text)}"')
    for target in (path, path.with_name(path.name + ".copy")):
        if target.exists():
            target.write_text(text)
