// How large segments are, where no cluster is there to say it.
// SPDX-License-Identifier: MIT
#include "engine/plan/segment_size.hpp"

#include "engine/plan/restore_wal.hpp"
#include "engine/postgres/wal_name.hpp"

namespace pgbraid::plan {

namespace {

constexpr uint32_t smallest_bytes = uint32_t{1} << 20;
constexpr uint32_t largest_bytes = uint32_t{1} << 30;

} // namespace

std::vector<uint32_t> segment_sizes() {
  std::vector<uint32_t> out;
  for (auto bytes = smallest_bytes; bytes <= largest_bytes; bytes *= 2)
    out.push_back(bytes);
  return out;
}

bool segment_fits(const std::string& segment, const std::optional<std::string>& at,
                  uint32_t segment_bytes) {
  const auto part = archived_segment_of(segment, 0);
  if (part.number >= log_bytes / segment_bytes)
    return false;
  const auto lsn = postgres::parse_lsn(at.value_or(""));
  if (!lsn)
    return true;
  // A location on a border belongs to the segment before it, for those who ask for the end.
  for (const auto location : {*lsn, *lsn == 0 ? 0 : *lsn - 1})
    if (postgres::segment_name(part.timeline, location, segment_bytes) == segment)
      return true;
  return false;
}

std::optional<uint32_t> segment_size_of(const format::backup_info& backups, uint64_t history_id) {
  auto left = segment_sizes();
  bool any = false;
  for (const auto& one : backups.backups) {
    if (one.history_id != history_id || !one.lsn_start || !one.archive_start ||
        !postgres::is_segment_name(*one.archive_start))
      continue;
    any = true;
    std::erase_if(left, [&](uint32_t bytes) {
      return !segment_fits(*one.archive_start, one.lsn_start, bytes);
    });
  }
  return any && left.size() == 1 ? std::optional(left.front()) : std::nullopt;
}

} // namespace pgbraid::plan
