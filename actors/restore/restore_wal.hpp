// What the archives have of the WAL that a restored cluster needs.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/restore/restore.hpp"
#include "actors/restore/restore_source.hpp"

#include <cstddef>
#include <vector>

namespace pgbraid {

/// Looks through the archives of all repositories that recovery will ask. WARN where recovery will
/// not get as far as it was asked to. When the backup was made with archive-check and its own WAL
/// is not there: `file_missing` (55), or a WARN, as the request says. Only reads.
/// @returns how many warnings there were
result<size_t> check_wal(const restore_request& wanted,
                         const std::vector<repository_door>& archives,
                         const restore_source& source);

} // namespace pgbraid
