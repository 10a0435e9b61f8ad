// Help: what commands and options there are and how they are set.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/config/options.hpp"

#include <string>
#include <string_view>

namespace pgbraid::cli {

/// Help on everything, on one command, or on one option of it (the first parameter), 80 columns
/// wide. Secrets that are set show as `<redacted>`.
/// Fails with `option_invalid` for an option that the command does not have.
result<std::string> help_text(const config::options& opts);

/// `pgbraid 0.1.0 (compatible with pgBackRest 2.60.0)` and a line feed, or with `--output=num` one
/// number and nothing else.
/// @param as_peer  answer what the peer would: tools ask it for the version they can work with
std::string version_output(const config::options& opts, bool as_peer);

/// Whether the program was called by the peer's name: a link of that name for the tools that use
/// it.
/// @param called_as  the first word of the command line
bool called_as_peer(std::string_view called_as);

} // namespace pgbraid::cli
