// From options to the command that they are for.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/options.hpp"

namespace pgbraid::cli {

/// Runs the command of `opts` and logs how it ended. Returns the exit status.
int run_command(config::options opts);

} // namespace pgbraid::cli
