// A program that runs beside us, with pipes to its standard input and output.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/io/unique_fd.hpp"

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace pgbraid::net {

/// Owns the child: the destructor ends and reaps it. It inherits no descriptor besides its standard
/// ones, and it ignores SIGINT, so that a key press at the terminal leaves the orderly end to us.
class child_process {
public:
  /// @param argv  the program (looked for in PATH) and its arguments
  /// Fails with `execute` (102) when it cannot be started.
  static result<child_process> start(const std::vector<std::string>& argv);

  child_process(child_process&& other) noexcept;
  child_process& operator=(child_process&&) = delete;
  ~child_process();

  io::unique_fd to_child = {};   ///< its standard input
  io::unique_fd from_child = {}; ///< its standard output

  /// Its status as of waitpid once it ended; waits at most this long.
  std::optional<int> wait(std::chrono::milliseconds limit);
  /// Waits for its end, helps with SIGTERM and then SIGKILL; takes three seconds at most.
  void end();
  /// What it wrote to standard error so far: the first 64 KiB.
  std::string said() const;

private:
  child_process() = default;

  pid_t pid_ = -1; ///< -1 once it is reaped
  int status_ = 0;
  io::unique_fd errors_ = {};
};

} // namespace pgbraid::net
