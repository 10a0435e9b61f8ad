// Fuzz target: the words of a command line that a TLS client greets with, one a line.
// SPDX-License-Identifier: MIT
#include "cli/open/served_words.hpp"
#include "engine/config/load.hpp"
#include "tests/fuzz/target.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace pgbraid;

namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

/// As a server reads them, which has a configuration of its own.
result<config::options> load(const std::vector<std::string>& words) {
  config::inputs from{
      .args = {"--no-config"},
      .environment = {{"PGBACKREST_REPO1_PATH", "/repo"}, {"PGBACKREST_PG1_PATH", "/pg"}}};
  from.args.insert(from.args.end(), words.begin(), words.end());
  std::vector<std::string> warnings;
  return config::load(from, warnings);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto words = lines_of(fuzz::text(data, size));
  if (const auto accepted = cli::check_served_words(words); !accepted) {
    fuzz::must(accepted.failure().code == errc::access, "what is not accepted is refused access");
    fuzz::must_be_shown(accepted.failure());
    return 0;
  }
  fuzz::must(cli::served_words(words) == words, "a client of ours says only what is accepted");
  const auto opts = load(words);
  if (!opts)
    return 0;
  fuzz::must(opts->role() == config::command_role::remote, "the command is one of a remote");
  fuzz::must(!opts->has_value("stanza") || opts->text("stanza").find('/') == std::string::npos,
             "a stanza is no path");
  fuzz::must(!opts->has_value("repo-path", 0) || opts->text("repo-path", 0) == "/repo",
             "the repository is the server's to choose");
  fuzz::must(!opts->has_value("pg-path", 0) || opts->text("pg-path", 0) == "/pg",
             "the cluster is the server's to choose");
  return 0;
}
