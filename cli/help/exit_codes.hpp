// What the exit codes mean.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace pgbraid::cli {

/// What an exit code means and what it may come from, in a line; empty for one that is never used.
std::string_view exit_code_meaning(int code);

/// The page `help exit-codes`.
std::string exit_codes_page();

} // namespace pgbraid::cli
