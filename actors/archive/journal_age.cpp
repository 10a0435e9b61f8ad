// WAL that waited too long for its repository.
// SPDX-License-Identifier: MIT
#include "actors/archive/journal_age.hpp"

#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/postgres/wal_name.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace pgbraid {

namespace {

/// First the marker: so nothing is ever missing without one.
result<void> make_gap(journal::wal_journal& in, const std::vector<plan::journal_entry>& old) {
  std::vector<std::string> names;
  uint64_t segment_bytes = 0;
  for (const auto& one : old) {
    names.push_back(one.wal);
    if (postgres::is_segment_name(one.wal))
      segment_bytes = one.size_bytes;
  }
  if (auto noted = in.note_gap(names, segment_bytes); !noted)
    return noted.failure();
  for (const auto& one : old)
    if (auto gone = in.forget(one); !gone)
      return gone;
  return success();
}

} // namespace

void give_up_old(const journaled_door& of, std::string_view under_way) {
  if (!of.max_age_s)
    return;
  auto journal = of.journal;
  const auto there = journal.look();
  if (!there)
    return log::detail("{}", there.failure().message);
  auto old = plan::outlived(there->waiting, wall_s(), *of.max_age_s);
  std::erase_if(old, [&](const auto& one) { return one.wal == under_way; });
  if (old.empty())
    return;
  if (auto made = make_gap(journal, old); !made) // The next one tries it again.
    return log::detail("{}", made.failure().message);
  log::warn("repo{} will have a gap: {} WAL file(s) from '{}' to '{}' waited longer for it than "
            "archive-journal-max-age allows\n"
            "HINT: a backup that is made there after the gap does not need what is missing.",
            of.door.key, old.size(), old.front().wal, old.back().wal);
}

} // namespace pgbraid
