// The line of the log that may still be written when nothing else may.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/log.hpp"

#include <string_view>

namespace pgbraid::log {

/// One line into the log file alone: safe in a signal handler, takes no lock.
/// @param text  without line feeds, and nothing in it comes from outside
void last_line(level at, std::string_view text);

} // namespace pgbraid::log
