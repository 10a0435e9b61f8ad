// How to write in TOML what was meant.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/option_row.hpp"

#include <string>
#include <string_view>

namespace pgbraid::config {

/// What to change in a line that is no TOML, as a hint; most were typed as in the peer's INI files.
/// Repeats no value of the line. Empty when the mistake is none of the usual ones.
std::string toml_cure(std::string_view line);

/// How the value of an option of this type is written, as a hint: `start-fast = true`.
/// @param name  as the user wrote it
std::string toml_example(std::string_view name, option_type type);

} // namespace pgbraid::config
