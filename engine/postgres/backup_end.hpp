// The record that ends a backup in the WAL: which backup it was.
// Source: engine/format/README.md, section 13.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/postgres/wal_name.hpp"

#include <cstddef>
#include <optional>

namespace pgbraid::postgres {

/// How many bytes the record takes.
inline constexpr size_t backup_end_bytes = 40;

/// Where the record of a backup that was stopped at `stop` begins. Nothing: it goes over the end of
/// a page, or of a segment, and is not in one piece.
std::optional<lsn> backup_end_location(lsn stop);

/// Whether these bytes are the record that ends a backup begun at `start`. WAL of another history
/// of the cluster, whatever its name, does not have it.
bool is_backup_end(byte_view record, lsn start);

} // namespace pgbraid::postgres
