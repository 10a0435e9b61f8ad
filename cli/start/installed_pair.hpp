// The two programs of an installation, and where each finds the other.
// Source: ARCHITECTURE.md, "Decisions".
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace pgbraid::cli {

/// The real path of the program that runs, without /proc, too.
std::string running_program();

/// Where the full program of a front lies, whether it is there or not.
std::string full_program_of(const std::string& front);

/// The program that users call, and that commands for other processes name: the front of a full
/// program that is installed, with its front in its place; else that program itself.
std::string program_for_users(const std::string& full);

} // namespace pgbraid::cli
