// Completion of command lines.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace pgbraid::cli {

/// The page `help completion`: a script for bash that completes commands, their options, and words
/// that options take. Made of the tables of commands and options alone.
std::string completion_script();

} // namespace pgbraid::cli
