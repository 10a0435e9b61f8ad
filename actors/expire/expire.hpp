// Removes the backups and the WAL of one repository that retention no longer keeps.
// Source: cli/command/README.md, section 8.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/repository/repository.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace pgbraid {

struct expire_settings {
  /// How many of the newest full backups stay, with all that depends on them; none: all do.
  std::optional<uint64_t> fulls = {};
  /// How many of them keep all WAL since their start; none: all WAL stays.
  std::optional<uint64_t> archive_fulls = {};
  /// Says what would be removed, and changes nothing.
  bool dry_run = false;
  /// A backup was just made: the newest full one without page errors stays whatever retention says,
  /// and its WAL.
  bool follows_backup = false;
  /// Otherwise nothing is expired while the oldest backup that would be left has page errors
  /// (`checksum`, 26).
  bool bad_pages_stop = true;
  std::string exec_id = {}; ///< of the run, for temporary names
};

/// The caller holds the stanza's backup lock. First manifests go, then backup.info forgets these
/// backups, then their directories, WAL that no backup needs, and what killed writers left behind.
/// While a manifest cannot be read, no WAL goes and nothing of that set. Says in the log what goes
/// and why.
result<void> expire(repository& repo, const expire_settings& settings);

} // namespace pgbraid
