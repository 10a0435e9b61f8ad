// Making paths with all that leads to them.
// SPDX-License-Identifier: MIT
#pragma once

#include "storage/driver/posix/posix_root.hpp"

#include <cstdint>

namespace pgbraid::posix {

/// Makes a path and its parents, the root and what is above it, too, with exactly this mode. What
/// exists is left alone.
/// @param sync  so that the names are durable, where paths can be synced
result<void> make_paths(posix_root& root, std::string_view path, uint32_t mode, bool sync);

} // namespace pgbraid::posix
