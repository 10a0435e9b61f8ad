// How many bytes of a session may be under way.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace pgbraid::sftp {

/// Twice what the way between the hosts holds (its rate times its round trip, both measured on the
/// requests themselves), within limits: enough to keep the way full, not so much that memory fills
/// up with what waits.
class flow_window {
public:
  using clock = monotonic;
  /// What was known when a request left.
  struct departure {
    clock::time_point at;
    uint64_t delivered_bytes = 0;
  };

  flow_window(size_t least_bytes, size_t most_bytes)
      : least_bytes_(least_bytes), most_bytes_(most_bytes), bytes_(least_bytes) {}

  /// Before anything was measured: takes the way for one of 10 MB/s.
  void begin(std::chrono::microseconds round_trip);
  departure leave(clock::time_point now) const { return {now, delivered_bytes_}; }
  /// The request's answer came; it carried so much, in either direction.
  /// @param was_full  since it left somebody found no room. Otherwise the way was not asked for
  ///                  what it can do, which is no reason to think less of it.
  void arrive(const departure& of, size_t bytes, clock::time_point now, bool was_full);
  size_t bytes() const { return bytes_; }

private:
  size_t fitting(double rate, double round_trip_s) const;

  const size_t least_bytes_;
  const size_t most_bytes_;
  size_t bytes_;
  uint64_t delivered_bytes_ = 0;
  double rate_ = 0;         ///< bytes a second, the best of late
  double round_trip_s_ = 0; ///< the shortest; 0 before the first
};

} // namespace pgbraid::sftp
