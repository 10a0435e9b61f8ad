// When the foreground starts a background process.
// SPDX-License-Identifier: MIT
#pragma once

#include "cli/spool/foreground.hpp"
#include "engine/base/clock.hpp"

#include <functional>
#include <string>

namespace pgbraid::cli {

/// One process at a time for a stanza, which the locks see to. One that ended without an answer (it
/// was killed, or another one was first) is followed by another.
class background_start {
public:
  enum class outcome {
    started,
    busy, ///< somebody else holds the locks
    needless,
    too_soon ///< the one that was started may not have come so far yet
  };

  background_start(const foreground_settings& settings, const foreground_hands& hands)
      : settings_(settings), hands_(hands) {}

  /// @param prepare  called while nobody else can be at work; tells whether one is still needed
  result<outcome> again(const std::string& parameter, const std::function<result<bool>()>& prepare);

  /// One was started by this process.
  bool any() const { return starts_ > 0; }
  /// What was started has had time to take its locks.
  bool is_due() const { return monotonic::now() >= next_; }

private:
  const foreground_settings& settings_;
  const foreground_hands& hands_;
  unsigned starts_ = 0;
  monotonic::time_point next_ = {};
};

} // namespace pgbraid::cli
