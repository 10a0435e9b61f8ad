// Becoming the full program.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <string>

namespace pgbraid::cli {

/// Replaces this process by the full program with the same words and the environment of this
/// process; comes back only when that fails, with `execute` (102).
/// @param argv   as this process got it
/// @param front  the real path of this program
error become_full_program(char** argv, const std::string& front);

} // namespace pgbraid::cli
