// Termination signals: noted for those who can stop in an orderly way, else the end.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/log.hpp"

namespace pgbraid::cli {

/// SIGTERM, SIGINT and SIGHUP set `stop_signal`; unless somebody polls it, the process prints
/// `terminated on signal SIGTERM` and ends at once with exit status 63 (term). A signal that comes
/// more than a second after the first always does that. SIGPIPE is ignored: closed pipes show up as
/// errors of writes.
void install_signal_handlers();

/// The exit status in place of 63, for who must not be taken for a command that failed.
void set_signal_status(int status);

/// Names the command whose end line a signal leaves in the log file.
/// @param command  lives as long as the process
/// @param at       level of its begin and end lines
void note_running(const char* command, log::level at);

/// What is said when a command was stopped by a signal: the bare line on the console, and in the
/// log file the end line with how far it came (`engine/base/command_stage.hpp`).
void say_stopped(int signal_number);

} // namespace pgbraid::cli
