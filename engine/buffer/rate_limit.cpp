// The bucket as the moment when it is full again.
// SPDX-License-Identifier: MIT
#include "engine/buffer/rate_limit.hpp"

#include <algorithm>
#include <cassert>

namespace pgbraid {

monotonic::duration rate_limit::time_of(uint64_t bytes) const {
  assert(bytes_per_s_ > 0);
  const std::chrono::duration<double> seconds(static_cast<double>(bytes) /
                                              static_cast<double>(bytes_per_s_));
  return std::chrono::round<monotonic::duration>(seconds);
}

monotonic::duration rate_limit::take(uint64_t bytes, monotonic::time_point now) {
  full_at_ = std::max(full_at_, now) + time_of(bytes);
  return std::max(full_at_ - burst_ - now, monotonic::duration::zero());
}

} // namespace pgbraid
