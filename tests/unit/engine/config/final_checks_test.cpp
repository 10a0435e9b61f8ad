// Checks of whole configurations.
// SPDX-License-Identifier: MIT
#include "tests/unit/engine/config/run.hpp"

using namespace pgbraid;
using namespace pgbraid::config;

namespace {

std::string problem(run one) {
  auto opts = one.good();
  std::vector<std::string> warnings;
  auto done = check_final(opts, warnings);
  return done ? "" : done.failure().text();
}

} // namespace

TEST_CASE("final checks: root needs permission, except for restore and what only reads") {
  const auto opts = backup({}).good();
  CHECK(check_root(opts, 1000));
  const auto refused = check_root(opts, 0);
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().code == errc::option_invalid);
  CHECK(refused.failure().message == "the 'backup' command must not be run as the root user");
  CHECK(check_root(backup({"--allow-root"}).good(), 0));
  CHECK(check_root(run{{"restore", "--stanza=x", "--pg1-path=/x"}}.good(), 0));
  CHECK_FALSE(
      check_root(run{{"restore", "--stanza=x", "--pg1-path=/x", "--no-allow-root"}}.good(), 0));
  CHECK(check_root(run{{"version"}}.good(), 0));
  CHECK(check_root(run{{"info"}}.good(), 0));
  CHECK_FALSE(check_root(run{{"info", "--no-allow-root"}}.good(), 0));
  CHECK_FALSE(check_root(run{{"check", "--stanza=x", "--pg1-path=/x"}}.good(), 0));
}

TEST_CASE("final checks: protocol and database time-outs") {
  CHECK(problem(backup({"--protocol-timeout=10", "--db-timeout=20"})) ==
        "'10' is not valid for 'protocol-timeout' option\n"
        "HINT: 'protocol-timeout' option (10) should be greater than 'db-timeout' option (20).");
  const auto settled = [](std::vector<std::string> args) {
    auto opts = backup(std::move(args)).good();
    std::vector<std::string> warnings;
    REQUIRE(check_final(opts, warnings));
    return std::pair(opts.time_ms("protocol-timeout"), opts.time_ms("db-timeout"));
  };
  CHECK(settled({}) == std::pair<int64_t, int64_t>(1'860'000, 1'800'000));
  CHECK(settled({"--db-timeout=1h"}) == std::pair<int64_t, int64_t>(3'630'000, 3'600'000));
  CHECK(settled({"--protocol-timeout=60"}) == std::pair<int64_t, int64_t>(60'000, 30'000));
  CHECK(settled({"--protocol-timeout=40"}) == std::pair<int64_t, int64_t>(40'000, 20'000));
}

TEST_CASE("final checks: two local repositories in one place") {
  CHECK(problem(backup({"--repo1-path=/a", "--repo2-path=/a"})) ==
        "local repo1 and repo2 paths are both '/a' but must be different");
  CHECK(problem(backup({"--repo1-path=/a", "--repo2-path=/b"})).empty());
}

TEST_CASE("final checks: retention") {
  auto opts = backup({"--repo1-retention-full=3", "--repo2-path=/b"}).good();
  std::vector<std::string> warnings;
  REQUIRE(check_final(opts, warnings));
  CHECK(opts.integer("repo-retention-archive", 0) == 3);
  CHECK_FALSE(opts.has_value("repo-retention-archive", 1));
  REQUIRE(warnings.size() == 1);
  CHECK(warnings.front() ==
        "option 'repo2-retention-full' is not set for 'repo2-retention-full-type=count', the "
        "repository may run out of space\n"
        "HINT: to retain full backups indefinitely (without warning), set option "
        "'repo2-retention-full' to the maximum.");
  auto own = backup({"--repo1-retention-full=3", "--repo1-retention-archive=1"}).good();
  REQUIRE(check_final(own, warnings));
  CHECK(own.integer("repo-retention-archive") == 1);
}
