// Time that passes when a test says so, and time that passes by itself.
// SPDX-License-Identifier: MIT
#include "engine/base/clock.hpp"
#include "engine/base/stop_signal.hpp"
#include "tests/unit/engine/base/manual_clock.hpp"

#include <doctest/doctest.h>

#include <thread>

using namespace pgbraid;
using namespace std::chrono_literals;

TEST_CASE("clock: a test's own stands still until it is moved") {
  manual_clock clock;
  const auto began = monotonic::now();
  const auto wall = wall_ms();
  CHECK(monotonic::now() == began);
  clock.advance(1500ms);
  CHECK(monotonic::now() - began == 1500ms);
  CHECK(wall_ms() - wall == 1500);
  sleep_through(1h);
  CHECK(monotonic::now() - began == 1h + 1500ms);
  CHECK(wall_s() == wall / 1000 + 3601);
}

TEST_CASE("clock: without a test's own it is the system's") {
  const auto began = monotonic::now();
  {
    manual_clock clock;
    clock.advance(24h);
    CHECK(monotonic::now() != began);
  }
  CHECK(monotonic::now() - began < 1h);
  const auto before = std::chrono::system_clock::now();
  const auto between = wall_clock::now();
  CHECK(before <= between);
  CHECK(between <= std::chrono::system_clock::now());
  sleep_through(1ms);
  CHECK(monotonic::now() - began >= 1ms);
}

TEST_CASE("clock: a sleep that hears a stop") {
  int sleeps = 0;
  manual_clock clock([&] {
    if (++sleeps == 3)
      stop_signal = 15;
  });
  CHECK_FALSE(sleep_unless_stopped(1h));
  stop_signal = 0;
  CHECK(clock.passed() < 1s);
  CHECK(sleep_unless_stopped(30s));
  CHECK(clock.passed() >= 30s);
  CHECK(clock.passed() < 31s);
  stop_signal = 2;
  CHECK_FALSE(sleep_unless_stopped(0s));
  const auto before = clock.passed();
  CHECK_FALSE(sleep_unless_stopped(1h));
  stop_signal = 0;
  CHECK(clock.passed() == before);
}

TEST_CASE("clock: a wait for a condition ends with it, or when its time is over") {
  manual_clock clock;
  std::mutex mutex;
  std::condition_variable changed;
  bool ready = false;
  bool waits = false;
  const auto until = monotonic::now() + 10s;
  const auto waiter = [&](bool wanted) {
    std::unique_lock held(mutex);
    waits = true;
    const bool was = wait_until(changed, held, until, [&] { return ready; });
    CHECK(was == wanted);
  };
  {
    std::jthread other(waiter, true);
    for (std::unique_lock held(mutex); !waits;)
      changed.wait_for(held, 1ms);
    const std::lock_guard held(mutex);
    CHECK(clock.passed() == 0s);
    ready = true;
    changed.notify_all();
  }
  ready = false;
  {
    std::jthread other(waiter, false);
    clock.advance(10s);
  }
  std::unique_lock held(mutex);
  CHECK(wait_until(changed, held, until) == std::cv_status::timeout);
}

TEST_CASE("clock: a wait of a thread ends when its stop is requested, or its time is over") {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::stop_source stop;
  std::unique_lock held(mutex);
  const bool by_itself = wait_for_stop(changed, held, stop.get_token(), monotonic::now() + 1ms);
  CHECK_FALSE(by_itself);
  manual_clock clock;
  CHECK_FALSE(wait_for_stop(changed, held, stop.get_token(), monotonic::now()));
  std::jthread other([&] { stop.request_stop(); });
  CHECK(wait_for_stop(changed, held, stop.get_token(), monotonic::now() + 1h));
  CHECK(clock.passed() == 0s);
}
