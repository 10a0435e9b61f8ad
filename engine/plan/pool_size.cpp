// The controller of a pool that sizes itself.
// SPDX-License-Identifier: MIT
#include "engine/plan/pool_size.hpp"

#include <algorithm>

namespace pgbraid::plan {

namespace {
constexpr double worthwhile = 1.03;
constexpr unsigned hold_after_step_back = 20;
} // namespace

pool_state next_pool_size(pool_state now, const pool_sample& seen, const pool_limits& within) {
  if (seen.seconds <= 0)
    return now;
  const double speed = static_cast<double>(seen.bytes) / seen.seconds;
  if (now.grew) {
    now.grew = false;
    if (speed < now.best_bytes_per_s * worthwhile && now.workers > within.min_workers) {
      --now.workers;
      now.hold_samples = hold_after_step_back;
      return now;
    }
  }
  if (now.hold_samples > 0) {
    --now.hold_samples;
    return now;
  }
  if (seen.work_waits && now.workers < within.max_workers) {
    now.best_bytes_per_s = speed;
    now.workers = std::min(within.max_workers, now.workers + std::max<size_t>(1, now.workers / 4));
    now.grew = true;
  }
  return now;
}

} // namespace pgbraid::plan
