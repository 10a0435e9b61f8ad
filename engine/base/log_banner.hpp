// The banner that a process begins its lines of a log file with.
// SPDX-License-Identifier: MIT
#pragma once

namespace pgbraid::log {

/// There are lines of this process in the file that was opened: what comes now follows them.
void skip_banner();

} // namespace pgbraid::log
