// Which WAL is fetched before PostgreSQL asks for it.
// Source: cli/command/README.md, section 6.5.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::plan {

/// How many segments are kept ahead: at least two, and never more than names fit into a command.
/// @param segment_bytes  not 0
size_t queue_segments(uint64_t queue_bytes, uint32_t segment_bytes);

/// While the segment of this name is in the spool, more than half of the queue is: nobody needs to
/// list it to see that it needs no refill.
/// @param taken  the segment that is taken out of it
/// @returns empty where no name comes so far behind it
std::string half_way_segment(std::string_view taken, uint64_t queue_bytes, uint32_t segment_bytes);

/// A refill, decided of what lies in the spool.
struct queue_plan {
  std::vector<std::string> fetch;  ///< in the order in which PostgreSQL will ask for them
  std::vector<std::string> remove; ///< files of the spool that nobody will ask for
  size_t ahead = 0;                ///< segments that are there already, without a gap
  /// Somebody has looked for the segment behind those, and it was not in the archive.
  bool at_the_end = false;
};

/// @param first  the segment that comes next
/// @param names  of all files in the part of the spool that is for fetched WAL
queue_plan plan_queue(std::string_view first, std::span<const std::string> names,
                      uint64_t queue_bytes, uint32_t segment_bytes);

/// Whether a segment that was taken out of the queue is the reason for a refill: half of it is
/// left, or less. At the end of the archive only when there is nothing left, since each look there
/// finds nothing but that.
bool wants_refill(const queue_plan& left, uint64_t queue_bytes, uint32_t segment_bytes);

/// Whether a repository that was of no use to one refill is left aside by the next ones, which come
/// several times a second and would each wait for it: for half a minute. Not where the clock was
/// set back meanwhile.
/// @param troubled_ns  when it was of no use, since 1970
/// @param now_s        since 1970
bool is_left_aside(int64_t troubled_ns, int64_t now_s);

} // namespace pgbraid::plan
