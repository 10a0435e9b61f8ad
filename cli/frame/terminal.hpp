// What somebody at a terminal is told.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/options.hpp"

#include <string>

namespace pgbraid::cli {

/// One line for somebody who waits at a terminal, when a command did what it was told and the log
/// on the console says nothing of it. Scripts, pipes and files get nothing.
void tell_terminal(const config::options& opts, const std::string& line);

} // namespace pgbraid::cli
