// Cleaning the directory of a backup that is gone on with.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"
#include "storage/repository/repository.hpp"

#include <string_view>
#include <vector>

namespace pgbraid {

/// Removes everything from the directory of a backup but what holds a file of the manifest that has
/// a checksum and refers to no other backup, the manifest's copy, and the paths that the backup
/// will have. What is written after that is written into new files, whoever still holds old ones.
/// @param tree   all that is in the directory (`storage::list_tree`)
/// @param spare  what the names of files begin with that come and go meanwhile
result<void> clean_resumed(repository& in, const format::manifest& of,
                           const std::vector<entry>& tree, std::string_view spare);

} // namespace pgbraid
