// Help texts.
// SPDX-License-Identifier: MIT
#include "cli/help.hpp"
#include "tests/unit/config/run.hpp"

#include <sstream>

using namespace pgbraid;
using namespace pgbraid::config;

namespace {

std::string help(run one) {
  auto text = cli::help_text(one.good());
  REQUIRE_MESSAGE(text, (text ? "" : text.failure().text()));
  return *text;
}

} // namespace

TEST_CASE("help: every page of every command fits 80 columns") {
  for (const auto& command : commands) {
    std::vector<run> pages = {{{"help", std::string(command.name)}}};
    for (const auto& row : options_table) {
      if (row.commands.contains(command.id))
        pages.push_back({{"help", std::string(command.name), std::string(row.name)}});
    }
    for (const auto& page : pages) {
      std::istringstream lines(help(page));
      for (std::string line; std::getline(lines, line);)
        CHECK_MESSAGE(line.size() <= 80, line);
    }
  }
}

TEST_CASE("help: the general page lists the commands") {
  const auto text = help({{}});
  CHECK(text.find("archive-push") != std::string::npos);
  CHECK(text.find("repo-put") == std::string::npos);
}

TEST_CASE("help: current and default values, secrets hidden") {
  auto one = run{{"help", "backup", "--repo2-path=/b"},
                 {{"PGBACKREST_REPO1_CIPHER_TYPE", "aes-256-cbc"},
                  {"PGBACKREST_REPO1_CIPHER_PASS", "hunter2"},
                  {"PGBACKREST_REPO1_PATH", "/a"},
                  {"PGBACKREST_PROCESS_MAX", "3"}}};
  const auto text = help(one);
  CHECK(text.find("current=<redacted>") != std::string::npos);
  CHECK(text.find("hunter2") == std::string::npos);
  CHECK(text.find("current=<multi>") != std::string::npos);
  CHECK(text.find("current=3") != std::string::npos);
  one.args = {"help", "backup", "process-max"};
  CHECK(help(one).find("\ncurrent: 3\n") != std::string::npos);
}

TEST_CASE("help: an option the command does not have") {
  const auto text = cli::help_text(run{{"help", "info", "onlin"}}.good());
  REQUIRE_FALSE(text);
  CHECK(text.failure().code == errc::option_invalid);
  CHECK(text.failure().hint == "did you mean 'online'?");
}

TEST_CASE("help: version as text and as a number") {
  CHECK(cli::version_output(run{{"version"}}.good()) == "pgbraid 0.1.0\n");
  CHECK(cli::version_output(run{{"version", "--output=num"}}.good()) == "1000");
}
