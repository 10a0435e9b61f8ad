// How long who moves bytes has to wait, so that no more pass than a rate allows.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/clock.hpp"

#include <cstdint>

namespace pgbraid {

/// A bucket of tokens, one a byte, that fills at a steady rate up to a burst. Whoever takes more
/// than there is waits until it would have been there; who comes next waits behind. Only
/// arithmetic: it is told the time. Not thread-safe.
class rate_limit {
public:
  /// @param bytes_per_s  at least 1
  /// @param burst_bytes  what may pass at once after a rest; the bucket is full at first
  rate_limit(uint64_t bytes_per_s, uint64_t burst_bytes)
      : bytes_per_s_(bytes_per_s), burst_(time_of(burst_bytes)) {}

  /// Takes so many bytes. Returns how long to wait before they may pass, or before anything else is
  /// done when they have passed.
  monotonic::duration take(uint64_t bytes, monotonic::time_point now);

private:
  monotonic::duration time_of(uint64_t bytes) const;

  const uint64_t bytes_per_s_;
  const monotonic::duration burst_;
  /// When the bucket is full again.
  monotonic::time_point full_at_ = {};
};

} // namespace pgbraid
