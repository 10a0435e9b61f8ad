// Whether the entries of a manifest form a tree that can be restored safely.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"

#include <string>

namespace pgbraid::plan {

/// Checks that every file, path and link has its directory in the manifest, that no name is two
/// things, and that links and targets belong together: otherwise a file could be written through a
/// link to anywhere. Fails with `format` (29) and names the entry.
result<void> check_manifest_tree(const format::manifest& of);

/// The only directory in a tablespace location that belongs to the backup's cluster.
std::string tablespace_directory_of(const format::manifest& of);

} // namespace pgbraid::plan
