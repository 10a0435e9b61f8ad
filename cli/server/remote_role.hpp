// The serving side of a command.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/config/options.hpp"

namespace pgbraid::cli {

/// The serving side of any command, over standard input and output. Returns the exit status 0.
result<int> run_remote_role(const config::options& opts);

} // namespace pgbraid::cli
