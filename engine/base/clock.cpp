// The system's clocks, unless a test has put in its own.
// SPDX-License-Identifier: MIT
#include "engine/base/clock.hpp"

#include "engine/base/stop_signal.hpp"
#include "engine/base/system_start.hpp"

#include <time.h>

#include <algorithm>
#include <atomic>
#include <thread>

namespace pgbraid {

namespace {

using std::chrono::milliseconds;

/// Null: the system.
constinit std::atomic<time_source*> source{nullptr};
static_assert(std::atomic<time_source*>::is_always_lock_free);

/// How late a sleeper may hear of a signal that another thread took.
constexpr auto slice = milliseconds(20);
/// How often those who wait look at a clock that is not the system's.
constexpr auto look_every = milliseconds(1);

} // namespace

monotonic::time_point monotonic::now() noexcept {
  if (auto* other = source.load())
    return other->now();
  return time_point(std::chrono::steady_clock::now().time_since_epoch());
}

wall_clock::time_point wall_clock::now() noexcept {
  if (auto* other = source.load())
    return other->wall_now();
  return std::chrono::system_clock::now();
}

wall_clock::time_point system_start() noexcept {
  timespec since = {};
  ::clock_gettime(CLOCK_BOOTTIME, &since);
  return wall_clock::now() - std::chrono::seconds(since.tv_sec) -
         std::chrono::nanoseconds(since.tv_nsec);
}

void sleep_through(monotonic::duration how_long) {
  if (auto* other = source.load())
    return other->sleep(how_long);
  std::this_thread::sleep_for(how_long);
}

bool sleep_unless_stopped(monotonic::duration how_long) {
  const auto until = monotonic::now() + how_long;
  for (auto now = until - how_long; now < until && stop_signal == 0; now = monotonic::now())
    sleep_through(std::min<monotonic::duration>(until - now, slice));
  return stop_signal == 0;
}

std::cv_status wait_until(std::condition_variable& changed, std::unique_lock<std::mutex>& held,
                          monotonic::time_point until) {
  if (source.load() == nullptr)
    return changed.wait_until(held,
                              std::chrono::steady_clock::time_point(until.time_since_epoch()));
  // A notification may come at the end of a look: whoever waits has to look for himself each time.
  if (monotonic::now() < until)
    changed.wait_for(held, look_every);
  return monotonic::now() < until ? std::cv_status::no_timeout : std::cv_status::timeout;
}

bool wait_for_stop(std::condition_variable_any& changed, std::unique_lock<std::mutex>& held,
                   const std::stop_token& stop, monotonic::time_point until) {
  const auto none = [] { return false; };
  if (source.load() == nullptr)
    changed.wait_until(held, stop, std::chrono::steady_clock::time_point(until.time_since_epoch()),
                       none);
  while (!stop.stop_requested() && monotonic::now() < until)
    changed.wait_for(held, stop, look_every, none);
  return stop.stop_requested();
}

time_source* exchange_time_source(time_source* with) {
  return source.exchange(with);
}

} // namespace pgbraid
