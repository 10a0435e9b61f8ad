// The signal that asked this process to stop, if any.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>

namespace pgbraid {

/// Number of the first termination signal, 0 while there was none. Written by the signal handler
/// (cli/signals.cpp); read by whoever can stop in an orderly way.
inline std::atomic<int> stop_signal{0};
/// While true, the handler only notes the signal, because somebody polls `stop_signal`.
inline std::atomic<bool> stop_is_polled{false};

} // namespace pgbraid
