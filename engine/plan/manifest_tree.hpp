// Whether the entries of a manifest form a tree that can be restored safely.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"

#include <string>
#include <string_view>

namespace pgbraid::plan {

inline constexpr std::string_view control_file_name = "pg_data/global/pg_control";
/// What follows its name until a restore is complete.
inline constexpr std::string_view control_file_suffix = ".pgbackrest.tmp";
inline constexpr std::string_view control_file_temporary =
    "pg_data/global/pg_control.pgbackrest.tmp";
/// Left in PGDATA while a restore is under way.
inline constexpr std::string_view restore_marker = "backup.manifest";

/// Checks that every file, path and link has its directory in the manifest, that no name is two
/// things, and that links and targets belong together: otherwise a file could be written through a
/// link to anywhere. Nothing may have the name that a restore uses for pg_control on the way. Fails
/// with `format` (29) and names the entry.
result<void> check_manifest_tree(const format::manifest& of);

/// The only directory in a tablespace location that belongs to the backup's cluster.
std::string tablespace_directory_of(const format::manifest& of);

} // namespace pgbraid::plan
