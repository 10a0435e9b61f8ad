// expire: the WAL that no backup needs any more.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/expire/removals.hpp"
#include "engine/plan/retention.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace pgbraid {

struct archive_expiry {
  /// How many of the newest backups that count keep all WAL since their start; none: all WAL stays.
  std::optional<uint64_t> count = {};
  plan::retention keep = {}; ///< which backups count
  /// A backup that keeps all WAL since its start whatever retention says; empty: none.
  std::string keep_from = {};
  /// No WAL from this segment on goes.
  std::optional<std::string> before = {};
};

/// Removes WAL and timeline histories that retention no longer keeps.
/// @param info  as it is after expired backups have gone
result<void> expire_archive(repository& repo, const archive_expiry& settings,
                            const format::backup_info& info, removals& with);

} // namespace pgbraid
