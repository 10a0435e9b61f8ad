# Bad command lines, configuration files and users.
# SPDX-License-Identifier: MIT
import os

import lab
from case import test
from hostile import hostile
from lab import OURS, Skip, equal, expect, run


def says(ended, *texts):
    for text in texts:
        expect(text in ended.text, f"the message holds '{text}'", ended)
    expect(lab.printable(ended.out + ended.err), "the program prints text only", ended)


def with_file(bench, name, text, *words, command="info"):
    path = bench.dir / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return run([OURS, f"--config={path}", "--log-level-file=off", command, *words], codes=None,
               env={"PGBRAID_STANZA": "demo"})


@test("config: version and help need no configuration", cluster=False, short=True)
def version_and_help(bench):
    says(run([OURS, "version"]), "pgbraid ")
    says(run([OURS, "help"]), "backup", "restore", "archive-push")
    says(run([OURS, "help", "backup"]), "compress-type")
    says(run([OURS, "help", "backup", "process-max"]), "process-max")
    equal(run([OURS], codes=None).code, 0, "no arguments at all print the help: exit code")


@test("config: an unknown option is refused with the nearest known one", cluster=False)
def unknown_option(bench):
    ended = run([OURS, "--stanza=demo", "--proces-max=2", "backup", "--no-config"], codes=None)
    equal(ended.code, 31, "exit code")
    says(ended, "proces-max", "process-max")


@test("config: an unknown command is refused", cluster=False)
def unknown_command(bench):
    ended = run([OURS, "--no-config", "bakup"], codes=None)
    expect(ended.code in (31, 48), "exit code 48", ended)
    says(ended, "bakup")


@test("config: an option of another command is refused", cluster=False)
def foreign_option(bench):
    ended = run([OURS, "--no-config", "--stanza=demo", "info", "--delta"], codes=None)
    equal(ended.code, 31, "exit code")
    says(ended, "delta", "info")


@test("config: secrets on the command line are refused and not repeated", cluster=False)
def secret_on_command_line(bench):
    ended = run([OURS, "--no-config", "--stanza=demo", "--repo1-cipher-pass=hush-hush", "info"],
                codes=None)
    equal(ended.code, 31, "exit code")
    expect("hush-hush" not in ended.text, "the secret is not printed", ended)


@test("config: secrets of a file appear in no log line", cluster=False)
@hostile("lines of configuration")
def secret_in_file(bench):
    text = ("[global]\nrepo1-path={0}/repo\nlock-path={0}/lock\nrepo1-cipher-type=aes-256-cbc\n"
            "repo1-cipher-pass=hush-hush\nlog-level-console=trace\n".format(bench.dir))
    ended = with_file(bench, "x.conf", text)
    expect("hush-hush" not in ended.text, "the secret is not printed", ended)


@test("config: a missing file is error 55", cluster=False)
def missing_file(bench):
    ended = run([OURS, f"--config={bench.dir}/none.toml", "--stanza=demo", "info"], codes=None)
    equal(ended.code, 55, "exit code")
    says(ended, "none.toml")


@hostile("lines of configuration")
def broken_ini(bench, text, command, code, message):
    ended = with_file(bench, "x.conf", text, "--log-level-console=info", command=command)
    expect(ended.code == code, f"exit code {code}", ended)
    says(ended, message)


for title, text, command, code, message in (
        ("a key outside of a section", "repo1-path=/r\n", "info", 29, "section"),
        ("a line without =", "[global]\nrepo1-path\n", "info", 29, "line 2"),
        ("a section that is not closed", "[global\nrepo1-path=/r\n", "info", 29, ""),
        ("an empty value", "[global]\nrepo1-path=\n", "info", 32, "repo1-path"),
        ("a value given twice", "[global]\nrepo1-path=/a\nrepo1-path=/b\n", "info", 31,
         "repo1-path"),
        ("a bad boolean", "[global]\nrepo1-path=/r\nstart-fast=yes\n[demo]\npg1-path=/p\n",
         "backup", 32, "start-fast")):
    test(f"config: INI with {title}", text, command, code, message, cluster=False)(broken_ini)


@hostile("lines of configuration")
def broken_toml(bench, text, code, place, message):
    ended = with_file(bench, "x.toml", text)
    expect(ended.code == code, f"exit code {code}", ended)
    says(ended, "x.toml", place, message)


for title, text, code, place, message in (
        ("bad syntax", "[global]\nrepo1-path = = 1\n", 29, "line 2", ""),
        ("a cut-off string", "[global]\nrepo1-path = \"/r", 29, "line 2", ""),
        ("an unknown key", "[global]\nrepo1-pth = \"/r\"\n", 31, "line 2, column 1", "repo1-path"),
        ("a wrong type", "[global]\nrepo1-bundle = \"y\"\nrepo1-path = \"/r\"\n", 32, "line 2",
         "repo1-bundle")):
    test(f"config: TOML with {title} names file, line and column", text, code, place, message,
         cluster=False)(broken_toml)


@test("config: files of noise are refused without a crash", cluster=False, short=True)
def noise(bench):
    for number in range(12):
        text = os.urandom(200 + 317 * number)
        for name in ("noise.conf", "noise.toml"):
            with hostile("random damage and noise"):
                ended = with_file(bench, name, b"[global]\n" + text)
                expect(0 <= ended.code < 124 and ended.code != 25, "an ordinary exit code", ended)
                expect(lab.printable(ended.out + ended.err), "no binary in the output", ended)


@test("config: an unknown key of an INI file is a warning with a suggestion")
def unknown_ini_key(bench):
    bench.configure(repo1_pth="/r")
    ended = bench.ours("info")
    says(ended, "repo1-pth")


@test("config: the TOML and the INI of the same settings mean the same", short=True)
def toml_is_ini(bench):
    bench.ready(compress_type="zst", repo1_bundle="y")
    toml = bench.dir / "same.toml"
    toml.write_text(
        "[global]\nrepo1-path = \"{0}/repo\"\nlock-path = \"{0}/lock\"\nspool-path = \"{0}/spool\"\n"
        "log-path = \"{0}/log\"\nlog-level-file = \"off\"\ncompress-type = \"zst\"\n"
        "repo1-bundle = true\nrepo1-retention-full = 2\nprocess-max = 2\nstart-fast = true\n"
        "archive-timeout = 20\n\n[demo]\npg1-path = \"{1}\"\npg1-socket-path = \"{2}\"\n"
        "pg1-user = \"postgres\"\n".format(bench.dir, bench.cluster.data, bench.cluster.home))
    run([OURS, f"--config={toml}", "--stanza=demo", "backup", "--type=full"])
    expect(bench.label_dir().joinpath("bundle").is_dir(), "the backup is bundled")
    run([OURS, f"--config={toml}", "--stanza=demo", "check"])


@test("config: PGBRAID_ variables win over PGBACKREST_ ones", cluster=False)
def environment_order(bench):
    bench.configure()
    ended = run([OURS, f"--config={bench.conf}", "info", "--output=json"], codes=(0,),
                env={"PGBACKREST_STANZA": "one", "PGBRAID_STANZA": "two"})
    equal([stanza["name"] for stanza in ended.json()], ["two"], "the stanza in info")


@test("config: root is refused where files would become root's, and may look", cluster=False, root=True)
def root_refused(bench):
    if os.getuid() != 0:
        raise Skip("the tests do not run as root")
    bench.configure()
    with open(bench.conf, "a") as conf:
        conf.write(f"[{lab.STANZA}]\npg1-path=/nowhere\n")
    for command in ("backup", "check", "expire", "stanza-create"):
        ended = bench.call(OURS, command, codes=None)
        expect(ended.code == 31, "exit code 31", ended)
        says(ended, "root")
    bench.ours("info")
