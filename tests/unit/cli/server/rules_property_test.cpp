// Rules of tls-server-auth and words of clients: any of them, against a simple matcher.
// Rules: cli/command/README.md, section 10.
// SPDX-License-Identifier: MIT
#include "cli/open/lock_names.hpp"
#include "cli/open/served_words.hpp"
#include "cli/server/server_auth.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/property.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::cli;
using namespace pgbraid::test;

namespace {

const std::vector<std::string> stanzas = {"demo", "other", "dem", "demo2", "*", "de mo"};
const std::vector<std::string> endings = {"", "", ":repo", ":pg", ":", ":rep", ":pg:repo"};
const std::vector<std::string> blanks = {"", "", " ", "\t "};

struct permission {
  std::string stanza;
  std::string ending;
};

/// A line of rules: what it says and how it is written.
struct line {
  std::vector<permission> all;
  std::string text;

  bool is_valid() const {
    return std::ranges::all_of(all, [](const auto& one) {
      return one.ending.empty() || one.ending == ":repo" || one.ending == ":pg";
    });
  }
  bool allows(const std::string& stanza, const std::string& serves) const {
    for (const auto& one : all) {
      const bool good_for = one.ending.empty() || one.ending == ":" + serves;
      // `*` is for all and for commands without one, when it stands alone or says for what.
      const bool every = one.stanza == "*" && (all.size() == 1 || !one.ending.empty());
      const bool named = !stanza.empty() && stanza != "*" && one.stanza == stanza;
      if (good_for && (every || named))
        return true;
    }
    return false;
  }
};

line any_line() {
  line made;
  for (int left = *rc::gen::inRange(1, 5); left > 0; --left) {
    made.all.push_back({*rc::gen::elementOf(stanzas), *rc::gen::elementOf(endings)});
    made.text += (made.text.empty() ? "" : ",") + *rc::gen::elementOf(blanks) +
                 made.all.back().stanza + made.all.back().ending + *rc::gen::elementOf(blanks);
  }
  return made;
}

int code(const result<void>& of) {
  return of ? 0 : static_cast<int>(of.failure().code);
}

} // namespace

TEST_CASE("server rules: a client may do what its line says, and nothing else") {
  for_all(
      [] {
        std::map<std::string, line> lines;
        std::map<std::string, std::string> rules;
        for (const auto* name : {"one", "two", "three"}) {
          lines[name] = any_line();
          rules[name] = lines[name].text;
        }
        const bool valid =
            std::ranges::all_of(lines, [](const auto& one) { return one.second.is_valid(); });
        RC_ASSERT(code(check_rules(rules)) == (valid ? 0 : 32));
        for (const std::string client : {"one", "two", "three", "four", "", "One", "*"})
          for (const std::string stanza :
               {"", "demo", "other", "demo2", "*", "demo,other", "de mo"})
            for (const std::string serves : {"repo", "pg"}) {
              const bool allowed = lines.contains(client) && lines[client].allows(stanza, serves);
              hostile("connections without certificate, rule or greeting", allowed ? 0 : 1);
              RC_ASSERT(code(authorise(rules, client, stanza, serves)) == (allowed ? 0 : 105));
              RC_ASSERT(is_known(rules, client) == lines.contains(client));
            }
      },
      200);
}

TEST_CASE("server rules: who is not known learns nothing, not even that a line is wrong") {
  const std::map<std::string, std::string> rules = {{"a", ""}, {"b", "demo:what"}, {"c", " \t "}};
  for (const auto* client : {"", "d", "A", "a ", "demo"}) {
    hostile("connections without certificate, rule or greeting");
    const auto refused = authorise(rules, client, "demo", "repo");
    REQUIRE_FALSE(refused);
    CHECK(refused.failure().message == "access denied");
    CHECK(refused.failure().hint.empty());
  }
  for (const auto* client : {"a", "c"})
    CHECK(code(authorise(rules, client, "demo", "repo")) == 32);
  // An ending that says nothing grants nothing.
  CHECK(code(authorise(rules, "b", "demo", "repo")) == 105);
}

namespace {

const std::vector<std::string> good_options = {
    "buffer-size", "db-timeout", "exec-id",          "io-timeout",  "process",
    "process-max", "repo",       "protocol-timeout", "remote-type", "stanza"};
const std::vector<std::string> bad_words = {"--config=/x",
                                            "--repo1-path=/",
                                            "--pg1-path=/",
                                            "--lock-path=/",
                                            "--allow-root",
                                            "stanza=demo",
                                            "-stanza=demo",
                                            "--stanza",
                                            "--",
                                            "",
                                            "x",
                                            "--stanzas=a",
                                            "--STANZA=a",
                                            "--repo1=1"};

std::string any_word() {
  if (*rc::gen::inRange(0, 4) == 0)
    return *rc::gen::elementOf(bad_words);
  const auto option = *rc::gen::elementOf(good_options);
  return "--" + option + "=" +
         (option == "exec-id" ? "7-0123abcd" : *rc::gen::arbitrary<std::string>());
}

bool is_good(const std::string& word) {
  return std::ranges::any_of(good_options,
                             [&](const auto& one) { return word.starts_with("--" + one + "="); });
}

} // namespace

TEST_CASE(
    "server rules: any words are taken when each is known and stands once, before the command") {
  for_all(
      [] {
        std::vector<std::string> words;
        for (int left = *rc::gen::inRange(0, 8); left > 0; --left)
          words.push_back(any_word());
        words.push_back(*rc::gen::elementOf(std::vector<std::string>{
            "info:remote", "backup:remote", "info", "--stanza=demo", "-x:remote"}));
        std::set<std::string> seen;
        bool good = words.back() == "info:remote" || words.back() == "backup:remote";
        for (size_t i = 0; i + 1 < words.size(); ++i)
          good = good && is_good(words[i]) &&
                 seen.insert(words[i].substr(0, words[i].find('='))).second;
        hostile("words of a client's command line", good ? 0 : 1);
        RC_ASSERT(code(check_served_words(words)) == (good ? 0 : 105));
        // What a client of ours sends of its words is what the server takes of them.
        const auto kept = served_words(words);
        for (const auto& one : kept)
          RC_ASSERT((is_good(one) || one.ends_with(":remote")));
        RC_ASSERT(served_words(kept) == kept);
        if (good)
          RC_ASSERT(kept == words);
      },
      500);
}

TEST_CASE("lock names: every name of a stanza is read as what it was made of, and as no other's") {
  for_all(
      [] {
        const auto any_stanza = rc::gen::nonEmpty(
            rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab-_.1"))));
        const auto stanza = *any_stanza;
        const auto type =
            *rc::gen::elementOf(std::vector<std::string>{"archive", "backup", "restore"});
        const auto key = *rc::gen::inRange(0U, 300U);
        const auto name = stanza + "-" + type + "-" + std::to_string(key) + ".lock";
        const auto read = parse_lock_name(name, stanza);
        RC_ASSERT(read.has_value() == (key >= 1 && key <= 256));
        if (read) {
          RC_ASSERT(read->type == type);
          RC_ASSERT(read->repo_key == key);
        }
        const auto other = *any_stanza;
        if (other != stanza)
          RC_ASSERT(!parse_lock_name(name, other));
        // A byte more, less or another one: no name, or another key of the same stanza.
        auto changed = name;
        const auto at = *rc::gen::inRange<size_t>(0, changed.size());
        changed[at] = *rc::gen::arbitrary<char>();
        hostile("names that leave their directory");
        if (const auto again = parse_lock_name(changed, stanza); again && changed != name)
          RC_ASSERT((again->type == type && again->repo_key != key));
      },
      500);
}
