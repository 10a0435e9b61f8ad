# Repositories that real pgBackRest versions wrote, from ../shared/golden.
# SPDX-License-Identifier: MIT
import json
import subprocess

import lab
from lab import Skip, expect


def unpack(bench, letter):
    """The repository as repo1, its side file as a dictionary."""
    golden = lab.SHARED / "golden"
    if not golden.is_dir():
        raise Skip(f"'{golden}' is missing: PGBRAID_SHARED names the folder with the golden sets")
    packed = next(golden.glob(f"{letter}-*.tar.zst"))
    bench.repo.mkdir()
    unzst = subprocess.Popen(["zstd", "-dc", packed], stdout=subprocess.PIPE)
    lab.run(["tar", "-x", "--no-same-owner", "-C", bench.repo, "-f", "-"],
            stdin=unzst.stdout.read())
    expect(unzst.wait() == 0, "zstd unpacks the golden set")
    side = json.loads(packed.with_name(packed.name.replace(".tar.zst", ".json")).read_text())
    known = dict(line.split("=", 1) for line in side["repo-config"])
    settings = {name: value for name, value in known.items() if "cipher" in name}
    bench.configure(**settings)
    with open(bench.conf, "a") as conf:
        conf.write(f"\n[{lab.STANZA}]\npg1-path={bench.dir / 'ours/pg'}\n")
    return side
