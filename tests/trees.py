# What a restored directory holds, file by file, and how two of them differ.
# SPDX-License-Identifier: MIT
import hashlib
import os
import pathlib
import stat
import struct

from lab import expect, sha1

AUTO_CONF = "pg/postgresql.auto.conf"
PG_CONTROL = "pg/global/pg_control"
# Made by the restore; older versions of the peer write the first even for --type=none.
SIGNAL_FILES = ("pg/recovery.signal", "pg/standby.signal")


def tree(home):
    """path -> what it is: (kind, mode, size, content) of everything below `home`."""
    home, found = str(home), {}
    for folder, names, files in os.walk(home):
        inside = "" if folder == home else os.path.relpath(folder, home) + "/"
        for name in names + files:
            found[inside + name] = describe(f"{folder}/{name}", inside + name, home)
    return found


def describe(path, name, home):
    info = os.lstat(path)
    mode = stat.S_IMODE(info.st_mode)
    if stat.S_ISLNK(info.st_mode):
        return ("link", os.readlink(path).replace(home, "<home>"))
    if stat.S_ISDIR(info.st_mode):
        return ("directory", f"{mode:04o}")
    if name == PG_CONTROL:
        return ("file", f"{mode:04o}", info.st_size, masked_control(path))
    if name == AUTO_CONF:
        return ("file", f"{mode:04o}", "any size", recovery_free(pathlib.Path(path).read_text()))
    time_s = "now" if name in SIGNAL_FILES else int(info.st_mtime)
    return ("file", f"{mode:04o}", info.st_size, sha1(path), time_s)


def masked_control(path):
    """pg_control without the checkpoint position and the CRC: newer restores overwrite both."""
    data = bytearray(pathlib.Path(path).read_bytes())
    data[32:40] = bytes(8)
    data[288:292] = bytes(4)
    return hashlib.sha256(data).hexdigest()


def recovery_free(text):
    """The lines of postgresql.auto.conf that are not from a restore."""
    return tuple(line for line in text.splitlines()
                 if line and not line.startswith(("#", "restore_command", "recovery_target",
                                                  "archive_mode")))


def compare_trees(left, right, what, ignored=()):
    """Fails with the list of differences between two restored homes."""
    one, other = tree(left), tree(right)
    differences = []
    for path in sorted(set(one) | set(other)):
        if path in ignored or path.split("/")[-1] in ("server.log",):
            continue
        if one.get(path) != other.get(path):
            differences.append(f"{path}: {one.get(path)} / {other.get(path)}")
    expect(not differences, f"{what}: {len(differences)} differences", "\n".join(differences[:20]))


def control_is_marked(path):
    """Whether the checkpoint of a pg_control is the mark of an online restore, with a right CRC."""
    data = pathlib.Path(path).read_bytes()
    return (struct.unpack_from("<Q", data, 32)[0] == 0xDEAD
            and struct.unpack_from("<I", data, 288)[0] == crc32c(data[:288]))


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF
