// Which names the entries of a manifest may have: they become paths.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <cstdint>
#include <string_view>

namespace pgbraid::format {

enum class entry_place : uint8_t { file, path, link };

/// Whether a line of an info file can begin with `key`: it is not empty and ends with its line.
/// Whatever else it holds (`=`, `[`, quotes) is found again, since a JSON value follows.
bool is_line_key(std::string_view key);

/// Whether a manifest can name an entry like that. A writer leaves out what it cannot name.
bool is_entry_name(std::string_view name, entry_place place);

/// Refuses names with empty, `.` or `..` segments, NUL or LF, segments over 255 bytes, and anything
/// that is not below `pg_data` or `pg_tblspc/<oid>` (paths may be these themselves).
/// Fails with `format` (29) and names the entry.
result<void> check_entry_name(std::string_view name, entry_place place);

/// Whether text is a PostgreSQL version as repositories write it: `15`, `9.6`.
bool is_version(std::string_view text);

} // namespace pgbraid::format
