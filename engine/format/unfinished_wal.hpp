// The names WAL segments have while they are being stored.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/wal_entry.hpp"

#include <optional>
#include <string_view>

namespace pgbraid::format {

/// The entry that a temporary name is for, whether its writer is at work or gone:
/// `<entry>.<16 hex>.pgbackrest.tmp`, and without the digits, as others write it. Empty when the
/// name is something else.
std::optional<wal_entry> parse_unfinished_wal_entry(std::string_view file_name);

} // namespace pgbraid::format
