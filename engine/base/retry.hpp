// Trying again: how often, how long, after which pauses. The one rule of all who do.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/clock.hpp"
#include "engine/base/error.hpp"

#include <optional>

namespace pgbraid {

/// The pauses before further tries.
struct back_off {
  enum class growth : uint8_t {
    same,     ///< first, first, first, ...
    linear,   ///< times 1, 2, 3, ...
    square,   ///< times 1, 4, 9, ...
    doubling, ///< times 1, 2, 4, ...
  };
  std::chrono::milliseconds first{0};
  growth grows = growth::same;
  std::chrono::milliseconds longest = std::chrono::hours(1);
  /// So many further tries come without a pause; the one after them has the first one.
  unsigned at_once = 0;

  /// Before the n-th further try, counted from 1.
  std::chrono::milliseconds before(unsigned further_try) const;
};

/// What a pause becomes that would end after the time is over.
enum class late_pause : uint8_t {
  whole,   ///< it is kept, and a last try comes after it
  cut,     ///< it ends with the time, and no try comes after it
  refused, ///< there is none: what failed is told at once
};

struct retry_policy {
  /// Further tries between which nothing got on; empty: as many as time allows.
  std::optional<unsigned> tries = {};
  /// How long it may go on; empty: no limit. At its end no further try begins.
  std::optional<std::chrono::milliseconds> limit = {};
  /// So many further tries come though the time is over: one that was waited for in vain may have
  /// taken all of it.
  unsigned tries_least = 0;
  /// The limit counts from the first failure, not from the start.
  bool limit_from_failure = false;
  back_off pauses = {};
  late_pause late = late_pause::cut;
  /// Failures within this time after one that counted are that one, told by others.
  std::chrono::milliseconds as_one{0};
  /// A stop signal ends it, also in a pause.
  bool hears_stop = true;
};

/// One operation that is tried, maybe more than once. What is transient its owner knows: only
/// failures that another try may heal are to be told here. Of one thread.
///
///     retry tries(policy);
///     while (true)
///       if (auto done = operation(); done || !is_transient(done.failure()) || !tries.again())
///         return done;
class retry {
public:
  explicit retry(const retry_policy& by);

  /// Notes a failure. Returns whether another try is to follow, after `pause`.
  bool may_go_on();
  /// The pause before that try. Returns whether there is still reason to make it.
  bool pause() const;
  bool again() { return may_go_on() && pause(); }
  /// Something got on: tries count from the beginning. The limit stays.
  void progressed() { failures_ = 0; }
  /// The next failure is the last one.
  void give_up() { given_up_ = true; }

  /// Failures since the start, or since something got on; those that count as one are one.
  unsigned failures() const { return failures_; }
  /// When the time is over, as far as is known: no failure yet means one now. Needs a limit.
  monotonic::time_point until() const;

private:
  bool is_limited() const { return by_.limit && (failures_ > 0 || !by_.limit_from_failure); }

  retry_policy by_;
  unsigned failures_ = 0;
  bool given_up_ = false;
  monotonic::time_point limit_from_;
  monotonic::time_point counted_at_ = {};
};

/// A failure that stands for a while: who comes meanwhile hears of it and does not try. So many who
/// come one after the other do not wait for as many time-outs.
class standing_failure {
public:
  /// @param took  how long the attempt took: so long it stands
  void set(error why, monotonic::duration took);
  /// Null when there may be a try.
  const error* now() const { return monotonic::now() < until_ ? &why_ : nullptr; }

private:
  error why_;
  monotonic::time_point until_ = {};
};

} // namespace pgbraid
