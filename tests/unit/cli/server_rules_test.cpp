// What a TLS server lets its clients ask for: stanzas by certificate, words by list.
// Rules: shared/spec/commands.md, section 11.
// SPDX-License-Identifier: MIT
#include "cli/remote/served_words.hpp"
#include "cli/remote/server_auth.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::cli;
using strings = std::vector<std::string>;

namespace {

int code(const result<void>& of) {
  return of ? 0 : static_cast<int>(of.failure().code);
}

} // namespace

TEST_CASE("server rules: a name is good for its stanzas") {
  const std::map<std::string, std::string> rules = {
      {"all", "*"}, {"some", " demo , other"}, {"empty", "  "}, {"star", "demo,*"}};
  CHECK(code(authorise(rules, "all", "demo")) == 0);
  CHECK(code(authorise(rules, "all", "")) == 0);
  CHECK(code(authorise(rules, "some", "demo")) == 0);
  CHECK(code(authorise(rules, "some", "other")) == 0);
  for (const auto* stanza : {"", "dem", "demo ", "demo , other", "*", "Demo"})
    CHECK(code(authorise(rules, "some", stanza)) == 105);
  CHECK(code(authorise(rules, "star", "x")) == 105);
  CHECK(code(authorise(rules, "nobody", "demo")) == 105);
  CHECK(code(authorise(rules, "", "demo")) == 105);
  CHECK(code(authorise(rules, "empty", "demo")) == 32);
  CHECK(authorise(rules, "nobody", "demo").failure().message == "access denied");
}

TEST_CASE("server rules: a client says what it wants, not where it lies") {
  CHECK(code(check_served_words({"--stanza=demo", "--exec-id=1-2", "--process=0", "--repo=1",
                                 "--remote-type=repo", "--io-timeout=9", "info:remote"})) == 0);
  for (const auto* word : {"--repo1-path=/",
                           "--pg1-path=/",
                           "--lock-path=/",
                           "--log-path=/",
                           "--config=/etc/shadow",
                           "--config-path=/",
                           "--config-include-path=/",
                           "--no-config",
                           "--pg1-port=1",
                           "--allow-root",
                           "--pg1-socket-path=/x",
                           "--reset-stanza",
                           "--priority=-20",
                           "--stanza",
                           "--stan=x",
                           "--",
                           "",
                           "extra",
                           "--repo1-cipher-type=none",
                           "--pg-version-force=1",
                           "-x=y",
                           "info:remote"})
    CHECK(code(check_served_words({word, "info:remote"})) == 105);
  CHECK(code(check_served_words({"--stanza=a", "--stanza=b", "info:remote"})) == 105);
  CHECK(code(check_served_words({})) == 105);
  CHECK(code(check_served_words({"--stanza=a"})) == 105);
  CHECK(code(check_served_words({"info"})) == 105);
  CHECK(code(check_served_words({"info:remote", "--stanza=a"})) == 105);
  CHECK(code(check_served_words({"--stanza=" + std::string(5000, 'x'), "info:remote"})) == 105);
  CHECK(code(check_served_words(strings(100, "--process=1"))) == 105);
}

TEST_CASE("server rules: what a client keeps to itself") {
  CHECK(served_words({"--allow-root", "--config=/x", "--exec-id=1-2", "--pg1-path=/p",
                      "--stanza=demo", "backup:remote"}) ==
        strings{"--exec-id=1-2", "--stanza=demo", "backup:remote"});
}
