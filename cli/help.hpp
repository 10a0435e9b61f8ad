// Help: what commands and options there are and how they are set.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/config/options.hpp"

#include <string>

namespace pgbraid::cli {

/// Help on everything, on one command, or on one option of it (the first parameter), 80 columns
/// wide. Secrets that are set show as `<redacted>`.
/// Fails with `option_invalid` for an option that the command does not have.
result<std::string> help_text(const config::options& opts);

/// `pgbraid 0.1.0` and a line feed, or with `--output=num` one number and nothing else.
std::string version_output(const config::options& opts);

} // namespace pgbraid::cli
