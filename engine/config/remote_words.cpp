// Options as words for the role that serves a command on another host.
// Source: engine/config/README.md, section 12.
// SPDX-License-Identifier: MIT
#include "engine/config/option_name.hpp"
#include "engine/config/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pgbraid::config {

namespace {

/// What the other host has its own of, or learns in another way. Ciphers are here because their
/// passphrases never travel as words, and a type alone would be of no use.
bool about_this_host(std::string_view name) {
  constexpr std::array<std::string_view, 7> words = {
      "config",    "config-path", "config-include-path", "exec-id",
      "lock-path", "repo",        "repo-cipher-type"};
  return name.starts_with("log-") ? name != "log-subprocess"
                                  : std::find(words.begin(), words.end(), name) != words.end();
}

void add_word(const std::string& name, const value& from, std::vector<std::string>& out) {
  const auto* flag = std::get_if<bool>(&from.data);
  if (from.negated || (flag && !*flag))
    out.push_back("--no-" + name);
  else if (flag)
    out.push_back("--" + name);
  else
    for (const auto& text : from.shown)
      out.push_back(fmt::format("--{}={}", name, text));
}

constexpr auto config_options = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"host-config", "config"},
    {"host-config-path", "config-path"},
    {"host-config-include-path", "config-include-path"},
});

} // namespace

std::vector<std::string> options::remote_words(option_group serves, size_t position,
                                               unsigned process) const {
  const std::string_view kind = group_name(serves);
  std::vector<std::string> out = {fmt::format("--exec-id={}", exec_id()),
                                  fmt::format("--process={}", process),
                                  fmt::format("--remote-type={}", kind)};
  if (serves == option_group::repo)
    out.push_back(fmt::format("--repo={}", repo_key(position)));
  for (size_t row = 0; row < options_table.size(); ++row) {
    const auto& about = options_table[row];
    const bool grouped = about.group != option_group::none;
    if (!about.known_to({command_, command_role::remote}) || (about.flags & (secure | own)) ||
        about_this_host(about.name) || (grouped && about.group != serves))
      continue;
    const size_t from = grouped ? position : 0;
    if (from >= position_count(row) || at(row, from).source == value_source::fallback)
      continue;
    const unsigned number = about.group == option_group::pg ? 1 : ref_at(row, from).key;
    add_word(shown_name({static_cast<uint16_t>(row), number}), at(row, from), out);
  }
  for (const auto& [here, there] : config_options) {
    const auto row = find_option(fmt::format("{}-{}", kind, here));
    if (position < position_count(row) && at(row, position).source != value_source::fallback)
      add_word(std::string(there), at(row, position), out);
  }
  std::sort(out.begin(), out.end());
  out.push_back(fmt::format("{}:remote", command_name()));
  return out;
}

} // namespace pgbraid::config
