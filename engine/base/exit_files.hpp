// Files that must go when a signal ends the process.
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace pgbraid {

/// Remembers a file (a lock) that the signal handler removes before it ends the process. There are
/// 64 places for paths of up to 1023 bytes; what does not fit is not remembered, and its lock then
/// ends with the descriptor.
void remember_exit_file(std::string_view path);
void forget_exit_file(std::string_view path);
/// Removes all remembered files; safe in a signal handler.
void remove_exit_files();

} // namespace pgbraid
