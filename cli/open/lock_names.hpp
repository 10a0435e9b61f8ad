// Names of lock files, as hosts tell them to each other.
// Source: cli/command/README.md, section 1.4.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/options.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::cli {

/// The kinds of lock a command takes, as they stand in file names.
std::vector<std::string_view> lock_types(config::lock_kind kind);

/// The locks that a command takes on the other hosts it works with; empty for most commands.
std::vector<std::string> remote_lock_names(const config::options& opts);

/// `demo-backup-1.lock` taken apart.
struct lock_name {
  std::string type; ///< archive, backup or restore
  unsigned repo_key = 0;
};
/// Empty when the text is no such name, or one of another stanza.
std::optional<lock_name> parse_lock_name(std::string_view text, std::string_view stanza);

} // namespace pgbraid::cli
