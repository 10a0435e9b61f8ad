// What the options say of the way through the spool.
// SPDX-License-Identifier: MIT
#pragma once

#include "cli/spool/foreground.hpp"
#include "engine/base/result.hpp"
#include "engine/config/options.hpp"

#include <functional>
#include <string>

namespace pgbraid::cli {

/// @param directory  of the spool, for this stanza and direction
foreground_settings foreground_of(const config::options& opts, std::string directory);

/// @param here  does the command in this process; used while `opts` is there
foreground_hands hands_of(const config::options& opts, std::function<result<int>()> here);

/// The work of a background process, under its locks. What fails is told to those who wait as a
/// global error in `directory` of the spool, but for a lock that others hold and the end by a
/// signal.
result<int> run_in_background(const config::options& opts, const std::string& directory,
                              const std::function<result<void>()>& work);

} // namespace pgbraid::cli
