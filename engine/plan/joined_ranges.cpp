// Joining ranges of several files.
// SPDX-License-Identifier: MIT
#include "engine/plan/joined_ranges.hpp"

#include <algorithm>
#include <tuple>

namespace pgbraid::plan {

namespace {

/// No map has places whose end a number cannot hold.
uint64_t end_of(const block_range& one) {
  return one.offset_bytes + one.length_bytes;
}

auto place_of(const block_range& one) {
  return std::tuple(one.reference, one.bundle_id, one.offset_bytes);
}

bool same_bundle(const block_range& a, const block_range& b) {
  return a.reference == b.reference && a.bundle_id == b.bundle_id;
}

} // namespace

std::vector<block_range> joined_ranges(std::vector<block_range> wanted, uint64_t gap_bytes,
                                       uint64_t limit_bytes) {
  std::ranges::sort(wanted, {}, place_of);
  std::vector<block_range> out;
  uint64_t left_bytes = limit_bytes;
  for (auto at = wanted.begin(); at != wanted.end();) {
    auto joined = *at;
    auto next = at + 1;
    for (; next != wanted.end() && same_bundle(joined, *next); ++next) {
      const auto end = end_of(joined);
      if (next->offset_bytes > end && next->offset_bytes - end > gap_bytes)
        break;
      const auto length = std::max(end, end_of(*next)) - joined.offset_bytes;
      if (length > left_bytes)
        break;
      joined.length_bytes = length;
    }
    if (joined.length_bytes <= left_bytes) {
      left_bytes -= joined.length_bytes;
      out.push_back(joined);
    }
    at = next;
  }
  return out;
}

const block_range* holding(const std::vector<block_range>& joined, const block_range& wanted) {
  const auto behind = std::ranges::upper_bound(joined, place_of(wanted), {}, place_of);
  if (behind == joined.begin())
    return nullptr;
  const auto& before = *(behind - 1);
  return same_bundle(before, wanted) && end_of(wanted) <= end_of(before) ? &before : nullptr;
}

} // namespace pgbraid::plan
