// A segment that is to be archived, read once where memory allows.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/archive/push_target.hpp"
#include "engine/base/result.hpp"
#include "engine/base/wal_location.hpp"
#include "engine/buffer/large_memory.hpp"
#include "engine/graph/single_lane.hpp"
#include "storage/storage.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace pgbraid {

/// What is hashed is what is stored, whatever happens to the file: segments up to 64 MiB are held
/// in memory, larger ones are read twice and hashed both times.
class segment_source {
public:
  /// @param from  rooted in the directory of the file; both outlive this
  segment_source(storage& from, const wal_location& wal) : from_(from), wal_(wal) {}

  /// A segment, a partial one too, is as long as PostgreSQL makes it; any other length means that
  /// something is missing, and whoever needs it would learn of that too late. Fails with
  /// `archive_mismatch` (44) for that and for a header of another cluster, `file_missing` (55).
  result<void> open(const wal_owner& of, bool check_header);

  const wal_location& wal() const { return wal_; }
  uint64_t segment_bytes() const { return segment_bytes_; }
  bool is_held() const { return static_cast<bool>(held_); }
  /// SHA-1 of all of it, as in names of the archive.
  result<std::string> digest();
  /// Moves it, from memory or from its file, through a graph; see `graph::single_lane::run`.
  result<void> pass(graph::single_lane& through, std::span<graph::branch_end> ends);

private:
  result<void> check_header(const wal_owner& of) const;
  result<void> check_size(uint64_t size_bytes, uint64_t right_bytes, std::string_view says) const;
  result<void> hold();

  storage& from_;
  const wal_location& wal_;
  uint64_t segment_bytes_ = 0; ///< of the file, as it was checked
  large_memory held_ = {};
  size_t held_bytes_ = 0;
};

} // namespace pgbraid
