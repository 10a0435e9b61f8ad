// Files in the peer's INI dialect.
// Source: engine/config/README.md, section 3.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/sources.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::config {

/// All keys of a file in their order. Fails with `format` and the line; a line that may hold a
/// secret is not repeated beyond its first word.
result<std::vector<file_entry>> parse_ini(std::string_view text);

} // namespace pgbraid::config
