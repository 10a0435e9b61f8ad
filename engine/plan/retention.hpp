// What of backups, WAL and manifests a repository is to keep.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/label.hpp"

#include <cstdint>
#include <optional>

namespace pgbraid::plan {

inline constexpr int64_t day_s = int64_t{24} * 3600;

/// The options `repo-retention-*` of one repository. What is not set keeps everything.
struct retention {
  enum class unit : uint8_t { count, days };
  unit fulls_by = unit::count;
  std::optional<uint64_t> fulls = {}; ///< at least 1: so many, or those of so many days
  std::optional<uint64_t> diffs = {}; ///< at least 1: so many diffs, for which fulls count, too
  /// Which backups count for WAL: full ones; with `diff` those, too; with `incr` all.
  format::backup_type archive_type = format::backup_type::full;
  /// How many of those keep all WAL since their start, at least 1.
  std::optional<uint64_t> archive = {};
  /// How many days manifests stay in backup.history after their backup has gone.
  std::optional<uint64_t> history_days = {};

  /// Whether a backup of this type counts for WAL.
  bool counts_for_wal(format::backup_type type) const { return type <= archive_type; }
};

} // namespace pgbraid::plan
