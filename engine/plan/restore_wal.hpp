// Whether the archives have the WAL that a restored cluster will ask for.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/manifest.hpp"
#include "engine/format/timeline_history.hpp"
#include "engine/plan/recovery_type.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::plan {

/// A WAL segment in an archive, taken apart: how many segments a log has need not be known yet.
struct archived_segment {
  uint32_t timeline = 0;
  uint32_t log = 0;
  uint32_t number = 0;  ///< within the log
  int64_t stored_s = 0; ///< when it came to the archive
};
/// @param name  24 hexadecimal digits
archived_segment archived_segment_of(std::string_view name, int64_t stored_s);

/// What a restore will need. Views and pointers are not owned.
struct wal_question {
  const format::manifest* backup = nullptr; ///< online, with archive start and stop
  recovery_type type = recovery_type::standard;
  std::string target = {}; ///< for types with a target; can be read
  /// The timeline recovery will end on, and how it came to be: its history file.
  uint32_t timeline = 0;
  std::vector<format::timeline_switch> history = {};
};

/// What to ask of the archives for a restore that recovers with this type. Empty where its own WAL
/// need not be in one: no recovery, a stopped cluster, WAL inside the backup, a backup that was
/// made without looking at the archive; or where the manifest does not name it.
/// @param timeline  that recovery will end on; 0: that of the backup
std::optional<wal_question> wal_question_of(const format::manifest& backup, recovery_type type,
                                            std::string target, uint32_t timeline,
                                            std::vector<format::timeline_switch> history);

/// The logs (upper halves of an LSN) that can matter.
struct log_range {
  uint32_t first = 0;
  uint32_t last = 0;
  bool contains(uint32_t log) const { return first <= log && log <= last; }
};
log_range wanted_logs(const wal_question& of);

struct wal_answer {
  /// The first segment between start and stop of the backup that is not there: without it the
  /// cluster cannot become consistent.
  std::optional<std::string> missing = {};
  /// Where recovery will not get as far as it was asked to.
  std::vector<std::string> warnings = {};
};
/// @param stock  what all archives together have of the wanted logs, in any order
/// Where the size of a segment cannot be told for sure, only what holds for every size is said.
wal_answer judge_wal(const wal_question& question, std::vector<archived_segment> stock);

/// What to say of a target time that has not come yet.
std::optional<std::string> future_warning(recovery_type type, std::string_view target,
                                          int64_t now_s);

} // namespace pgbraid::plan
