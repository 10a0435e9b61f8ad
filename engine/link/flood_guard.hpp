// Notices a peer that keeps us busy with frames that move nothing.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace pgbraid::link {

/// A bucket of tokens: each frame without use takes one, time and moved bytes bring some back. An
/// honest peer stays far from its end.
class flood_guard {
public:
  using clock = monotonic;

  explicit flood_guard(clock::time_point now) : filled_at_(now) {}
  /// False when there were too many.
  bool spend(clock::time_point now) {
    const std::chrono::duration<double> passed = now - filled_at_;
    filled_at_ = now;
    tokens_ = std::min(tokens_ + passed.count() * frames_per_second, burst_frames) - 1;
    return tokens_ >= 0;
  }
  void earn(size_t moved_bytes) {
    tokens_ = std::min(tokens_ + static_cast<double>(moved_bytes) / bytes_per_frame, burst_frames);
  }

private:
  static constexpr double burst_frames = 10000;
  static constexpr double frames_per_second = 1000;
  static constexpr double bytes_per_frame = 4096;
  double tokens_ = burst_frames;
  clock::time_point filled_at_;
};

} // namespace pgbraid::link
