// Names of lock files.
// SPDX-License-Identifier: MIT
#include "cli/open/lock_names.hpp"

#include "cli/open/whereabouts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace pgbraid::cli {

namespace {

using config::command_id;

constexpr unsigned repo_key_max = 256;

/// Commands whose locks exclude others on every host that takes part.
bool locks_remotely(command_id command) {
  constexpr std::array<command_id, 7> all = {command_id::annotate,      command_id::archive_push,
                                             command_id::backup,        command_id::expire,
                                             command_id::stanza_create, command_id::stanza_delete,
                                             command_id::stanza_upgrade};
  return std::find(all.begin(), all.end(), command) != all.end();
}

} // namespace

std::vector<std::string_view> lock_types(config::lock_kind kind) {
  switch (kind) {
  case config::lock_kind::none:
    return {};
  case config::lock_kind::archive:
    return {"archive"};
  case config::lock_kind::backup:
    return {"backup"};
  case config::lock_kind::restore:
    return {"restore"};
  case config::lock_kind::all:
    return {"archive", "backup", "restore"};
  }
  return {};
}

std::vector<std::string> remote_lock_names(const config::options& opts) {
  std::vector<std::string> out;
  if (!locks_remotely(opts.command()))
    return out;
  for (const auto type : lock_types(config::row_of(opts.command()).lock))
    for (const auto position : repository_positions(opts))
      out.push_back(
          fmt::format("{}-{}-{}.lock", opts.text("stanza"), type, opts.repo_key(position)));
  return out;
}

std::optional<lock_name> parse_lock_name(std::string_view text, std::string_view stanza) {
  constexpr std::string_view ending = ".lock";
  if (stanza.empty() || !text.starts_with(stanza) || !text.ends_with(ending) ||
      text.size() < stanza.size() + ending.size())
    return std::nullopt;
  text = text.substr(stanza.size(), text.size() - stanza.size() - ending.size());
  for (const auto type : lock_types(config::lock_kind::all)) {
    const auto begin = fmt::format("-{}-", type);
    if (!text.starts_with(begin))
      continue;
    const auto digits = text.substr(begin.size());
    lock_name out{.type = std::string(type)};
    const auto* end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, out.repo_key);
    if (parsed.ec != std::errc() || parsed.ptr != end || out.repo_key == 0 ||
        out.repo_key > repo_key_max)
      return std::nullopt;
    return out;
  }
  return std::nullopt;
}

} // namespace pgbraid::cli
