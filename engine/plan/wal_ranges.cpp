// Segments and ranges of them.
// SPDX-License-Identifier: MIT
#include "engine/plan/wal_ranges.hpp"

#include "engine/postgres/wal_name.hpp"

#include <algorithm>
#include <utility>

namespace pgbraid::plan {

namespace {

bool has(const std::vector<wal_range>& ranges, const std::string& segment) {
  const auto behind = std::ranges::upper_bound(ranges, segment, {}, &wal_range::first);
  return behind != ranges.begin() && segment <= std::prev(behind)->last;
}

} // namespace

void add_segment(std::vector<wal_range>& to, const std::string& segment, uint32_t segment_bytes) {
  if (!to.empty() && postgres::next_segment(to.back().last, segment_bytes) == segment)
    to.back().last = segment;
  else
    to.push_back({segment, segment});
}

std::vector<std::string> lacking_segments(const std::vector<wal_range>& ranges,
                                          const std::string& first, const std::string& last,
                                          uint32_t segment_bytes, size_t limit) {
  std::vector<std::string> out;
  if (!postgres::is_segment_name(first) || !postgres::is_segment_name(last) ||
      postgres::timeline_of(first) != postgres::timeline_of(last))
    return out;
  auto segment = first;
  for (size_t looked_at = 0; segment <= last && looked_at < limit; ++looked_at) {
    if (!has(ranges, segment))
      out.push_back(segment);
    auto next = postgres::next_segment(segment, segment_bytes);
    if (next <= segment) // behind the last one there is
      break;
    segment = std::move(next);
  }
  return out;
}

} // namespace pgbraid::plan
