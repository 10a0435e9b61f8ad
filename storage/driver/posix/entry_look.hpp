// What the system says of an entry of a directory.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "storage/driver/posix/posix_root.hpp"
#include "storage/storage.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::posix {

/// What there is below an open directory, or the open file itself; of a link, where it leads.
/// @param flags  of fstatat
/// @return 0 or errno
int look_at(int fd, const char* name, int flags, entry_info& info);

/// As of `storage::info`.
result<std::optional<entry_info>> look_at_path(posix_root& root, std::string_view path);
/// As of `storage::many_infos`: a directory is opened once for all in a row.
result<std::vector<std::optional<entry_info>>> look_at_paths(posix_root& root,
                                                             std::span<const std::string> paths);

} // namespace pgbraid::posix
