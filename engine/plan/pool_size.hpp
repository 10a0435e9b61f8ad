// How many workers a pool that sizes itself should run next.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

namespace pgbraid::plan {

struct pool_limits {
  size_t min_workers = 1;
  size_t max_workers = 1;
};

/// What the controller remembers between samples.
struct pool_state {
  size_t workers = 1;
  double best_bytes_per_s = 0; ///< seen with fewer workers, before the last growth
  bool grew = false;           ///< the last change was a growth that has not been judged yet
  unsigned hold_samples = 0;   ///< samples to wait before the next growth
};

/// One sample: bytes moved since the last one.
struct pool_sample {
  uint64_t bytes = 0;
  double seconds = 0;
  /// Tasks wait for a worker; without them more workers cannot help.
  bool work_waits = true;
};

/// Grows while growing pays, steps back over the knee, and then holds for a while.
/// A growth must bring 3 % more throughput to stay.
pool_state next_pool_size(pool_state now, const pool_sample& seen, const pool_limits& within);

} // namespace pgbraid::plan
