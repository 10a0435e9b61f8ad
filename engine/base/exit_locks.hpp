// Lock files that must go when a signal ends the process.
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace pgbraid {

/// Remembers a lock file that is open here, so that the signal handler removes it before it ends
/// the process, unless somebody else holds it by then. There are 64 places for paths of up to 1023
/// bytes; what does not fit is not remembered, and its lock then ends with the descriptor.
/// @param descriptor  stays open until it is forgotten
void remember_exit_lock(std::string_view path, int descriptor);
void forget_exit_lock(int descriptor);
/// Removes all remembered files that nobody else holds; safe in a signal handler.
void remove_exit_locks();

/// Whether this descriptor is of the file that has the name now; safe in a signal handler.
bool is_named(int descriptor, const char* path);

} // namespace pgbraid
