// What surrounds a command: log file, begin line, checks, end line, exit status.
// Source of the order: cli/command/README.md, section 1.1.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/log.hpp"
#include "engine/base/result.hpp"
#include "engine/config/options.hpp"

namespace pgbraid::cli {

/// The log settings that the options ask for.
log::settings log_settings(const config::options& opts);

/// Umask and priority, as the options ask for them.
result<void> prepare_process(const config::options& opts);

using run_function = result<int> (*)(const config::options&);

/// Runs a command between its begin and end line. Returns the exit status. One that was begun
/// (`continued.hpp`) has its begin line in the log already.
/// @param run    what it does; gets the options once they are checked
/// @param leave  lets go of what it has on other hosts; called before the end line, and after what
///               went wrong was said
int run_framed(
    config::options opts, run_function run, void (*leave)() = [] {});

/// Runs another command of this program within the current one, on the same sources and under the
/// same locks (expire after backup). The current one has done its work well: its end line is logged
/// first, then the other one has its own log file, begin and end line.
/// @param run  what the other one does when it follows
result<int> run_follow_up(const config::options& opts, config::command_id other, run_function run);

} // namespace pgbraid::cli
