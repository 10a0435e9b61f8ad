// Counting failures, and pausing between tries.
// SPDX-License-Identifier: MIT
#include "engine/base/retry.hpp"

#include "engine/base/stop_signal.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pgbraid {

std::chrono::milliseconds back_off::before(unsigned further_try) const {
  if (further_try <= at_once)
    return {};
  const int64_t number = further_try - at_once;
  constexpr int64_t doublings_max = 20; // all are beyond `longest` by then
  int64_t times = 1;
  if (grows == growth::linear)
    times = number;
  else if (grows == growth::square)
    times = number * number;
  else if (grows == growth::doubling)
    times = int64_t{1} << std::min(number - 1, doublings_max);
  return std::min(first * times, longest);
}

retry::retry(const retry_policy& by) : by_(by), limit_from_(monotonic::now()) {}

monotonic::time_point retry::until() const {
  assert(by_.limit);
  return (is_limited() ? limit_from_ : monotonic::now()) + *by_.limit;
}

bool retry::may_go_on() {
  const auto now = monotonic::now();
  if (given_up_ || (by_.hears_stop && stop_signal != 0))
    return false;
  if (failures_ > 0 && now - counted_at_ < by_.as_one)
    return true;
  if (by_.tries && failures_ >= *by_.tries)
    return false;
  counted_at_ = now;
  if (failures_++ == 0 && by_.limit_from_failure)
    limit_from_ = now;
  if (!by_.limit || failures_ <= by_.tries_least)
    return true;
  const auto needs =
      by_.late == late_pause::refused ? by_.pauses.before(failures_) : std::chrono::milliseconds(0);
  return now + needs < until();
}

bool retry::pause() const {
  monotonic::duration length = by_.pauses.before(failures_);
  const bool cut = by_.limit && by_.late == late_pause::cut && failures_ > by_.tries_least;
  if (cut)
    length = std::min(length, until() - monotonic::now());
  if (by_.hears_stop && !sleep_unless_stopped(length))
    return false;
  if (!by_.hears_stop)
    sleep_through(length);
  return !cut || monotonic::now() < until();
}

void standing_failure::set(error why, monotonic::duration took) {
  why_ = std::move(why);
  until_ = monotonic::now() + took;
}

} // namespace pgbraid
