// The pool controller: grows while growing pays.
// SPDX-License-Identifier: MIT
#include "engine/plan/pool_size.hpp"

#include <doctest/doctest.h>

using namespace pgbraid::plan;

namespace {

/// Throughput of a machine on which `useful` workers help.
pool_state run(size_t useful, size_t samples, const pool_limits& limits) {
  pool_state now{.workers = limits.min_workers};
  for (size_t i = 0; i < samples; ++i) {
    const auto busy = now.workers < useful ? now.workers : useful;
    now = next_pool_size(now, {.bytes = busy * 1000000, .seconds = 0.1}, limits);
    CHECK(now.workers >= limits.min_workers);
    CHECK(now.workers <= limits.max_workers);
  }
  return now;
}

} // namespace

TEST_CASE("pool size: grows to the ceiling while every worker helps") {
  CHECK(run(8, 30, {1, 8}).workers == 8);
}

TEST_CASE("pool size: finds the knee and stays near it") {
  const auto end = run(3, 60, {1, 16});
  CHECK(end.workers >= 3);
  CHECK(end.workers <= 4);
}

TEST_CASE("pool size: a fixed pool stays as it is") {
  CHECK(run(16, 30, {5, 5}).workers == 5);
}

TEST_CASE("pool size: does not grow when nothing waits for a worker") {
  pool_state now;
  now = next_pool_size(now, {.bytes = 1000, .seconds = 0.1, .work_waits = false}, {1, 8});
  CHECK(now.workers == 1);
}
