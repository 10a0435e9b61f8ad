// Which backups retention no longer keeps.
// Source of the rules: shared/spec/commands.md, section 7.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/backup_info.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace pgbraid::plan {

/// The sets that fall out of retention, oldest first: each a full backup and all that depend on it,
/// sorted by label.
/// @param keep_count  how many of the newest full backups to keep, at least 1
std::vector<std::vector<std::string>> expired_sets(const format::backup_info& info,
                                                   uint64_t keep_count);

/// A backup directory as far as cleaning is concerned.
struct backup_directory {
  std::string label;
  bool has_manifest = false;
  bool has_copy = false;
};
/// Directories of backups that are not listed, oldest first. The newest one on disk stays when it
/// has a manifest copy and no manifest: it is being made, or can be resumed.
/// @param on_disk  sorted by label
std::vector<std::string> abandoned_directories(const format::backup_info& info,
                                               const std::vector<backup_directory>& on_disk);

} // namespace pgbraid::plan
