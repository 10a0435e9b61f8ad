// The command line. Messages are those of the peer (pgBackRest 2.45, run by hand) where it has one.
// SPDX-License-Identifier: MIT
#include "tests/unit/engine/config/run.hpp"

using namespace pgbraid;
using namespace pgbraid::config;

TEST_CASE("argv: all forms of an option") {
  CHECK(backup({"--repo1-path=/r"}).good().text("repo-path") == "/r");
  CHECK(backup({"--repo1-path", "/r"}).good().text("repo-path") == "/r");
  CHECK(backup({"--start-fast"}).good().flag("start-fast"));
  CHECK(backup({"--start-fast=y"}).good().flag("start-fast"));
  CHECK_FALSE(backup({"--online=n"}).good().flag("online"));
  CHECK_FALSE(backup({"--no-online"}).good().flag("online"));
  CHECK(backup({"--compress-level=3", "--compress-type=zst"}).good().integer("compress-level") ==
        3);
  const auto lists = backup({"--exclude=b", "--exclude", "a"}).good();
  CHECK(lists.list("exclude") == std::vector<std::string>{"b", "a"});
  CHECK(backup({"--annotation=a=b=c"}).good().map("annotation").at("a") == "b=c");
}

TEST_CASE("argv: an option may stand before the command, and take a word with dashes") {
  const auto opts = run{{"--stanza", "demo", "--pg1-path=/pg", "backup"}}.good();
  CHECK(opts.command() == command_id::backup);
  CHECK(run{{"info", "--stanza", "--output=text"}}.good().text("stanza") == "--output=text");
}

TEST_CASE("argv: the beginning of a name will do when it is unique") {
  CHECK(run{{"info", "--stan=demo"}}.good().text("stanza") == "demo");
  CHECK(backup({"--repo1-pa=/x"}).good().text("repo-path") == "/x");
  CHECK(backup({"--repo1"}).bad().starts_with("[31]: invalid option '--repo1'"));
  CHECK(backup({"--comp=y"}).bad().starts_with("[31]: invalid option '--comp'"));
}

TEST_CASE("argv: commands by name or unique beginning") {
  CHECK(run{{"inf"}}.good().command() == command_id::info);
  CHECK(run{{"bakup"}}.bad() == "[48]: invalid command 'bakup'\nHINT: did you mean 'backup'?");
  CHECK(run{{"a"}}.bad().starts_with("[48]: invalid command 'a'"));
  CHECK(run{{""}}.bad().starts_with("[48]: invalid command ''"));
  CHECK(run{{"backup:foo"}}.bad() == "[48]: invalid command role 'foo'");
  CHECK(run{{"info:async"}}.bad() == "[48]: invalid command/role combination 'info:async'");
  CHECK(run{{"archive-push:local"}}.bad() ==
        "[67]: the 'archive-push:local' command is not supported yet");
  CHECK(run{{"stanza-delete", "--stanza=demo"}}.bad() ==
        "[67]: the 'stanza-delete' command is not supported yet");
  CHECK(run{{"--stanza=x"}}.bad() == "[30]: no command found");
}

TEST_CASE("argv: unknown options, with the nearest one") {
  CHECK(backup({"--onlin-e"}).bad() ==
        "[31]: invalid option '--onlin-e'\nHINT: did you mean '--online'?");
  CHECK(backup({"--repo1-pth=/x"}).bad() ==
        "[31]: invalid option '--repo1-pth'\nHINT: did you mean '--repo1-path'?");
  CHECK(backup({"--qqqqqqqqq"}).bad() == "[31]: invalid option '--qqqqqqqqq'");
  CHECK(backup({"--"}).bad() == "[31]: invalid option '--'");
  CHECK(backup({"-x"}).bad() == "[31]: option '-x' must begin with --");
  CHECK(backup({"--repo1-cipher-pas=hunter2"}).bad().find("hunter2") == std::string::npos);
}

TEST_CASE("argv: repeated and conflicting") {
  CHECK(backup({"--online", "--online"}).bad() ==
        "[31]: option 'online' cannot be set multiple times");
  CHECK(backup({"--online", "--no-online"}).bad() ==
        "[31]: option 'online' cannot be set and negated");
  CHECK(backup({"--no-delta", "--delta"}).bad() ==
        "[31]: option 'delta' cannot be set and negated");
  CHECK(backup({"--delta", "--reset-delta"}).bad() ==
        "[31]: option 'delta' cannot be set and reset");
  CHECK(backup({"--no-delta", "--no-delta"}).bad() ==
        "[31]: option 'delta' is negated multiple times");
  CHECK(backup({"--reset-delta", "--reset-delta"}).bad() ==
        "[31]: option 'delta' is reset multiple times");
  CHECK(backup({"--reset-delta", "--no-delta"}).bad() ==
        "[31]: option 'delta' cannot be negated and reset");
  CHECK(backup({"--db-path=/y"}).bad() == "[31]: option 'pg1-path' cannot be set multiple times");
}

TEST_CASE("argv: negation and reset only where they are allowed, without argument") {
  CHECK(backup({"--no-process-max"}).bad() == "[31]: option 'no-process-max' cannot be negated");
  CHECK(backup({"--reset-stanza"}).bad() == "[31]: option 'reset-stanza' cannot be reset");
  CHECK(backup({"--no-delta=y"}).bad() == "[31]: option 'no-delta' does not allow an argument");
  CHECK(backup({"--reset-delta=y"}).bad() ==
        "[31]: option 'reset-delta' does not allow an argument");
  CHECK(backup({"--no-explain"}).bad().starts_with("[31]:"));
}

TEST_CASE("argv: arguments") {
  CHECK(backup({"--delta=foo"}).bad() ==
        "[32]: boolean option '--delta' argument must be 'y' or 'n'");
  CHECK(backup({"--repo"}).bad() == "[31]: option '--repo' requires an argument");
  CHECK(backup({"--start-fast", "y"}).bad() == "[96]: command does not allow parameters");
  CHECK(run{{"archive-push", "--stanza=demo", "pg_wal/0"}}.good().parameters() ==
        std::vector<std::string>{"pg_wal/0"});
}

TEST_CASE("argv: secrets are refused and not repeated") {
  const auto text = backup({"--repo1-cipher-pass=hunter2"}).bad();
  CHECK(text.starts_with(
      "[31]: option 'repo1-cipher-pass' is not allowed on the command-line\nHINT: "));
  CHECK(text.find("hunter2") == std::string::npos);
}

TEST_CASE("argv: keys of groups") {
  CHECK(backup({"--pg-path=/x"}).bad() ==
        "[31]: option 'pg-path' requires an index\nHINT: add the required index, e.g. pg1-path.");
  CHECK(backup({"--repo-hardlink"}).bad() == "[31]: option 'repo-hardlink' requires an index\n"
                                             "HINT: add the required index, e.g. repo1-hardlink.");
  for (const auto* name : {"--repo0-path=/x", "--repo257-path=/x", "--repo99999999999-path=/x"})
    CHECK(backup({name}).bad().find("key must be between 1 and 256") != std::string::npos);
  CHECK(backup({"--stanza1=x"}).bad().starts_with("[31]: invalid option '--stanza1'"));
  CHECK(backup({"--repo1-target-time=x"}).bad() ==
        "[31]: option 'repo1-target-time' cannot have an index");
}

TEST_CASE("argv: deprecated names") {
  CHECK(run{{"backup", "--stanza=x", "--db-path=/y"}}.good().text("pg-path") == "/y");
  CHECK(run{{"backup", "--stanza=x", "--db1-path=/y"}}.good().text("pg-path") == "/y");
  CHECK(backup({"--repo-path=/r"}).good().text("repo-path", 0) == "/r");
  CHECK(backup({"--retention-full=3"}).good().integer("repo-retention-full") == 3);
  CHECK(run{{"archive-push", "--stanza=x", "--archive-queue-max=1g"}}.good().size_bytes(
            "archive-push-queue-max") == 1073741824);
  CHECK(backup({"--backup1-host=x"}).bad() ==
        "[31]: deprecated option 'backup1-host' cannot have an index");
  CHECK(backup({"--repo-azure-host=x"}).bad() ==
        "[31]: deprecated option 'repo-azure-host' requires an index\n"
        "HINT: add the required index, e.g. repo1-azure-host.\n"
        "HINT: consider using the non-deprecated name, e.g. repo1-storage-host.");
}

TEST_CASE("argv: help and version in all their forms") {
  auto line = parse_command_line({});
  REQUIRE(line);
  CHECK((line->help && line->command == command_id::help));
  line = parse_command_line({"help", "backup", "repo1-path"});
  REQUIRE(line);
  CHECK((line->help && line->command == command_id::backup));
  CHECK(line->parameters == std::vector<std::string>{"repo1-path"});
  line = parse_command_line({"restore", "--help"});
  REQUIRE(line);
  CHECK((line->help && line->command == command_id::restore));
  line = parse_command_line({"--version"});
  REQUIRE(line);
  CHECK((!line->help && line->command == command_id::version));
  CHECK(parse_command_line({"help", "bakup"}).failure().code == errc::command_invalid);
}
