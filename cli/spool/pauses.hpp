// Looking again and again: short pauses first.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"
#include "engine/base/retry.hpp"
#include "engine/base/stop_signal.hpp"

#include <algorithm>
#include <chrono>

namespace pgbraid::cli {

class pauses {
public:
  explicit pauses(std::chrono::milliseconds timeout) : until_(monotonic::now() + timeout) {}

  bool are_over() const { return monotonic::now() >= until_; }
  /// Fails with `term` (63) when a stop signal came.
  result<void> pause() {
    const auto left = std::max<monotonic::duration>(until_ - monotonic::now(), {});
    const auto next = std::min<monotonic::duration>(lengths.before(++count_), left);
    if (sleep_unless_stopped(next))
      return success();
    return error{errc::term, "terminated while waiting for the background process"};
  }

private:
  static constexpr back_off lengths{std::chrono::milliseconds(2), back_off::growth::doubling,
                                    std::chrono::milliseconds(32)};

  monotonic::time_point until_;
  unsigned count_ = 0;
};

} // namespace pgbraid::cli
