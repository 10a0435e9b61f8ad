// Relative paths as all storage drivers accept them.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/path.hpp"
#include "engine/base/result.hpp"

#include <string_view>

namespace pgbraid {

/// Refuses (param_invalid) absolute paths, empty, `.` and `..` segments, NUL, and paths over 4095
/// bytes. "" is the root and passes.
result<void> check_storage_path(std::string_view path);

} // namespace pgbraid
