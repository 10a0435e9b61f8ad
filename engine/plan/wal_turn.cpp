// Who may store a segment when several want to.
// SPDX-License-Identifier: MIT
#include "engine/plan/wal_turn.hpp"

#include <algorithm>

namespace pgbraid::plan {

wal_turn wal_turn_of(std::string_view checksum, std::span<const format::wal_entry> stored,
                     std::span<const format::wal_entry> under_way) {
  const auto is_other = [&](const format::wal_entry& one) { return one.checksum != checksum; };
  const auto goes_first = [&](const format::wal_entry& one) { return one.checksum < checksum; };
  if (std::ranges::any_of(stored, is_other))
    return wal_turn::taken;
  if (!stored.empty())
    return wal_turn::stored;
  if (std::ranges::any_of(under_way, goes_first))
    return wal_turn::second;
  return std::ranges::any_of(under_way, is_other) ? wal_turn::first : wal_turn::ours;
}

} // namespace pgbraid::plan
