// The two clocks: one that never goes back, and the one on the wall.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>

namespace pgbraid {

/// Milliseconds of a clock that only goes forward; for durations and deadlines.
inline int64_t monotonic_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}
/// Milliseconds since 1970-01-01 00:00 UTC; for what is written down and shown.
inline int64_t wall_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}
/// Seconds since 1970-01-01 00:00 UTC.
inline int64_t wall_s() {
  return wall_ms() / 1000;
}

} // namespace pgbraid
