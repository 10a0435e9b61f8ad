// A WAL file on its way into the journal of a repository.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/base/wal_location.hpp"
#include "engine/plan/journal_entry.hpp"
#include "storage/journal/wal_journal.hpp"
#include "storage/storage.hpp"

#include <optional>

namespace pgbraid {

/// What became of a file that was to be kept.
struct journal_copy {
  std::optional<plan::journal_entry> kept = {}; ///< durable; none: there is a gap
  bool new_gap = false;                         ///< which begins with this file
  std::optional<error> why = {};                ///< of the gap; none: the limit is reached
};

/// Copies a file into a journal, or notes that the repository will not get it: one of both is
/// durable when this returns. Fails when the file cannot be read, and with `command` (104) when
/// nothing can be written: then PostgreSQL must keep it.
/// @param from  rooted in the directory of the file
result<journal_copy> keep_for_later(journal::wal_journal& to, storage& from,
                                    const wal_location& wal);

} // namespace pgbraid
