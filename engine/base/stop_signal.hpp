// The signal that asked this process to stop, if any.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>

namespace pgbraid {

/// Number of the first termination signal, 0 while there was none. Written by the signal handler
/// (cli/frame/signals.cpp); read by whoever can stop in an orderly way.
inline std::atomic<int> stop_signal{0};
/// While true, the handler only notes the signal, because somebody polls `stop_signal`.
inline std::atomic<bool> stop_is_polled{false};

/// While one of these exists somebody polls `stop_signal`. They may be nested.
class polled_signals {
public:
  polled_signals() = default;
  ~polled_signals() { stop_is_polled = before_; }
  polled_signals(const polled_signals&) = delete;
  polled_signals& operator=(const polled_signals&) = delete;

private:
  const bool before_ = stop_is_polled.exchange(true);
};

/// Whether whoever waits should give up: there was a signal, and it was only noted.
inline bool should_stop() {
  return stop_is_polled && stop_signal != 0;
}

} // namespace pgbraid
