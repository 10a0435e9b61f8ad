// What the archives have of the WAL that a restored cluster needs.
// SPDX-License-Identifier: MIT
#pragma once

#include "cli/command/restore_source.hpp"

namespace pgbraid::cli {

/// Option restore-check: a doubt that refuses the restore, or a WARN.
/// @param what  with the hint for those who are refused
result<void> refuse_or_warn(const config::options& opts, const error& what);

/// Looks through the archives of all repositories that recovery will ask. WARN where recovery will
/// not get as far as it was asked to. When the backup was made with archive-check and its own WAL
/// is not there: `file_missing` (55), or a WARN, as option restore-check says. Only reads.
/// @returns how many warnings there were
result<size_t> check_wal(const config::options& opts, const restore_source& source);

} // namespace pgbraid::cli
