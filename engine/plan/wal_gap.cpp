// WAL that a repository will never get.
// SPDX-License-Identifier: MIT
#include "engine/plan/wal_gap.hpp"

#include "engine/postgres/wal_name.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <vector>

namespace pgbraid::plan {

namespace {

constexpr std::string_view gap_suffix = ".gap";
constexpr uint64_t smallest_segment_bytes = uint64_t{1} << 20;
constexpr uint64_t largest_segment_bytes = uint64_t{1} << 30;

bool is_segment_size(uint64_t size_bytes) {
  return std::has_single_bit(size_bytes) && size_bytes >= smallest_segment_bytes &&
         size_bytes <= largest_segment_bytes;
}

bool covers(const wal_gap& gap, std::string_view wal) {
  return gap.first == wal || gap.last == wal ||
         (postgres::is_segment_name(wal) && postgres::is_segment_name(gap.first) &&
          postgres::timeline_of(gap.first) == postgres::timeline_of(wal) && gap.first < wal &&
          wal < gap.last);
}

} // namespace

std::string gap_name(const wal_gap& of) {
  return of.first + "-" + of.last + std::string(gap_suffix);
}

std::optional<wal_gap> parse_gap_name(std::string_view name) {
  if (!name.ends_with(gap_suffix))
    return std::nullopt;
  name.remove_suffix(gap_suffix.size());
  const auto dash = name.find('-');
  if (dash == name.npos)
    return std::nullopt;
  wal_gap out{.first = std::string(name.substr(0, dash)),
              .last = std::string(name.substr(dash + 1))};
  const bool range = postgres::is_segment_name(out.first) && postgres::is_segment_name(out.last) &&
                     postgres::timeline_of(out.first) == postgres::timeline_of(out.last) &&
                     out.first <= out.last;
  if (range || (out.first == out.last && postgres::is_archived_name(out.first)))
    return out;
  return std::nullopt;
}

std::optional<gap_change> widen_gaps(std::span<const wal_gap> gaps,
                                     std::span<const std::string> missing, uint64_t segment_bytes) {
  std::vector<std::string> left;
  std::ranges::copy_if(missing, std::back_inserter(left), [&](const auto& wal) {
    return std::ranges::none_of(gaps, [&](const auto& one) { return covers(one, wal); });
  });
  if (left.empty())
    return std::nullopt;
  std::ranges::sort(left);
  gap_change out{.to = {.first = left.front(), .last = left.front()}};
  if (!postgres::is_segment_name(left.front()) || !is_segment_size(segment_bytes))
    return out;
  const auto each = static_cast<uint32_t>(segment_bytes);
  for (const auto& wal : left)
    if (postgres::next_segment(out.to.last, each) == wal)
      out.to.last = wal;
  for (const auto& one : gaps) {
    if (!postgres::is_segment_name(one.first))
      continue;
    const bool behind = postgres::next_segment(one.last, each) == out.to.first;
    if (!behind && postgres::next_segment(out.to.last, each) != one.first)
      continue;
    out.from = one;
    out.to = behind ? wal_gap{one.first, out.to.last, one.since_s}
                    : wal_gap{out.to.first, one.last, one.since_s};
    return out;
  }
  return out;
}

} // namespace pgbraid::plan
