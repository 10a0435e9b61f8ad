// Termination signals: noted for those who can stop in an orderly way, else the end.
// SPDX-License-Identifier: MIT
#pragma once

namespace pgbraid::cli {

/// SIGTERM, SIGINT and SIGHUP set `stop_signal`; unless somebody polls it, the process prints
/// `terminated on signal SIGTERM` and ends at once with exit status 63 (term). A signal that comes
/// more than a second after the first always does that. SIGPIPE is ignored: closed pipes show up as
/// errors of writes.
void install_signal_handlers();

/// The exit status in place of 63, for who must not be taken for a command that failed.
void set_signal_status(int status);

/// The line about the signal, as printed when the process was stopped by it.
void print_stop_line(int signal_number);

} // namespace pgbraid::cli
