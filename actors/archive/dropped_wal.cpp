// WAL that is given up because too much of it waits.
// SPDX-License-Identifier: MIT
#include "actors/archive/dropped_wal.hpp"

#include "engine/base/log.hpp"
#include "engine/base/units.hpp"
#include "engine/postgres/wal_name.hpp"

#include <algorithm>

namespace pgbraid {

std::string drop_wal(const push_ends& between, std::string_view name, uint64_t segment_bytes,
                     uint64_t queue_max) {
  for (auto journal : between.journals)
    if (auto noted = journal.note_gap(name, segment_bytes); !noted)
      log::detail("that WAL file '{}' is missing cannot be noted in '{}': {}", name,
                  journal.shown(), noted.failure().message);
  return fmt::format("dropped WAL file '{}' because archive queue exceeded {}", name,
                     format_size(queue_max));
}

uint64_t segment_bytes_of(const push_ends& between, const std::vector<std::string>& names) {
  const auto one = std::ranges::find_if(names, postgres::is_segment_or_partial_name);
  if (one == names.end())
    return 0;
  const auto about = between.wal->info(*one);
  return about && *about ? (*about)->size_bytes : 0;
}

} // namespace pgbraid
