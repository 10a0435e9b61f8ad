// A process that goes on when the command that started it is over.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <string>
#include <vector>

namespace pgbraid::cli {

/// Starts the program in a session of its own, with no descriptor of ours, in the directory `/`. It
/// is nobody's child, and no signal for this process or its group reaches it.
/// @param argv         the path of the program, and its arguments
/// @param environment  `NAME=value`
/// Fails with `execute` (102) when it cannot be started.
result<void> start_in_background(const std::vector<std::string>& argv,
                                 const std::vector<std::string>& environment);

} // namespace pgbraid::cli
