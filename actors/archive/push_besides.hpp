// The repositories that PostgreSQL does not wait for, together.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/archive/journaled_repository.hpp"
#include "actors/archive/push.hpp"
#include "engine/base/result.hpp"
#include "engine/base/stop_signal.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace pgbraid {

/// Asks all of them as soon as it is made.
class push_besides {
public:
  push_besides(const push_request& how, const push_ends& between, const besides_limits& limits);

  /// As `journaled_repository::take`, for each of them.
  result<void> take(const push_request& wanted);
  /// As `journaled_repository::give_up_old`.
  void give_up_old();
  /// As `journaled_repository::finish`.
  void finish(const std::function<bool()>& is_needless);

private:
  /// The threads aside come and go, and whoever waits for them hears of signals.
  std::optional<polled_signals> polling_ = {};
  std::vector<std::unique_ptr<journaled_repository>> all_ = {};
};

} // namespace pgbraid
