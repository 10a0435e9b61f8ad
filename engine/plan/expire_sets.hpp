// Which backups go: those that retention lets go, or one that was asked for.
// Source of the rules: cli/command/README.md, section 8.1.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/backup_info.hpp"
#include "engine/plan/retention.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::plan {

/// A backup that goes, and all that depend on it.
struct expired_set {
  enum class reason : uint8_t { fulls_counted, fulls_by_days, diffs_counted, asked_for };
  reason why = reason::fulls_counted;
  std::vector<std::string> labels = {}; ///< sorted; the others depend on the first one

  bool is_full() const {
    return format::type_of_label(labels.front()) == format::backup_type::full;
  }
};
/// Why it goes and what it is, for the log: `expire full backup set A, B`.
std::string in_words(const expired_set& set);

/// What goes. No backup that stays depends on one of these.
struct backup_expiry {
  std::vector<expired_set> sets = {};   ///< fulls, oldest first, then diffs, oldest first
  std::vector<std::string> spared = {}; ///< a line for each set that stays for another backup
  /// Retention decided which full backup is the oldest to stay: older ones go or, where days are
  /// counted, there may be none.
  bool has_oldest = false;
  bool has(std::string_view label) const;
  /// The fulls that go because so many, or of so many days, are wanted, with their dependents.
  std::vector<std::vector<std::string>> full_sets() const;
};

/// What falls out of retention.
/// @param now_s        when days are counted
/// @param untouchable  labels whose sets stay whole: something of them cannot be read now, or is
///                     being made
backup_expiry expire_by_retention(const format::backup_info& info, const retention& keep,
                                  int64_t now_s, std::span<const std::string> untouchable = {});

/// One backup with all that depend on it; nothing when it is not listed.
/// Fails with `backup_set_invalid` (75) for the last full backup of the present cluster, and for a
/// set that is untouchable.
result<backup_expiry> expire_one(const format::backup_info& info, std::string_view label,
                                 std::span<const std::string> untouchable = {});

/// Retention under which the oldest full backup goes, and WAL from before the next one. Nothing
/// where there are fewer than two.
std::optional<retention> without_oldest(const format::backup_info& info, retention keep);

/// How many of the backups that count keep their WAL, of those that are left. Nothing: no WAL goes.
/// Where fulls are kept by days and nothing is said of WAL, those of these days and one from before
/// count.
std::optional<uint64_t> archive_count(const format::backup_info& left, const retention& keep,
                                      int64_t now_s);

} // namespace pgbraid::plan
