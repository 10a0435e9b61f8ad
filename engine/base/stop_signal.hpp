// The signal that asked this process to stop, if any.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>

namespace pgbraid {

/// Number of the first termination signal, 0 while there was none. Written by the signal handler
/// (cli/frame/signals.cpp); read by whoever can stop in an orderly way.
inline std::atomic<int> stop_signal{0};
/// How many poll `stop_signal`. While somebody does, the handler only notes the signal.
inline std::atomic<int> stop_pollers{0};

/// While one of these exists somebody polls `stop_signal`. They may be nested, and threads may have
/// them whose lives overlap in any order.
class polled_signals {
public:
  polled_signals() { ++stop_pollers; }
  ~polled_signals() { --stop_pollers; }
  polled_signals(const polled_signals&) = delete;
  polled_signals& operator=(const polled_signals&) = delete;
};

inline bool stop_is_polled() {
  return stop_pollers > 0;
}

/// Whether whoever waits should give up: there was a signal, and it was only noted.
inline bool should_stop() {
  return stop_is_polled() && stop_signal != 0;
}

} // namespace pgbraid
