// Resolved options: defaults, groups, dependencies, required options, what is not built.
// SPDX-License-Identifier: MIT
#include "tests/hostile.hpp"
#include "tests/unit/engine/config/run.hpp"

using namespace pgbraid;
using namespace pgbraid::config;

namespace {

run restore(std::vector<std::string> more) {
  auto out = backup(std::move(more));
  out.args.front() = "restore";
  return out;
}

} // namespace

TEST_CASE("resolution: defaults") {
  const auto opts = backup({}).good();
  CHECK(opts.text("type") == "incr");
  CHECK(opts.flag("online"));
  CHECK(opts.text("compress-type") == "gz");
  CHECK(opts.integer("compress-level") == 6);
  CHECK(opts.size_bytes("buffer-size") == 1048576);
  CHECK(opts.time_ms("archive-timeout") == 60'000);
  CHECK(opts.time_ms("db-timeout") == 1'800'000);
  CHECK(opts.text("repo-path") == "/var/lib/pgbackrest");
  CHECK(opts.text("lock-path") == "/tmp/pgbackrest");
  CHECK(opts.text("cmd") == "/usr/bin/pgbraid");
  CHECK(opts.integer("pg-port") == 5432);
  CHECK(opts.text("pg-database") == "postgres");
  CHECK_FALSE(opts.has_value("process-max"));
  CHECK_FALSE(opts.has_value("checksum-page"));
  CHECK_FALSE(opts.has_value("pg-user"));
  CHECK_FALSE(opts.valid("target"));
  CHECK_FALSE(opts.has_value("target"));
  CHECK(opts.list("exclude").empty());
  CHECK(opts.repo_count() == 1);
  CHECK(opts.pg_count() == 1);
  CHECK_FALSE(opts.is_set("type"));
  CHECK(opts.is_set("stanza"));
  CHECK(run{{"archive-push", "--stanza=x", "f"}}.good().integer("process-max") == 1);
}

TEST_CASE("resolution: required options") {
  CHECK(run{{"backup"}}.bad() == "[37]: backup command requires option: stanza");
  const auto bad = run{{"backup", "--stanza=x"}}.bad();
  CHECK(bad.starts_with(
      "[37]: backup command requires option: pg1-path\nHINT: does this stanza exist?\nHINT: "));
  CHECK(bad.find("configuration file") != bad.npos);
  CHECK(run{{"backup", "--stanza=x", "--pg2-path=/x"}}.bad().starts_with(
      "[37]: backup command requires option: pg1-path"));
  CHECK(backup({"--repo2-cipher-type=aes-256-cbc"}).bad() ==
        "[37]: backup command requires option: repo2-cipher-pass");
  CHECK(restore({"--type=time"}).bad() == "[37]: restore command requires option: target");
  run{{"info"}}.good();
  run{{"archive-push", "--stanza=x", "file"}}.good();
}

TEST_CASE("resolution: options of other commands") {
  CHECK(run{{"info", "--process-max=2"}}.bad() ==
        "[31]: option 'process-max' not valid for command 'info'");
  CHECK(run{{"expire", "--stanza=x", "--pg1-path=/x"}}.bad() ==
        "[31]: option 'pg1-path' not valid for command 'expire'");
  CHECK(backup({"--process=1"}).bad() == "[31]: option 'process' not valid for command 'backup'");
}

TEST_CASE("resolution: dependencies") {
  CHECK(backup({"--force"}).bad() == "[31]: option 'force' not valid without option 'no-online'");
  CHECK(backup({"--force", "--no-online"}).good().flag("force"));
  CHECK(restore({"--target=a"}).bad() ==
        "[31]: option 'target' not valid without option 'type' in ('lsn', 'name', 'time', 'xid')");
  CHECK(backup({"--repo1-bundle-size=20MiB"}).bad() ==
        "[31]: option 'repo1-bundle-size' not valid without option 'repo1-bundle'");
  CHECK(backup({"--repo1-s3-bucket=b"}).bad() ==
        "[31]: option 'repo1-s3-bucket' not valid without option 'repo1-type' = 's3'");
  CHECK(backup({"--tcp-keep-alive-idle=9", "--no-sck-keep-alive"}).bad() ==
        "[31]: option 'tcp-keep-alive-idle' not valid without option 'sck-keep-alive'");
  auto quiet = backup({});
  quiet.environment = {{"PGBACKREST_FORCE", "y"}, {"PGBACKREST_REPO1_BUNDLE_SIZE", "30MiB"}};
  const auto opts = quiet.good();
  CHECK_FALSE(opts.has_value("force"));
  CHECK_FALSE(opts.has_value("repo-bundle-size"));
}

TEST_CASE("resolution: values forced when a dependency is not met") {
  const auto offline = backup({"--no-online"}).good();
  CHECK_FALSE(offline.flag("archive-check"));
  CHECK_FALSE(offline.flag("archive-mode-check"));
  CHECK_FALSE(offline.flag("archive-copy"));
  const auto plain = backup({"--compress-type=none"}).good();
  CHECK(plain.integer("compress-level") == 0);
}

TEST_CASE("resolution: defaults and limits that depend on another value") {
  CHECK(backup({"--compress-type=zst"}).good().integer("compress-level") == 3);
  CHECK(backup({"--compress-type=bz2"}).good().integer("compress-level") == 9);
  CHECK(backup({"--compress-type=zst", "--compress-level=22"}).good().integer("compress-level") ==
        22);
  CHECK(backup({"--compress-level=10"}).bad() ==
        "[32]: '10' is out of range for 'compress-level' option\n"
        "HINT: allowed range is -1 to 9 inclusive");
}

TEST_CASE("resolution: an invalid page checksum is an error where nothing else would tell of it") {
  const auto full = backup({}).good();
  CHECK_FALSE(full.flag("checksum-page-error"));
  CHECK(backup({"--checksum-page-error"}).good().flag("checksum-page-error"));
  CHECK(run{{"restore", "--stanza=demo", "--pg1-path=/pg"}}.good().flag("checksum-page-error"));
  CHECK(run{{"expire", "--stanza=demo"}}.good().flag("checksum-page-error"));
  CHECK(run{{"info", "--checksum-page-error"}}.bad() ==
        "[31]: option 'checksum-page-error' not valid for command 'info'");
}

TEST_CASE("resolution: the old compress switch") {
  auto off = backup({"--no-compress"});
  const auto opts = off.good();
  CHECK(opts.text("compress-type") == "none");
  CHECK(opts.integer("compress-level") == 0);
  CHECK(off.warnings.empty());
  auto both = backup({"--compress", "--compress-type=lz4"});
  CHECK(both.good().text("compress-type") == "lz4");
  CHECK(both.warnings.size() == 1);
}

TEST_CASE("resolution: repositories keep their keys and may have gaps") {
  const auto opts = backup({"--repo5-path=/e", "--repo2-path=/b"}).good();
  REQUIRE(opts.repo_count() == 2);
  CHECK(opts.repo_key(0) == 2);
  CHECK(opts.repo_key(1) == 5);
  CHECK(opts.text("repo-path", 1) == "/e");
  CHECK(opts.text("repo-path") == "/b");
  CHECK_FALSE(opts.repo_chosen());
  const auto chosen = backup({"--repo5-path=/e", "--repo2-path=/b", "--repo=5"}).good();
  CHECK(chosen.repo_chosen());
  CHECK(chosen.repo_default() == 1);
  CHECK(chosen.text("repo-path") == "/e");
  CHECK(backup({"--repo5-path=/e", "--repo=3"}).bad() ==
        "[32]: key '3' is not valid for 'repo' option");
}

TEST_CASE("resolution: keys that come to nothing disappear") {
  auto one = backup({"--repo1-path=/a"});
  one.environment = {{"PGBACKREST_REPO3_S3_BUCKET", "b"}};
  CHECK(one.good().repo_count() == 1);
  one.args.pop_back();
  const auto none = one.good();
  CHECK(none.repo_count() == 1);
  CHECK(none.repo_key(0) == 1);
  CHECK(run{{"expire", "--stanza=x"}}.good().pg_count() == 0);
}

TEST_CASE("resolution: what has no effect yet is refused when it is asked for") {
  CHECK(backup({"--job-retry=3"}).bad() == "[67]: option 'job-retry' is not supported yet");
  CHECK(backup({"--repo1-type=cifs"}).good().text("repo-type", 0) == "cifs");
  CHECK(backup({"--resume"}).good().flag("resume"));
  CHECK(backup({"--repo1-bundle", "--repo1-block"}).good().flag("repo-block", 0));
  auto file = backup({});
  file.file = "[global]\njob-retry=3\n";
  CHECK(file.bad().starts_with("[67]: option 'job-retry' is not supported yet\nHINT: line "));
}

TEST_CASE("resolution: what has no effect yet may be told to stay off") {
  const auto opts =
      backup({"--repo1-type=posix", "--no-delta", "--no-resume", "--no-backup-standby",
              "--repo1-bundle", "--no-repo1-block", "--sck-keep-alive", "--protocol-timeout=1h"})
          .good();
  CHECK(opts.text("backup-standby") == "n");
  CHECK_FALSE(opts.flag("resume"));
  CHECK(restore({"--delta"}).good().flag("delta"));
}

TEST_CASE("resolution: stanza names stay where they belong") {
  for (const auto* name : {"../x", "a/b", "a:b", ".hidden", "a\nb"}) {
    test::hostile("names that leave their directory");
    CHECK(run{{"info", std::string("--stanza=") + name}}.bad().starts_with("[32]"));
  }
  CHECK(run{{"info", "--stanza=my db_1.x"}}.good().text("stanza") == "my db_1.x");
}

TEST_CASE("resolution: the same sources for another command") {
  auto one = backup({"--type=full", "--repo1-retention-full=2", "--process-max=2"});
  one.file = "[demo:expire]\nlog-level-console=off\n[global:backup]\nlog-level-console=info\n";
  auto opts = one.good();
  opts.set_exec_id("1-00000000");
  CHECK(opts.text("log-level-console") == "info");
  const auto expire = opts.for_command(command_id::expire);
  REQUIRE(expire);
  CHECK(expire->command_name() == "expire");
  CHECK(expire->integer("repo-retention-full") == 2);
  CHECK(expire->text("log-level-console") == "off");
  CHECK(expire->exec_id() == "1-00000000");
}

TEST_CASE("resolution: help and version need no configuration") {
  run version{{"version"}, {{"PGBACKREST_ONLINE", "foo"}, {"PGBACKREST_CONFIG", "/nowhere/x"}}};
  CHECK(version.good().text("output") == "text");
  run general{{}, {{"PGBACKREST_CONFIG", "/nowhere/x"}}};
  CHECK(general.good().command() == command_id::help);
  run{{"help", "backup"}}.good();
}
