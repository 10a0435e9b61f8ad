// Trying again, on a clock that moves when somebody pauses.
// SPDX-License-Identifier: MIT
#include "engine/base/retry.hpp"
#include "engine/base/stop_signal.hpp"
#include "tests/unit/engine/base/manual_clock.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace pgbraid;
using namespace std::chrono_literals;
using growth = back_off::growth;

namespace {

std::vector<int64_t> pauses_ms(const back_off& of, unsigned count) {
  std::vector<int64_t> out;
  for (unsigned i = 1; i <= count; ++i)
    out.push_back(of.before(i).count());
  return out;
}

/// Tries until it is over; returns when each further try began, in milliseconds.
std::vector<int64_t> further_tries(const retry_policy& by, std::chrono::milliseconds each = 0ms) {
  manual_clock clock;
  retry tries(by);
  std::vector<int64_t> out;
  for (clock.advance(each); tries.again(); clock.advance(each))
    out.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(clock.passed()).count());
  return out;
}

using times = std::vector<int64_t>;

} // namespace

TEST_CASE("retry: pauses grow as they are told to") {
  CHECK(pauses_ms({}, 3) == times{0, 0, 0});
  CHECK(pauses_ms({50ms}, 3) == times{50, 50, 50});
  CHECK(pauses_ms({200ms, growth::linear}, 3) == times{200, 400, 600});
  CHECK(pauses_ms({100ms, growth::square}, 3) == times{100, 400, 900});
  CHECK(pauses_ms({100ms, growth::doubling, 2s}, 7) == times{100, 200, 400, 800, 1600, 2000, 2000});
  CHECK(pauses_ms({100ms, growth::doubling, 5s, 1}, 4) == times{0, 100, 200, 400});
  CHECK(back_off{100ms, growth::doubling, 5s}.before(4'000'000'000) == 5s);
}

TEST_CASE("retry: a number of tries, counted anew when something got on") {
  CHECK(further_tries({.tries = 0}).empty());
  CHECK(further_tries({.tries = 3, .pauses = {100ms, growth::square}}) == times{100, 500, 1400});

  manual_clock clock;
  retry tries({.tries = 2, .pauses = {100ms, growth::linear}});
  CHECK(tries.again());
  CHECK(tries.again());
  CHECK(tries.failures() == 2);
  tries.progressed();
  CHECK(tries.again());
  CHECK(clock.passed() >= 400ms); // 100, 200, 100
  CHECK(clock.passed() < 401ms);
  CHECK(tries.again());
  CHECK_FALSE(tries.again());
}

TEST_CASE("retry: no try begins when the time is over") {
  retry_policy by{.limit = 1000ms, .pauses = {400ms}};
  CHECK(further_tries(by) == times{400, 800});
  by.late = late_pause::refused;
  CHECK(further_tries(by) == times{400, 800});
  by.late = late_pause::whole;
  CHECK(further_tries(by) == times{400, 800, 1200});
  // Tries take time themselves.
  CHECK(further_tries({.limit = 1000ms}, 300ms) == times{300, 600, 900});
  CHECK(further_tries({.limit = 1000ms, .limit_from_failure = true}, 300ms) ==
        times{300, 600, 900, 1200});
}

TEST_CASE("retry: some tries come though the time is over") {
  const retry_policy by{.limit = 1s, .tries_least = 2, .pauses = {100ms}};
  CHECK(further_tries(by, 5s) == times{5100, 10200});
  CHECK(further_tries({.limit = 1s, .pauses = {100ms}}, 5s).empty());
  // They are not more than time allows.
  CHECK(further_tries({.limit = 250ms, .tries_least = 1, .pauses = {100ms}}) == times{100, 200});
}

TEST_CASE("retry: what a pause becomes that would end too late") {
  const auto paused = [](late_pause late) {
    manual_clock clock;
    retry tries({.limit = 1000ms, .pauses = {700ms}, .late = late});
    while (tries.again())
      ;
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock.passed()).count();
  };
  CHECK(paused(late_pause::refused) == 700);
  CHECK(paused(late_pause::cut) == 1000);
  CHECK(paused(late_pause::whole) == 1400);
}

TEST_CASE("retry: the time until which others may try on its behalf") {
  manual_clock clock;
  const auto began = monotonic::now();
  retry from_start({.limit = 10s});
  retry from_failure({.limit = 10s, .limit_from_failure = true});
  clock.advance(3s);
  CHECK(from_start.until() == began + 10s);
  CHECK(from_failure.until() == began + 13s);
  CHECK(from_failure.may_go_on());
  clock.advance(3s);
  CHECK(from_failure.may_go_on());
  CHECK(from_failure.until() == began + 13s);
}

TEST_CASE("retry: failures that come together are one") {
  manual_clock clock;
  retry tries({.tries = 2, .as_one = 1000ms});
  for (int i = 0; i < 10; ++i, clock.advance(99ms))
    CHECK(tries.again());
  CHECK(tries.failures() == 1);
  clock.advance(10ms);
  CHECK(tries.again());
  clock.advance(1s);
  CHECK_FALSE(tries.again());
}

TEST_CASE("retry: who gave up tries no more") {
  retry tries({.tries = 2, .as_one = 1000ms});
  tries.give_up();
  CHECK_FALSE(tries.again());
}

TEST_CASE("retry: a stop ends it, unless it does not listen") {
  int sleeps = 0;
  manual_clock clock([&] { stop_signal = ++sleeps == 2 ? 15 : 0; });
  retry tries({.pauses = {1000ms}});
  CHECK(tries.may_go_on());
  CHECK_FALSE(tries.pause());
  CHECK(clock.passed() < 100ms);
  CHECK_FALSE(tries.may_go_on());
  retry deaf({.pauses = {1000ms}, .hears_stop = false});
  CHECK(deaf.again());
  CHECK(clock.passed() > 1000ms);
  stop_signal = 0;
}

TEST_CASE("retry: a failure stands as long as the attempt took") {
  manual_clock clock;
  standing_failure why;
  CHECK(why.now() == nullptr);
  why.set({errc::host_connect, "gone"}, 5s);
  clock.advance(4999ms);
  REQUIRE(why.now() != nullptr);
  CHECK(why.now()->message == "gone");
  clock.advance(1ms);
  CHECK(why.now() == nullptr);
}
