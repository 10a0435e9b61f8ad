// Which configuration files there are, and what they contain.
// Source: engine/config/README.md, section 2.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/sources.hpp"

namespace pgbraid::config {

/// Reads the files that the location options in `given` (and the defaults in `places`) name.
/// Ours is read when no location is given and it exists; else the peer's files.
/// Fails with file_missing or path_missing for what was asked for and is not there, file_open,
/// file_read, or what parsing says. Warns of a file with a secret that every user can read.
result<std::vector<file_entry>> read_config_files(const setting_map& given,
                                                  const file_places& places,
                                                  std::vector<std::string>& warnings);

/// Takes over what applies to a command and stanza, strongest section first; what `into` has stays.
/// @param stanza  empty when there is none
result<void> add_sections(const std::vector<file_entry>& entries, const std::string& stanza,
                          command_and_role who, setting_map& into,
                          std::vector<std::string>& warnings);

} // namespace pgbraid::config
