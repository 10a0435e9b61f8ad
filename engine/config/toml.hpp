// Files in TOML: the same sections and keys as the INI dialect, with typed values.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/sources.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::config {

/// All keys of a file. Sections are tables: `[global]`, `[demo]`, `["demo:backup"]` or
/// `[demo.backup]`. Values: true and false, integers, strings (sizes and times too), arrays for
/// lists, tables for maps.
/// @param file  name for messages
/// Fails with `format` for bad syntax, `option_invalid` for an unknown name (with the nearest one),
/// `option_invalid_value` for a value of the wrong type; each names file, line and column, and none
/// repeats a value.
result<std::vector<file_entry>> parse_toml(std::string_view text, const std::string& file);

} // namespace pgbraid::config
