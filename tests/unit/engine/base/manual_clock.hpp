// A clock of the test's: time passes when somebody sleeps, or when the test says so.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/clock.hpp"

#include <atomic>
#include <functional>
#include <utility>

namespace pgbraid {

/// While one exists all threads live by it. Whoever sleeps does not wait, but moves it on; whoever
/// waits for a condition until some moment waits until another thread moves it there.
class manual_clock : public time_source {
public:
  /// @param on_sleep  called after each sleep: what happens in the world meanwhile
  explicit manual_clock(std::function<void()> on_sleep = {}) : on_sleep_(std::move(on_sleep)) {
    before_ = exchange_time_source(this);
  }
  ~manual_clock() override { exchange_time_source(before_); }
  manual_clock(const manual_clock&) = delete;
  manual_clock& operator=(const manual_clock&) = delete;

  /// What passed since it was made.
  std::chrono::nanoseconds passed() const { return std::chrono::nanoseconds(passed_); }
  void advance(std::chrono::nanoseconds by) { passed_ += by.count(); }

  monotonic::time_point now() noexcept override { return monotonic::time_point(start + passed()); }
  wall_clock::time_point wall_now() noexcept override {
    return wall_clock::time_point(wall_start + passed());
  }
  void sleep(monotonic::duration how_long) override {
    advance(how_long);
    if (on_sleep_)
      on_sleep_();
  }

private:
  /// Neither is 0, which stands for "never" in some places.
  static constexpr std::chrono::hours start{1000};
  static constexpr std::chrono::seconds wall_start{1'700'000'000};

  std::atomic<int64_t> passed_{0};
  const std::function<void()> on_sleep_;
  time_source* before_ = nullptr;
};

} // namespace pgbraid
