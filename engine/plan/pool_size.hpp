// How many work at the same time: at most, and next in a pool that sizes itself.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace pgbraid::plan {

/// What the number of those who work at the same time follows from.
struct worker_wish {
  /// Of this machine; 0 where the system does not say.
  size_t cores = 0;
  /// `process-max`, where it is given.
  std::optional<size_t> process_max = {};
  /// The command takes `process-max`; others do one thing after the other.
  bool takes_many = true;
};

struct worker_counts {
  size_t cores = 1;
  /// Set: exactly so many. Empty: a pool sizes itself, up to `workers`.
  std::optional<size_t> fixed = {};
  /// At the same time, at most.
  size_t workers = 1;
  /// That use one repository at the same time.
  size_t repository_users = 1;
  /// On behalf of another host, whose wish it is, within what makes sense here.
  size_t served = 1;
  /// Connections to another host besides the main one, which takes its part.
  unsigned further_links = 0;
  /// Of another host, for each connection to it: all together have as many as here.
  uint32_t workers_per_link = 1;
  /// Digits of a worker's number in the log.
  unsigned log_digits = 2;
};

/// Connections to one host, with the main one. More do not help: each has a cipher thread of its
/// own at both ends.
inline constexpr unsigned links_max = 8;
/// Workers for another host, for each core here.
inline constexpr size_t served_per_core = 4;

/// The one decision about workers.
worker_counts count_workers(const worker_wish& wanted);

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
