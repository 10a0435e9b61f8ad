// What the commands that PostgreSQL waits for know and can do when WAL is archived asynchronously.
// Source: cli/command/README.md, sections 4.2 and 6.5.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/io/lock_file.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace pgbraid::cli {

struct foreground_settings {
  std::string directory;             ///< of the spool, for this stanza and direction
  std::chrono::milliseconds timeout; ///< archive-timeout
  std::string timeout_text;          ///< the same as a user wrote it
  std::string background_log;        ///< path of the log file of the background process
  io::lock_request locks;            ///< the archive locks of all repositories
};

/// What others do for the foreground.
struct foreground_hands {
  /// Starts the background process with this parameter, and does not wait for it.
  std::function<result<void>(const std::string& parameter)> start;
  /// Does the whole command in this process, as if nothing was asynchronous; returns its status.
  std::function<result<int>()> here;
};

} // namespace pgbraid::cli
