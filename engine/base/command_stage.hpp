// How far the command of this process has come, for the line that a signal leaves.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>

namespace pgbraid {

/// Written by whoever takes the next step, read by a signal handler.
struct command_stage {
  std::atomic<const char*> doing{nullptr}; ///< `copying files`; text that lives as long as we do
  std::atomic<uint64_t> done_bytes{0};
  std::atomic<uint64_t> total_bytes{0}; ///< 0 where bytes say nothing

  /// The next step begins.
  void enter(const char* what) {
    total_bytes = 0;
    done_bytes = 0;
    doing = what;
  }
};

inline command_stage the_command_stage;

} // namespace pgbraid
