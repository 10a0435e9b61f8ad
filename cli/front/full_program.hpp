// Becoming the full program.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <string>
#include <vector>

namespace pgbraid::cli {

/// Replaces this process by the full program with the same words; comes back only when that fails,
/// with `execute` (102).
/// @param argv   as this process got it
/// @param front  the real path of this program
/// @param more   `NAME=value`, besides the environment of this process
error become_full_program(char** argv, const std::string& front,
                          const std::vector<std::string>& more = {});

} // namespace pgbraid::cli
