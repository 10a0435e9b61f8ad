// Time: what it is, and letting it pass. Nothing else here asks the system for it.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

namespace pgbraid {

/// The clock that only goes forward; for durations and deadlines. A clock as the standard library
/// wants it, so that its time points cannot be mixed up with others.
class monotonic {
public:
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<monotonic, duration>;
  static constexpr bool is_steady = true;
  /// May be called in a signal handler.
  static time_point now() noexcept;
};

/// The clock on the wall; for what is written down and shown.
class wall_clock {
public:
  /// Since 1970-01-01 00:00 UTC.
  using time_point = std::chrono::sys_time<std::chrono::nanoseconds>;
  /// May be called in a signal handler.
  static time_point now() noexcept;
};

/// Milliseconds on the wall since 1970-01-01 00:00 UTC.
inline int64_t wall_ms() {
  return std::chrono::floor<std::chrono::milliseconds>(wall_clock::now())
      .time_since_epoch()
      .count();
}
/// Seconds since 1970-01-01 00:00 UTC.
inline int64_t wall_s() {
  return wall_ms() / 1000;
}

/// Sleeps, whatever happens meanwhile.
void sleep_through(monotonic::duration how_long);
/// Sleeps until a stop signal comes, so long at most. Returns whether none came.
bool sleep_unless_stopped(monotonic::duration how_long);

/// Waits until `changed` is notified or that moment comes. Like every such wait it may return
/// `no_timeout` for no reason.
std::cv_status wait_until(std::condition_variable& changed, std::unique_lock<std::mutex>& held,
                          monotonic::time_point until);
/// Waits until `ready()`, or that moment; returns what `ready()` said last.
template <class Ready>
bool wait_until(std::condition_variable& changed, std::unique_lock<std::mutex>& held,
                monotonic::time_point until, Ready ready) {
  while (!ready())
    if (wait_until(changed, held, until) == std::cv_status::timeout)
      return ready();
  return true;
}
/// Waits until that moment, or until a stop of this thread is requested. Returns whether one was.
bool wait_for_stop(std::condition_variable_any& changed, std::unique_lock<std::mutex>& held,
                   const std::stop_token& stop, monotonic::time_point until);

/// What all of the above ask. Tests have one of their own, whose time passes when they say so.
class time_source {
public:
  virtual ~time_source() = default;
  virtual monotonic::time_point now() noexcept = 0;
  virtual wall_clock::time_point wall_now() noexcept = 0;
  virtual void sleep(monotonic::duration how_long) = 0;
};
/// All threads ask this one from now on (null: the system), and return what they asked before.
/// Whoever waits for a condition under another source than the system's looks at it every
/// millisecond.
time_source* exchange_time_source(time_source* with);

} // namespace pgbraid
