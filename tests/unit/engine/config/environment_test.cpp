// Options from the environment.
// SPDX-License-Identifier: MIT
#include "tests/unit/engine/config/run.hpp"

using namespace pgbraid;
using namespace pgbraid::config;

namespace {

run with(std::vector<std::pair<std::string, std::string>> environment) {
  auto out = backup({});
  out.environment = std::move(environment);
  return out;
}

} // namespace

TEST_CASE("environment: options of every section work, ours win") {
  CHECK(with({{"PGBACKREST_REPO1_PATH", "/r"}}).good().text("repo-path") == "/r");
  const auto both =
      with({{"PGBRAID_REPO1_PATH", "/own"}, {"PGBACKREST_REPO1_PATH", "/peer"}}).good();
  CHECK(both.text("repo-path") == "/own");
  CHECK(both.source("repo-path") == value_source::environment);
  run stanza{{"info"}, {{"PGBACKREST_STANZA", "demo"}}};
  CHECK(stanza.good().text("stanza") == "demo");
}

TEST_CASE("environment: secrets are allowed here") {
  const auto opts = with({{"PGBACKREST_REPO1_CIPHER_TYPE", "aes-256-cbc"},
                          {"PGBACKREST_REPO1_CIPHER_PASS", "hunter2"}})
                        .good();
  CHECK(opts.text("repo-cipher-pass") == "hunter2");
}

TEST_CASE("environment: lists are split at colons") {
  CHECK(with({{"PGBACKREST_EXCLUDE", "a:b"}}).good().list("exclude") ==
        std::vector<std::string>{"a", "b"});
}

TEST_CASE("environment: what is wrong or ignored") {
  CHECK(with({{"PGBACKREST_ONLINE", "foo"}}).bad() ==
        "[32]: environment boolean option 'online' must be 'y' or 'n'");
  CHECK(with({{"PGBACKREST_PROCESS_MAX", ""}}).bad() ==
        "[32]: environment variable 'process-max' must have a value");
  auto odd = with({{"PGBACKREST_FOO", "1"}, {"PGBACKREST_NO_ONLINE", "y"}, {"pgbackrest_x", "1"}});
  CHECK(odd.good().flag("online"));
  CHECK(odd.warnings ==
        std::vector<std::string>{"environment contains invalid option 'foo'",
                                 "environment contains invalid negate option 'no-online'"});
  auto other = with({{"PGBACKREST_TARGET", "x"}});
  other.good();
  CHECK(other.warnings.empty());
  CHECK(with({{"PGBACKREST_REPO_PATH", "/a"}, {"PGBACKREST_REPO1_PATH", "/b"}})
            .bad()
            .starts_with("[31]: environment contains duplicate options"));
}
