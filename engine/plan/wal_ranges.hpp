// Which segments an archive has, as few names.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::plan {

/// From one segment to another one of the same timeline, both included.
struct wal_range {
  std::string first;
  std::string last;
  friend bool operator==(const wal_range&, const wal_range&) = default;
};

/// Adds a segment that comes behind all that were added: neighbours are one range.
void add_segment(std::vector<wal_range>& to, const std::string& segment, uint32_t segment_bytes);

/// Those from one segment to another one of the same timeline that no range has. Empty when the
/// last one is before the first one.
/// @param ranges  ascending
/// @param limit   no more are looked at: the names may be anything
std::vector<std::string> lacking_segments(const std::vector<wal_range>& ranges,
                                          const std::string& first, const std::string& last,
                                          uint32_t segment_bytes, size_t limit);

} // namespace pgbraid::plan
