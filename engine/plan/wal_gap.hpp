// WAL that a repository will never get: the names that say so.
// Source: engine/format/README.md, section 14.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pgbraid::plan {

/// From one WAL file to another one of the same timeline, both included. Its marker is a file
/// `<first>-<last>.gap`: the name is all of it, so that a full disk takes it, too.
struct wal_gap {
  std::string first;
  std::string last;
  int64_t since_s = 0; ///< since 1970
  friend bool operator==(const wal_gap&, const wal_gap&) = default;
};

std::string gap_name(const wal_gap& of);
/// Of the name alone; empty for every other name.
std::optional<wal_gap> parse_gap_name(std::string_view name);

/// What has to be done for markers to cover more WAL files.
struct gap_change {
  /// This one gets the new name, which keeps the time when the gap began; none: a new marker.
  std::optional<wal_gap> from = {};
  wal_gap to = {};
};
/// The first change; what follows it is told when it was made. Segments in a row are one. Empty
/// when they cover all of them already.
/// @param missing        in any order
/// @param segment_bytes  of the WAL files
std::optional<gap_change> widen_gaps(std::span<const wal_gap> gaps,
                                     std::span<const std::string> missing, uint64_t segment_bytes);

} // namespace pgbraid::plan
