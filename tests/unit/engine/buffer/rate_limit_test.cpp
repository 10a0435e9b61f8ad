// How long bytes wait.
// SPDX-License-Identifier: MIT
#include "engine/buffer/rate_limit.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace pgbraid;
using namespace std::chrono_literals;

namespace {
const monotonic::time_point begin(1h);
}

TEST_CASE("rate limit: a burst passes at once, then the rate holds") {
  rate_limit of(1000, 500); // a byte a millisecond
  CHECK(of.take(500, begin) == 0ms);
  CHECK(of.take(1, begin) == 1ms);
  CHECK(of.take(100, begin) == 101ms); // behind the one before
  CHECK(of.take(0, begin + 50ms) == 51ms);
  CHECK(of.take(10, begin + 101ms) == 10ms);
}

TEST_CASE("rate limit: rest fills the bucket, and no more than full") {
  rate_limit of(1000, 500);
  CHECK(of.take(500, begin) == 0ms);
  CHECK(of.take(200, begin + 200ms) == 0ms);
  CHECK(of.take(501, begin + 10h) == 1ms);
}

TEST_CASE("rate limit: more than the bucket holds is waited for once") {
  rate_limit of(1000, 500);
  CHECK(of.take(2500, begin) == 2s);
  CHECK(of.take(500, begin + 2s) == 500ms);
}

TEST_CASE("rate limit: whatever is taken when, no more passes than burst and rate") {
  constexpr uint64_t rate = 7'000'003;
  constexpr uint64_t burst = 1 << 20;
  rate_limit of(rate, burst);
  auto now = begin;
  uint64_t passed = 0;
  for (unsigned i = 1; i < 2000; ++i) {
    const uint64_t bytes = (i * 7919U) % 300'000;
    now += of.take(bytes, now) + std::chrono::microseconds(i % 5 == 0 ? i : 0);
    passed += bytes;
    const std::chrono::duration<double> since = now - begin;
    CHECK(static_cast<double>(passed) <= burst + rate * since.count() + 1);
  }
  // It lets through what it may, too: what rested is at most the breaks.
  const std::chrono::duration<double> all = now - begin;
  CHECK(static_cast<double>(passed) > rate * (all.count() - 0.41));
}
