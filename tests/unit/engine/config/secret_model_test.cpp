// A passphrase in a configuration that was mistyped in any way: no message repeats it.
// SPDX-License-Identifier: MIT
#include "tests/hostile.hpp"
#include "tests/unit/engine/config/run.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::config;
using test::between;

namespace {

/// It comes three times, so that a cut in it leaves one that can be seen.
const std::string word = "hunter2";
const std::string pass = word + word + word;

/// Changes a text at one place, or at two.
std::string mistyped(std::string text) {
  for (auto changes = *between(1, 2); changes > 0 && !text.empty(); --changes) {
    const auto at = *between<size_t>(0, text.size() - 1);
    const auto other = *rc::gen::elementOf(std::string("=:;# \t\"'[]{},.-_x\n\\"));
    switch (*between(0, 3)) {
    case 0:
      text.erase(at, 1);
      break;
    case 1:
      text[at] = other;
      break;
    case 2:
      text.erase(at, *between<size_t>(1, 6));
      break;
    default:
      text.insert(at, 1, other);
    }
  }
  return text;
}

/// Whether something that is said of a run holds the passphrase.
bool tells(run& made) {
  const auto opts = made.load();
  std::string said = opts ? opts->begin_line() : opts.failure().text();
  for (const auto& one : made.warnings)
    said += "\n" + one;
  for (const auto process : {0U, 1U})
    if (opts && opts->repo_count() > 0)
      for (const auto& one : opts->remote_words(option_group::repo, 0, process))
        said += "\n" + one;
  return said.find(word) != said.npos;
}

} // namespace

TEST_CASE("secret model: a line of an INI file, mistyped") {
  test::for_all(
      [] {
        test::hostile("lines of configuration");
        const auto name = *rc::gen::element<std::string>(
            "repo1-cipher-pass", "repo2-cipher-pass", "repo1-s3-key-secret",
            "repo1-sftp-private-key-passphrase", "repo-cipher-pass");
        run made{{"backup", "--stanza=demo", "--pg1-path=/pg"}};
        made.file = "[global]\nrepo1-path=/r\nrepo1-cipher-type=aes-256-cbc\n" +
                    mistyped(name + "=" + pass) + "\n[demo]\nprocess-max=2\n";
        RC_ASSERT(!tells(made));
      },
      400);
}

TEST_CASE("secret model: a line of a TOML file, mistyped") {
  test::for_all(
      [] {
        test::hostile("lines of configuration");
        const auto line = *rc::gen::element<std::string>(
            "repo1-cipher-pass = \"" + pass + "\"", "repo1-cipher-pass = '" + pass + "'",
            "repo1-cipher-pass = [\"" + pass + "\"]", "repo1-cipher-pass = " + pass,
            "repo1-cipher-pass = { a = \"" + pass + "\" }");
        run made{{"backup", "--stanza=demo", "--pg1-path=/pg"}};
        made.extension = ".toml";
        made.file = "[global]\nrepo1-path = \"/r\"\nrepo1-cipher-type = \"aes-256-cbc\"\n" +
                    mistyped(line) + "\n[demo]\nprocess-max = 2\n";
        RC_ASSERT(!tells(made));
      },
      400);
}

TEST_CASE("secret model: a name that was torn apart leaves the beginning of another option") {
  for (const auto* line : {"repo 1-cipher-pass = ", "repo=[1-cipher-pass = ", "cipher-pass: ",
                           "repo : 1-cipher-pass=", "pg 1-cipher-pass ", "repo;1-s3-key-secret "}) {
    CAPTURE(line);
    for (const auto* extension : {".conf", ".toml"}) {
      test::hostile("lines of configuration");
      run made{{"backup", "--stanza=demo", "--pg1-path=/pg"}};
      made.extension = extension;
      made.file = "[global]\n" + std::string(line) + pass + "\n";
      CHECK_FALSE(tells(made));
    }
  }
}

TEST_CASE("secret model: on the command line, where it may not be") {
  test::for_all(
      [] {
        test::hostile("words of a client's command line");
        run made{{"backup", "--stanza=demo", "--pg1-path=/pg", "--repo1-cipher-type=aes-256-cbc"}};
        const auto name = *rc::gen::element<std::string>("repo1-cipher-pass", "repo1-cipher-pas",
                                                         "repo1-cipher-pa", "repo-cipher-pass");
        if (*rc::gen::arbitrary<bool>())
          made.args.push_back("--" + name + "=" + pass);
        else
          made.args.insert(made.args.end(), {"--" + name, pass});
        const auto loaded = made.load();
        RC_ASSERT(!loaded);
        RC_ASSERT(loaded.failure().text().find(word) == std::string::npos);
      },
      40);
}

TEST_CASE("secret model: in the environment, beside whatever else is wrong") {
  test::for_all(
      [] {
        test::hostile("lines of configuration");
        run made{{"backup", "--stanza=demo", "--pg1-path=/pg"}};
        made.environment = {{"PGBRAID_REPO1_CIPHER_PASS", pass},
                            {"PGBRAID_REPO1_CIPHER_TYPE",
                             *rc::gen::element<std::string>("aes-256-cbc", "none", "rot13", "")},
                            {*rc::gen::element<std::string>(
                                 "PGBRAID_REPO2_CIPHER_PASS", "PGBACKREST_REPO1_CIPHER_PASS",
                                 "PGBRAID_REPO_CIPHER_PASS", "PGBRAID_REPO1_CIPHER_PAS"),
                             pass}};
        RC_ASSERT(!tells(made));
      },
      60);
}
