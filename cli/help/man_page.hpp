// The manual page.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace pgbraid::cli {

/// The page `help man-page`, for troff with its macros `an`: commands, options, exit codes. Made of
/// the tables that `help` shows.
std::string man_page();

} // namespace pgbraid::cli
