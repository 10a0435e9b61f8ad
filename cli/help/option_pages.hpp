// What help says about the values of options.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/option_row.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::cli {

/// What one value of a list of choices means; empty when that is not known.
/// @param command  some options take the same word for different things
std::string_view value_meaning(const config::option_row& row, std::string_view command,
                               std::string_view value);

/// How values of an option are written, in a sentence; empty where the list of its choices says
/// all.
/// @param allowed  the part of the row for the command
std::string value_format(const config::option_row& row, std::string_view allowed);

/// Values that the option takes, as they stand after `--name=` (without quotes for a shell).
/// @param allowed  the part of the row for the command
std::vector<std::string> value_examples(const config::option_row& row, std::string_view allowed);

} // namespace pgbraid::cli
