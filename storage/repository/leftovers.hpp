// Files that writers who were killed left behind.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/repository/repository.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace pgbraid {

/// Removes what has a temporary name for more than a day, where nobody else does: beside the info
/// files, the history files and the manifests in backup.history. (Those of segments go with the
/// next push, or with their segment; those of backups with the backup.)
/// @param now_s  the time; that of the storage may differ a little
/// Returns the paths that are gone.
result<std::vector<std::string>> remove_leftovers(repository& from, int64_t now_s);

} // namespace pgbraid
