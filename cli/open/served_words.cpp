// Which words of a command line a TLS server accepts from its clients.
// SPDX-License-Identifier: MIT
#include "cli/open/served_words.hpp"

#include "engine/base/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace pgbraid::cli {

namespace {

constexpr size_t words_max = 32;
constexpr size_t word_limit_bytes = 1024;

constexpr auto accepted = std::to_array<std::string_view>(
    {"buffer-size", "db-timeout", "exec-id", "io-timeout", "process", "process-max",
     "protocol-timeout", "remote-type", "repo", "stanza"});

/// `stanza` of `--stanza=demo`; empty for everything else.
std::string_view option_of(std::string_view word) {
  const auto equals = word.find('=');
  return word.starts_with("--") && equals != std::string_view::npos ? word.substr(2, equals - 2)
                                                                    : std::string_view();
}

bool is_accepted(std::string_view word) {
  return std::find(accepted.begin(), accepted.end(), option_of(word)) != accepted.end();
}

bool is_command(std::string_view word) {
  return word.ends_with(":remote") && !word.starts_with('-');
}

/// `<process id>-<8 hex digits>`: what identifies a command must not be what stands in any lock.
bool is_exec_id(std::string_view text) {
  constexpr size_t tail = 8;
  const auto all_of = [](std::string_view part, std::string_view allowed) {
    return !part.empty() && part.find_first_not_of(allowed) == part.npos;
  };
  const auto dash = std::min(text.find('-'), text.size());
  return dash + 1 + tail == text.size() && all_of(text.substr(0, dash), "0123456789") &&
         all_of(text.substr(dash + 1), "0123456789abcdef");
}

error refused(std::string_view word) {
  return {errc::access,
          fmt::format("access denied: '{}' is not accepted from clients", printable(word))};
}

} // namespace

std::vector<std::string> served_words(const std::vector<std::string>& words) {
  std::vector<std::string> out;
  std::copy_if(words.begin(), words.end(), std::back_inserter(out),
               [](const std::string& word) { return is_accepted(word) || is_command(word); });
  return out;
}

result<void> check_served_words(const std::vector<std::string>& words) {
  if (words.empty() || words.size() > words_max || !is_command(words.back()))
    return error{errc::access, "access denied: no command in its remote role"};
  std::set<std::string_view> seen;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word.size() > word_limit_bytes)
      return error{errc::access, "access denied: an option is too long"};
    if (!is_accepted(word) || !seen.insert(option_of(word)).second)
      return refused(word);
    if (option_of(word) == "exec-id" && !is_exec_id(word.substr(word.find('=') + 1)))
      return refused(word);
  }
  return success();
}

} // namespace pgbraid::cli
