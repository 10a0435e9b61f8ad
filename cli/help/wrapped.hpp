// Text in lines of 80 columns.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pgbraid::cli {

/// The words of `text` in lines of at most 80 columns; words longer than a line are broken.
/// @param column  where the first line begins
/// @param indent  blanks before each other line
std::string wrapped(std::string_view text, size_t column, size_t indent);

} // namespace pgbraid::cli
