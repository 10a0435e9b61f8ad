// Whether a server is set up to archive its WAL with this program.
// Source: cli/command/README.md, section 3.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <string>

namespace pgbraid::plan {

/// What a server says of its own archiving.
struct archive_settings {
  std::string mode;    ///< archive_mode: off, on, always
  std::string command; ///< archive_command
};

/// Fails with `archive_disabled` (87), `feature_not_supported` (67) for archive_mode=always unless
/// that is allowed, and `archive_command_invalid` (68) when the command names neither this program
/// nor pgbackrest.
/// @param refuse_always  option archive-mode-check
result<void> check_archive_settings(const archive_settings& server, bool refuse_always);

} // namespace pgbraid::plan
