// Where a resident archiver gets its socket from, and how it begins anew without losing a caller.
// Protocol of service managers: sd_listen_fds(3).
// SPDX-License-Identifier: MIT
#pragma once

#include "cli/archiver/archiver_socket.hpp"
#include "engine/base/result.hpp"
#include "engine/config/options.hpp"
#include "engine/io/unique_fd.hpp"

#include <string>
#include <vector>

namespace pgbraid::cli {

struct given_listener {
  io::unique_fd socket = {};
  bool own = true; ///< not the service manager's: its path goes when the server ends
};

/// The socket that this process was started with (`LISTEN_PID`, `LISTEN_FDS`), else a new one.
/// Fails as `listen_for_callers` and `check_given_socket`.
result<given_listener> find_listener(const archiver_place& place);

/// The files that this process was started from.
std::vector<std::string> program_files(const std::string& program);

/// Becomes the program as it is now, with the same words and variables, in this process. It gets
/// the socket, so that whoever connects meanwhile is only kept waiting. Comes back when that fails,
/// with `execute` (102).
error begin_anew(const config::options& opts, given_listener listener);

} // namespace pgbraid::cli
