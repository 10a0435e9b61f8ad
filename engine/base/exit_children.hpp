// Child processes that must go when a signal ends the process.
// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

namespace pgbraid {

/// Remembers a child (an ssh client) that the signal handler ends before it ends the process. There
/// are 256 places; a child that finds none ends when it notices that nobody reads from it any more.
void remember_exit_child(pid_t child);
/// Before the child is reaped, so that its number cannot have a new owner yet.
void forget_exit_child(pid_t child);
/// Sends SIGTERM to all remembered children; safe in a signal handler.
void end_exit_children();

} // namespace pgbraid
