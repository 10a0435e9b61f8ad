// Whether a server is set up to archive its WAL with this program.
// Source: cli/command/README.md, section 3.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace pgbraid::plan {

/// What a server says of its own archiving.
struct archive_settings {
  uint32_t version_num = 0;       ///< server_version_num: 150004
  std::string mode;               ///< archive_mode: off, on, always
  std::string command;            ///< archive_command
  std::string library = {};       ///< archive_library
  std::string module_stanza = {}; ///< pgbraid_archive.stanza
  std::string module_config = {}; ///< pgbraid_archive.config; empty: the default files
};

/// Whether the library, named with or without folder and ending, is our archive module.
bool is_our_archive_module(std::string_view library);

/// Fails with `archive_disabled` (87), `feature_not_supported` (67) for archive_mode=always unless
/// that is allowed, and `archive_command_invalid` (68) when the command names neither this program
/// nor pgbackrest, and no archive module of ours takes its place: one without a stanza archives
/// nothing, and neither does PostgreSQL 16 or later where both are set.
/// @param refuse_always  option archive-mode-check
result<void> check_archive_settings(const archive_settings& server, bool refuse_always);

} // namespace pgbraid::plan
