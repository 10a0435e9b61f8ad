// The numbers of workers, and the controller of a pool that sizes itself.
// SPDX-License-Identifier: MIT
#include "engine/plan/pool_size.hpp"

#include <algorithm>

namespace pgbraid::plan {

namespace {
constexpr double worthwhile = 1.03;
constexpr unsigned hold_after_step_back = 20;
} // namespace

worker_counts count_workers(const worker_wish& wanted) {
  worker_counts out;
  out.cores = std::max<size_t>(1, wanted.cores);
  out.fixed = wanted.process_max;
  out.workers = std::max<size_t>(1, wanted.process_max.value_or(out.cores));
  out.repository_users = wanted.takes_many ? out.workers : 1;
  out.served = std::min(out.workers, out.cores * served_per_core);
  const auto links = std::min<size_t>(out.workers, links_max);
  out.further_links = static_cast<unsigned>(links - 1);
  out.workers_per_link = static_cast<uint32_t>((out.workers + links - 1) / links);
  out.log_digits = wanted.process_max.value_or(0) > 99 ? 3 : 2;
  return out;
}

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
