// Removes the backups and the WAL of one repository that retention no longer keeps.
// Source: cli/command/README.md, section 8.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/plan/retention.hpp"
#include "storage/repository/repository.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace pgbraid {

struct expire_settings {
  plan::retention keep = {};
  /// Only this backup goes, with all that depend on it; of backups, retention lets nothing go.
  std::optional<std::string> label = {};
  /// The oldest full backup goes, whatever retention says of fulls and WAL.
  bool oldest = false;
  /// No WAL from this segment on goes. Allows WAL to go where there are fewer backups than
  /// retention counts.
  std::optional<std::string> archive_before = {};
  /// Parts of files that were begun before that time and never ended go, too.
  std::optional<int64_t> unfinished_before_s = {};
  /// Says what would be removed, and changes nothing.
  bool dry_run = false;
  /// A backup was just made: the newest full one without page errors stays whatever retention says,
  /// and its WAL.
  bool follows_backup = false;
  /// Otherwise nothing is expired while the oldest backup that would be left has page errors, nor
  /// is the last full one without (`checksum`, 26).
  bool bad_pages_stop = true;
  std::string exec_id = {}; ///< of the run, for temporary names
};

/// The caller holds the stanza's backup lock. First manifests go, then backup.info forgets these
/// backups, then their directories, WAL that no backup needs, manifests in backup.history, and what
/// killed writers left behind. While a manifest cannot be read, no WAL goes and nothing of that
/// set; nothing goes of a set in which somebody may be making a backup. Says in the log what goes
/// and why.
result<void> expire(repository& repo, const expire_settings& settings);

} // namespace pgbraid
