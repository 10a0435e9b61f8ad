// How far an archive is behind.
// Source: cli/command/README.md, section 9.1.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pgbraid::plan {

/// Where the WAL of an archive ends: the name of its last segment, and the time when it came there.
struct archive_end {
  std::string last = {}; ///< empty: there is none
  int64_t stored_s = 0;  ///< since 1970
};

/// What an archive lacks at its end. Each number is none where it cannot be told: nothing was
/// archived yet, segments of two timelines, or nobody knows how large they are.
struct archive_lag {
  std::string newest = {}; ///< the last segment that is known of
  std::optional<uint64_t> segments = {};
  std::optional<uint64_t> bytes = {};
  friend bool operator==(const archive_lag&, const archive_lag&) = default;
};

/// Empty when the archive has the newest segment, or a later one.
/// @param last           segment in the archive; empty: it has none
/// @param newest         segment that exists; empty: none is known
/// @param segment_bytes  where it is known
std::optional<archive_lag> lag_behind(std::string_view last, std::string_view newest,
                                      std::optional<uint32_t> segment_bytes);

/// The newest segment that PostgreSQL has completed, as the names in pg_wal/archive_status tell;
/// empty when they tell of none, since it removes them after a while.
std::string newest_completed(std::span<const std::string> status_names);

/// `4 segment(s) (64MB) behind 000000010000000000000012`, as far as it can be told.
std::string lag_in_words(const archive_lag& of);

} // namespace pgbraid::plan
