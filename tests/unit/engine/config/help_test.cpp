// Help texts.
// SPDX-License-Identifier: MIT
#include "cli/help/exit_codes.hpp"
#include "cli/help/help.hpp"
#include "cli/help/help_pages.hpp"
#include "cli/help/option_pages.hpp"
#include "engine/base/error.hpp"
#include "tests/unit/engine/config/run.hpp"

#include <fmt/format.h>

#include <array>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::config;

namespace {

std::string help(run one) {
  auto text = cli::help_text(one.good());
  REQUIRE_MESSAGE(text, (text ? "" : text.failure().text()));
  return *text;
}

} // namespace

TEST_CASE("help: the general page and those of commands say which configuration is read") {
  for (const auto& args : {std::vector<std::string>{"help"}, {"help", "backup"}}) {
    const auto text = cli::help_text(run{args}.good());
    REQUIRE(text);
    CHECK(text->find("\nConfiguration: no configuration file was found: there is no") !=
          text->npos);
    CHECK(text->find("'/nowhere/own'") != text->npos);
  }
}

TEST_CASE("help: every page of every command fits 80 columns") {
  for (const auto& command : commands) {
    std::vector<run> pages = {{{"help"}},
                              {{"help", "exit-codes"}},
                              {{"help", std::string(command.name)}},
                              {{"help", std::string(command.name), "not-supported"}}};
    if (command.id == command_id::backup)
      pages.push_back({{"help", "backup", "--repo1-path=/" + std::string(200, 'x'),
                        "--stanza=" + std::string(120, 's')}});
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

namespace {

/// The words of a line as a shell gives them to a program; only double quotes are used in help.
std::vector<std::string> shell_words(std::string_view line) {
  std::vector<std::string> out(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"')
      quoted = !quoted;
    else if (c == ' ' && !quoted)
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

} // namespace

TEST_CASE("help: every example parses, those of built commands to their options") {
  for (const auto& command : commands) {
    CAPTURE(command.name);
    const auto& page = cli::page_of(command.id);
    CHECK(page.text.size() > 30);
    for (const auto& example : page.examples) {
      CAPTURE(example.words);
      CHECK(!example.what.empty());
      const auto words = shell_words(example.words);
      const auto line = parse_command_line(words);
      REQUIRE_MESSAGE(line, (line ? "" : line.failure().text()));
      CHECK(line->help == (command.id == command_id::help));
      if (!line->help)
        CHECK(line->command == command.id);
      if (!command.built || line->help)
        continue;
      run one{words};
      one.file = "[demo]\npg1-path=/pg\n[global]\nrepo2-path=/r2\ntls-server-ca-file=/ca\n"
                 "tls-server-cert-file=/cert\ntls-server-key-file=/key\ntls-server-auth=db1=demo\n";
      one.good();
    }
  }
}

TEST_CASE("help: every value of every choice has a meaning, every example of a value is taken") {
  for (const auto& command : commands) {
    for (const auto& row : options_table) {
      if (!row.commands.contains(command.id))
        continue;
      CAPTURE(command.name);
      CAPTURE(row.name);
      const std::array<std::string_view, 1> names = {command.name};
      const auto allowed = part_for(row.allowed, names);
      if (row.type == option_type::choice || row.type == option_type::bool_like) {
        std::istringstream words{std::string(allowed)};
        for (std::string word; words >> word;) {
          if (word != "|")
            CHECK_MESSAGE(!cli::value_meaning(row, command.name, word).empty(), word);
        }
      } else {
        CHECK(!cli::value_format(row, allowed).empty());
      }
      for (const auto& example : cli::value_examples(row, allowed)) {
        std::vector<std::string> warnings;
        const auto taken = parse_value(row, row.name, allowed, {example}, warnings);
        CHECK_MESSAGE(taken, (taken ? "" : taken.failure().text()));
      }
    }
  }
  const auto target = help({{"help", "restore", "target"}});
  CHECK(target.find("example: --target=\"2026-11-29 18:00:00+01\"") != std::string::npos);
  const auto size = help({{"help", "backup", "repo-bundle-size"}});
  CHECK(size.find("KiB, MiB, GiB") != std::string::npos);
  CHECK(size.find("from 1MiB to 1PiB") != std::string::npos);
  const auto type = help({{"help", "restore", "type"}});
  CHECK(type.find("standby       go on as a standby") != std::string::npos);
}

TEST_CASE("help: options that the peer does not have are marked") {
  const auto page = help({{"help", "backup"}});
  const auto fuse = page.find("--fuse ");
  REQUIRE(fuse != std::string::npos);
  CHECK(page.find("(pgbraid", fuse) < page.find("\n  --", fuse));
}

TEST_CASE("help: what is not supported hides behind one line") {
  const auto page = help({{"help", "backup"}});
  for (const std::string hidden : {"pg-version-force"})
    CHECK_MESSAGE(page.find("--" + hidden) == std::string::npos, hidden);
  CHECK(page.find("--repo-sftp-host") != std::string::npos);
  CHECK(page.find("'pgbraid help backup not-supported'") != std::string::npos);
  const auto rest = help({{"help", "backup", "not-supported"}});
  for (const std::string hidden : {"pg-version-force"})
    CHECK_MESSAGE(rest.find(hidden) != std::string::npos, hidden);
  CHECK(rest.find("repo-bundle ") == std::string::npos);
}

TEST_CASE("help: -h is help, on everything and on a command") {
  CHECK(help({{"-h"}}) == help({{"help"}}));
  CHECK(help({{"backup", "-h"}}) == help({{"help", "backup"}}));
}

TEST_CASE("help: every exit code is listed with its meaning") {
  const auto page = help({{"help", "exit-codes"}});
  for (int code = 0; code < 256; ++code) {
    const bool known = code < 2 || error_name(static_cast<errc>(code)) != "UnknownError" ||
                       static_cast<errc>(code) == errc::unknown;
    CAPTURE(code);
    CHECK(cli::exit_code_meaning(code).empty() == !known);
    if (known)
      CHECK(page.find(fmt::format("\n  {:>3}  ", code)) != std::string::npos);
  }
}

TEST_CASE("help: the manual page names every command and option, and troff takes it as text") {
  const auto page = help({{"help", "man-page"}});
  const auto written = [](std::string_view text) {
    std::string out;
    for (const char c : text)
      out += c == '-' ? std::string("\\-") : std::string(1, c);
    return out;
  };
  for (const auto& command : commands)
    CHECK((page.find(fmt::format("\n.B {}\n", written(command.name))) != std::string::npos) ==
          (command.built && !command.internal));
  for (const auto& row : options_table)
    if (!(row.flags & internal) && row.group == option_group::none && row.unbuilt != "*" &&
        row.commands.contains(command_id::backup))
      CHECK_MESSAGE(page.find(".B " + written("--" + std::string(row.name))) != std::string::npos,
                    row.name);
  CHECK(page.find(".B \\-\\-repo<N>\\-path=...\n") != std::string::npos);
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    CHECK(line.find('"') == (line.starts_with(".TH ") ? 14 : std::string::npos));
    const auto request = line.substr(0, line.find(' '));
    const bool known = request == ".TH" || request == ".SH" || request == ".TP" ||
                       request == ".IP" || request == ".br" || request == ".B" || request == ".I";
    CHECK_MESSAGE(known == line.starts_with('.'), line);
  }
}

TEST_CASE("help: version as text and as a number, and as the peer says it") {
  const auto text = run{{"version"}}.good();
  const auto number = run{{"version", "--output=num"}}.good();
  CHECK(cli::version_output(text, false) == "pgbraid 0.1.0 (compatible with pgBackRest 2.60.0)\n");
  CHECK(cli::version_output(number, false) == "1000");
  CHECK(cli::version_output(text, true) == "pgBackRest 2.60.0\n");
  CHECK(cli::version_output(number, true) == "2060000");
  for (const auto* name : {"pgbackrest", "/usr/bin/pgbackrest", "./pgbackrest"})
    CHECK(cli::called_as_peer(name));
  for (const auto* name : {"pgbraid", "/usr/bin/pgbraid", "", "/pgbackrest/pgbraid"})
    CHECK_FALSE(cli::called_as_peer(name));
}

TEST_CASE("help: the version names no configuration, but takes the options that would") {
  for (const auto* option :
       {"--config=/nope", "--config-path=/nope", "--config-include-path=/nope", "--no-config"})
    run{{"version", option}}.good();
  CHECK(run{{"version", "--stanza=demo"}}.bad() ==
        "[31]: option 'stanza' not valid for command 'version'");
}
