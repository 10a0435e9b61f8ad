// What the WAL directory of a cluster says about answers in the spool.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgbraid::spool {

/// When a WAL file was written, since 1970; empty where there is none.
std::optional<int64_t> wal_written_ns(const std::string& wal_directory, std::string_view name);

/// Whether a WAL file was written after an answer about it was given: then it is not the file that
/// the answer is about. Not so where there is no such file (any more).
/// @param answered_ns  when the answer was written, since 1970
bool is_older_than_wal(int64_t answered_ns, const std::string& wal_directory,
                       std::string_view name);

/// Whether PostgreSQL waits for the file: it has a `.ready` in archive_status.
bool is_waiting(const std::string& wal_directory, std::string_view name);

} // namespace pgbraid::spool
