// What a TLS server lets its clients ask for: stanzas by certificate, words by list.
// Rules: cli/command/README.md, section 10.
// SPDX-License-Identifier: MIT
#include "cli/open/served_words.hpp"
#include "cli/server/connection_children.hpp"
#include "cli/server/server_auth.hpp"
#include "tests/hostile.hpp"

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
  test::hostile("connections without certificate, rule or greeting", 4);
  const std::map<std::string, std::string> rules = {
      {"all", "*"}, {"some", " demo , other"}, {"empty", "  "}, {"star", "demo,*"}};
  CHECK(code(authorise(rules, "all", "demo", "repo")) == 0);
  CHECK(code(authorise(rules, "all", "", "repo")) == 0);
  CHECK(code(authorise(rules, "some", "demo", "repo")) == 0);
  CHECK(code(authorise(rules, "some", "other", "repo")) == 0);
  for (const auto* stanza : {"", "dem", "demo ", "demo , other", "*", "Demo"}) {
    test::hostile("connections without certificate, rule or greeting");
    CHECK(code(authorise(rules, "some", stanza, "repo")) == 105);
  }
  CHECK(code(authorise(rules, "star", "x", "repo")) == 105);
  CHECK(code(authorise(rules, "nobody", "demo", "repo")) == 105);
  CHECK(code(authorise(rules, "", "demo", "repo")) == 105);
  CHECK(code(authorise(rules, "empty", "demo", "repo")) == 32);
  CHECK(authorise(rules, "nobody", "demo", "repo").failure().message == "access denied");
}

TEST_CASE("server rules: a stanza may be given for one of the two only") {
  test::hostile("connections without certificate, rule or greeting", 3);
  const std::map<std::string, std::string> rules = {
      {"db", "demo:repo, other"}, {"backup", "*:pg"}, {"both", "demo:pg,demo:repo"}};
  CHECK(check_rules(rules));
  CHECK(code(authorise(rules, "db", "demo", "repo")) == 0);
  CHECK(code(authorise(rules, "db", "demo", "pg")) == 105);
  CHECK(code(authorise(rules, "db", "other", "pg")) == 0);
  CHECK(code(authorise(rules, "db", "demo:repo", "repo")) == 105);
  CHECK(code(authorise(rules, "backup", "demo", "pg")) == 0);
  CHECK(code(authorise(rules, "backup", "", "pg")) == 0);
  CHECK(code(authorise(rules, "backup", "demo", "repo")) == 105);
  CHECK(code(authorise(rules, "both", "demo", "pg")) == 0);
  CHECK(code(authorise(rules, "both", "demo", "repo")) == 0);
  for (const auto* rule : {"demo:", "demo:rep", "demo:pg:repo", "a,b:x", "*:all"}) {
    test::hostile("connections without certificate, rule or greeting");
    CHECK(code(check_rules({{"x", rule}})) == 32);
  }
}

TEST_CASE("server rules: places for many clients") {
  test::hostile("connections without certificate, rule or greeting", 3);
  CHECK(may_have_place(0, 0));
  CHECK(may_have_place(63, 63));
  CHECK_FALSE(may_have_place(64, 64)); // one alone
  CHECK(may_have_place(191, 50));
  CHECK_FALSE(may_have_place(192, 50)); // the last places are for those who have few
  CHECK(may_have_place(255, 0));
  CHECK_FALSE(may_have_place(256, 0));
}

TEST_CASE("server rules: an exec-id is one, and not what stands in any lock") {
  for (const auto* good : {"1-00000000", "12345-89abcdef"})
    CHECK(check_served_words({"--exec-id=" + std::string(good), "info:remote"}));
  for (const auto* bad : {"", "1", "-", "1-2", "execId", "1-0000000", "1-000000000", "1-0000000G",
                          "-00000000", "1-0000000\n", "pid", "1-00000000\"", "a-00000000"}) {
    test::hostile("words of a client's command line");
    CHECK(code(check_served_words({"--exec-id=" + std::string(bad), "info:remote"})) == 105);
  }
}

TEST_CASE("server rules: a client says what it wants, not where it lies") {
  test::hostile("words of a client's command line", 7);
  CHECK(code(check_served_words({"--stanza=demo", "--exec-id=1-0123abcd", "--process=0", "--repo=1",
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
                           "info:remote"}) {
    test::hostile("words of a client's command line");
    CHECK(code(check_served_words({word, "info:remote"})) == 105);
  }
  CHECK(code(check_served_words({"--stanza=a", "--stanza=b", "info:remote"})) == 105);
  CHECK(code(check_served_words({})) == 105);
  CHECK(code(check_served_words({"--stanza=a"})) == 105);
  CHECK(code(check_served_words({"info"})) == 105);
  CHECK(code(check_served_words({"info:remote", "--stanza=a"})) == 105);
  CHECK(code(check_served_words({"--stanza=" + std::string(5000, 'x'), "info:remote"})) == 105);
  CHECK(code(check_served_words(strings(100, "--process=1"))) == 105);
}

TEST_CASE("server rules: what a client keeps to itself") {
  test::hostile("words of a client's command line", 3);
  CHECK(served_words({"--allow-root", "--config=/x", "--exec-id=1-2", "--pg1-path=/p",
                      "--stanza=demo", "backup:remote"}) ==
        strings{"--exec-id=1-2", "--stanza=demo", "backup:remote"});
}
