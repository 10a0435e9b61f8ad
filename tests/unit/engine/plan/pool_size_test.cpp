// The pool controller: grows while growing pays.
// SPDX-License-Identifier: MIT
#include "engine/plan/pool_size.hpp"

#include <doctest/doctest.h>

#include <algorithm>

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

namespace {

struct wanted_counts {
  size_t cores;
  std::optional<size_t> process_max;
  size_t workers, served;
  unsigned links; ///< with the main one
  uint32_t per_link;
  unsigned digits;
};

} // namespace

TEST_CASE("workers: what process-max and cores come to") {
  // The rules: the option or the cores; 4 for others on each core; 8 links, all workers on them.
  for (const auto& row : {
           wanted_counts{0, {}, 1, 1, 1, 1, 2},
           wanted_counts{1, {}, 1, 1, 1, 1, 2},
           wanted_counts{8, {}, 8, 8, 8, 1, 2},
           wanted_counts{9, {}, 9, 9, 8, 2, 2},
           wanted_counts{64, {}, 64, 64, 8, 8, 2},
           wanted_counts{128, {}, 128, 128, 8, 16, 2}, // what is not asked for has no third digit
           wanted_counts{2, 1, 1, 1, 1, 1, 2},
           wanted_counts{2, 7, 7, 7, 7, 1, 2},
           wanted_counts{2, 8, 8, 8, 8, 1, 2},
           wanted_counts{2, 9, 9, 8, 8, 2, 2},
           wanted_counts{2, 99, 99, 8, 8, 13, 2},
           wanted_counts{2, 100, 100, 8, 8, 13, 3},
           wanted_counts{64, 999, 999, 256, 8, 125, 3},
           wanted_counts{0, 999, 999, 4, 8, 125, 3},
       }) {
    CAPTURE(row.cores);
    CAPTURE(row.process_max.value_or(0));
    const auto got = count_workers({.cores = row.cores, .process_max = row.process_max});
    CHECK(got.cores == std::max<size_t>(1, row.cores));
    CHECK(got.fixed == row.process_max);
    CHECK(got.workers == row.workers);
    CHECK(got.repository_users == row.workers);
    CHECK(got.served == row.served);
    CHECK(got.further_links + 1 == row.links);
    CHECK(got.workers_per_link == row.per_link);
    CHECK(got.log_digits == row.digits);
  }
}

TEST_CASE("workers: a command without process-max uses a repository alone") {
  const auto got = count_workers({.cores = 16, .takes_many = false});
  CHECK(got.repository_users == 1);
  CHECK(got.further_links == 7);
}

TEST_CASE("workers: all links together have them all, and none is without") {
  for (size_t count = 1; count <= 999; ++count) {
    const auto got = count_workers({.cores = 4, .process_max = count});
    const auto links = got.further_links + 1;
    CHECK(links <= links_max);
    CHECK(links <= count);
    CHECK(links * got.workers_per_link >= count);
    CHECK(links * (got.workers_per_link - 1) < count);
    CHECK(got.served <= 4 * served_per_core);
  }
}
