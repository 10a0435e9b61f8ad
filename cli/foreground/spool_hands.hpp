// What the options say of the way through the spool.
// SPDX-License-Identifier: MIT
#pragma once

#include "cli/spool/foreground.hpp"
#include "engine/base/result.hpp"
#include "engine/config/options.hpp"

#include <functional>
#include <string>

namespace pgbraid::cli {

/// Whether this process asks the spool: not where the front of the program asked it before.
bool asks_spool(const config::options& opts);

/// @param directory  of the spool, for this stanza and direction
foreground_settings foreground_of(const config::options& opts, std::string directory);

/// @param here  does the command in this process; used while `opts` is there
foreground_hands hands_of(const config::options& opts, std::function<result<int>()> here);

/// Starts the resident archiver of the stanza, and does not wait for it.
result<void> start_archiver(const config::options& opts);

} // namespace pgbraid::cli
