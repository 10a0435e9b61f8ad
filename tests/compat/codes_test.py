# The exit code of wrong command lines and configurations is pgBackRest's.
# SPDX-License-Identifier: MIT
"""The codes below are those of pgBackRest 2.60.0; where that program is to be had, it is asked again.
@N is --no-config, @S names a stanza too, @PG a data directory as well."""
import shlex

import lab
from case import test
from lab import OURS, equal, expect, run
from later_peer import later_peer

SHORT = {"@N": "--no-config", "@S": "--no-config --stanza=demo",
         "@PG": "--no-config --stanza=demo --pg1-path=/x"}

COMMAND_LINES = {
    27: (
        "@PG --pg1-host=a --repo1-host=b backup",),
    30: (
        "--stanza=x",),
    31: (
        "help backup nope", "--nope", "-x", "-", "--", "--=x", "--stanza", "backup --stanza",
        "help -x", "help --nope", "@S --pg0-path=/x backup", "@S --pg257-path=/x backup",
        "@S --pg-path=/x backup", "@N @N info", "--no-stanza info", "--reset-stanza info",
        "--no-config=y info", "--config=/x @N info", "@S --stanza=demo info", "@N info --online",
        "@N info --no-online", "@N info --set=x", "@N info --repo1-cipher-pass=x",
        "@N info --repo1-host-user=x", "@N info --repo1-host-type=tls",
        "@S --pg1-path=/nope --target=x restore",
        "@S --pg1-path=/nope --target-action=promote restore", "@N server-ping --stanza=x",
        "@PG --force backup", "@PG --annotation=x backup", "@PG --recovery-option=x restore",
        "@PG --tablespace-map=x restore", "@PG --archive-check --no-online backup",
        "@PG --no-archive-check --archive-copy backup", "@PG --repo1-format=6 backup",
        "@PG --repo1-cipher-rotate=1d backup", "@S --repo1-storage-prefetch=1025 info",
        "@N --repo1-storage-prefetch=2 info",),
    32: (
        "--stanza= info", "@S --pg1-path= backup", "@S --pg1-path=x backup",
        "@S --pg1-path=//x backup", "--config-path=x info", "@N --repo=3 info", "@N --repo=0 info",
        "@N --repo=x info", "@N --repo=257 info", "@N info --output=xml",
        "@N info --log-level-console=loud", "@N info --log-path=x", "@N info --buffer-size=3",
        "@N info --io-timeout=0.5", "@N info --io-timeout=0", "@N info --io-timeout=2h",
        "@N info --priority=99", "@N info --repo1-cipher-type=aes", "@N info --repo1-type=s4",
        "@S --pg1-path=/nope --type=foo restore", "@N server-ping --tls-server-port=99999",
        "@PG --db-timeout=10 --protocol-timeout=5 backup",
        "@PG --repo1-path=/a --repo2-path=/a backup", "@PG --compress-level=99 backup",
        "@PG --compress-type=lzo backup", "@PG --compress-type=lz4 --compress-level=99 backup",
        "@PG --type=x backup", "@PG --process-max=0 backup", "@PG --process-max=1000 backup",
        "@PG --repo1-retention-full=0 backup", "@PG --start-fast=x backup",),
    37: (
        "@N backup", "@S backup", "@N info --repo1-cipher-type=aes-256-cbc",
        "@N info --repo1-host=x --repo1-host-type=tls", "@S restore",
        "@S --pg1-path=/nope --type=time restore", "@S archive-get", "@S archive-get a",
        "@S archive-get a b c", "server", "@N server", "@N expire", "@S check", "@N stanza-create",),
    43: (
        "@S archive-push", "@S archive-push a b", "@PG archive-get", "@PG archive-get a",
        "@PG archive-push",),
    48: (
        "help nope", "nope", "backup:async", "backup:foo", "info:local", "backup:", ":",
        "@PG --start-fast n backup",),
    55: (
        "--config=/nonexist info",),
    72: (
        "@PG --pg1-host=a restore", "@PG --pg1-host=a archive-get a b",
        "@PG --pg1-host=a archive-push a",),
    73: (
        "--config-include-path=/nonexist info",),
    96: (
        "help backup repo-path x", "version x", "--help backup x", "info info", "@N info x",
        "@PG archive-get a b c", "server-ping a b",),
}

# The file is read for a backup; 55 says that nothing was wrong before the repository was asked.
CONFIGURATIONS = {
    27: (
        "[global]\nrepo1-host=x\n[demo]\npg1-host=y\npg1-path=/x\n",),
    29: (
        "[global\n", "global]\n", "[]\n", "[global] x\n", "; c\n", "[global]\n; c\n",
        "[global]\nx\n", "[global]\n=y\n", "repo1-path=/a\n", "[global]\nprocess-max 1\n",
        "[global]\nprocess-max:1\n",),
    31: (
        "[global]\nrepo1-path=/a\nrepo1-path=/b\n", "[global]\nprocess-max=1\nprocess-max=1\n",
        "[global]\nrepo-path=/a\nrepo1-path=/a\n", "[global]\nrepo0-path=/a\n",
        "[global]\nrepo257-path=/a\n", "[global]\npg-path=/a\n",
        "[demo]\npg1-path=/x\n[demo]\npg1-path=/y\n", "[global]\nannotation=x\n",),
    32: (
        "[global]\nrepo1-path=\n", "[global]\nrepo1-path=x\n", "[global]\nstart-fast=yes\n",
        "[global]\nstart-fast=1\n", "[global]\ncompress-level=x\n",
        "[global]\ncompress-type=foo\n", "[global]\nbuffer-size=1x\n",
        "[global]\nlog-level-console=x\n", "[global]\nlog-level-console=info # c\n",
        "[global]\nrepo1-type=foo\n", "[global]\ndb-timeout=1\nprotocol-timeout=1\n",
        "[global]\npriority=100\n", "[global]\nexclude=\n",
        "[global]\nrepo1-path=/r\nrepo2-path=/r\n", "[global]\ndelta=Y\n",
        "[global]\nio-timeout=1000000\n", "[global]\nsck-block=x\n", "[global]\njob-retry=x\n",
        "[global]\njob-retry=999\n", "[global]\ncmd=\n", "[global]\nstop-auto=x\n",
        "[global]\npage-header-check=x\n", "[global]\nchecksum-page=x\n",
        "[global]\nrepo1-retention-full-type=foo\n", "[global]\nrepo1-retention-archive-type=x\n",
        "[global]\nrepo1-retention-history=x\n", "[global]\nexpire-auto=x\n",
        "[global]\nrepo1-symlink=x\n", "[global]\nbackup-standby=maybe\n",
        "[global]\ntcp-keep-alive-count=33\n",),
    37: (
        "[global]\nrepo1-cipher-type=aes-256-cbc\n", "[demo]\npg2-path=/y\n",),
    55: (
        "", "[global]\n", "[global]\nnope=1\n", "[global]\nno-online=y\n",
        "[global]\nreset-delta=y\n", "[global]\nstanza=x\n", "[global]\nconfig=x\n",
        "[global]\npg1-path=/x\n", "[global]\nrepo1-cipher-pass=x\n",
        "\r\n[global]\r\nprocess-max=1\r\n", "  [global]  \n  process-max = 1  \n",
        "[global]\n[global]\nprocess-max=1\n", "[demo]\npg1-path=/x\n[demo]\npg2-path=/y\n",
        "[global:backup]\nonline=n\n", "[global:info]\nstart-fast=y\n", "[global:backup]\nset=x\n",
        "[demo:backup]\npg1-path=/x\n", "[global]\ntls-server-auth=x\n",
        "[global:server]\ntls-server-auth=x\n", "[global]\nrepo1-format=6\n",
        "[global]\nrepo1-cipher-rotate=1d\n", "[global]\nrepo1-storage-prefetch=x\n",
        "[global]\nrepo1-path=/\n", "[global]\narchive-header-check=n\n", "# only\n", "\n\n\n",
        "[global]\nrepo1-path=/a\n[global:nope]\nx=y\n", "[nope]\nx=y\n", "[global]\nbeta=y\n",
        "[global]\ncmd-ssh=x\n", "[global]\nstop-auto=y\n", "[global]\ndb-include=x\n",
        "[global]\ntype=full\n", "[global]\nresume=n\n", "[global]\narchive-push-queue-max=5PB\n",
        "[global]\narchive-push-queue-max=5EB\n", "[global]\nbackup-standby=prefer\n",
        "[global]\nsck-keep-alive=n\ntcp-keep-alive-count=3\n",),
}

ENVIRONMENTS = {
    31: ("REPO0_PATH=/x", "PG_PATH=/x", "ANNOTATION=x"),
    32: ("STANZA=", "REPO1_PATH=x", "ONLINE=x", "START_FAST=yes", "CONFIG=", "PROCESS_MAX=x",
         "LOG_LEVEL_CONSOLE=x", "DELTA=1"),
    37: ("REPO1_CIPHER_TYPE=aes-256-cbc",),
    55: ("NOPE=x", "NO_ONLINE=y", "DB_PATH=/x", "EXCLUDE=:", "CONFIG=/nope", "CONFIG_PATH=/nope"),
    73: ("CONFIG_INCLUDE_PATH=/nope",),
}


def programs():
    """Ours first; the other one where it can be had."""
    yield OURS
    try:
        yield later_peer("2.60.0")
    except lab.Skip:
        return


def ask(program, words, code, env, wrong):
    ended = run([program, *words], codes=None, env=env)
    if ended.code != code:
        wrong.append(f"{program}: {ended.code} instead of {code}: {words} {env}\n{ended.text[:300]}")


def backup_words(bench):
    return ["--stanza=demo", f"--lock-path={bench.dir}/lock", f"--log-path={bench.dir}/log",
            f"--repo1-path={bench.dir}/repo", "--log-level-file=off"]


def judge(wrong):
    expect(not wrong, f"{len(wrong)} codes differ", "\n".join(wrong))


@test("codes: command lines end with the code of pgBackRest", cluster=False)
def command_lines(bench):
    wrong = []
    for program in programs():
        for code, lines in COMMAND_LINES.items():
            for line in lines:
                for short, long in SHORT.items():
                    line = line.replace(short + " ", long + " ")
                ask(program, shlex.split(line), code, None, wrong)
    judge(wrong)


@test("codes: configuration files end with the code of pgBackRest", cluster=False)
def configurations(bench):
    wrong = []
    path = bench.dir / "x.conf"
    for program in programs():
        for code, texts in CONFIGURATIONS.items():
            for text in texts:
                path.write_bytes(text.encode())
                words = [f"--config={path}", "--stanza=demo", "backup"]
                if "[demo" not in text:
                    words.append("--pg1-path=/nope")
                if "repo" not in text:
                    words.append(f"--repo1-path={bench.dir}/repo")
                if "lock" not in text:
                    words.append(f"--lock-path={bench.dir}/lock")
                if "log-path" not in text:
                    words.append(f"--log-path={bench.dir}/log")
                ask(program, words, code, None, wrong)
    judge(wrong)


@test("codes: the environment ends a command with the code of pgBackRest", cluster=False)
def environments(bench):
    wrong = []
    for program in programs():
        for code, settings in ENVIRONMENTS.items():
            for setting in settings:
                name, value = setting.split("=", 1)
                words = backup_words(bench)
                if name == "STANZA":
                    words.remove("--stanza=demo")
                if name == "REPO1_PATH":
                    words = [word for word in words if not word.startswith("--repo1-path")]
                if "PATH" not in name or "CONFIG" in name:
                    words.append("--pg1-path=/nope")
                if name == "LOG_LEVEL_CONSOLE" or name in ("REPO1_PATH", "REPO0_PATH", "PG_PATH"):
                    words.append("--pg1-path=/nope")
                ask(program, list(dict.fromkeys([*words, "backup"])), code,
                    {f"PGBACKREST_{name}": value}, wrong)
    judge(wrong)
