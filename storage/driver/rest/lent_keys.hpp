// Keys that somebody else gives, for a while.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/base/result.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

namespace pgbraid::rest {

template <class Keys> struct lent {
  Keys keys = {};
  std::optional<int64_t> until_s = {}; ///< since 1970; empty: they do not end
};

/// What is lent now: asked for when it is needed, and again before it ends. Thread-safe.
template <class Keys> class lent_keys {
public:
  using ask = std::function<result<lent<Keys>>()>;
  struct loan {
    Keys keys;
    uint64_t number = 0; ///< counts the loans
  };
  /// @param from  null: these stay as they are
  lent_keys(Keys keys, ask from) : from_(std::move(from)), now_{std::move(keys)} {}

  /// Fails as the lender does, when nothing is left that still holds.
  result<loan> current();
  /// The store says that those of this loan hold no more. Returns whether others may be had.
  bool refused(uint64_t number) {
    const std::lock_guard held(mutex_);
    // Of many requests with old keys only the first one's refusal counts.
    if (number_ == number)
      have_ = false;
    return from_ != nullptr;
  }

private:
  /// They are renewed so long before their end, or half-way when they live for less than twice
  /// that.
  static constexpr int64_t renew_before_s = 300;
  /// So long a lender is left alone after it was asked, at most.
  static constexpr int64_t at_rest_s = 5;

  bool is_due() const;
  /// For half of what is left of keys that hold: else they would be used beyond their end. Keys
  /// that have ended when they come are no reason to hurry, some clock is wrong.
  int64_t rest_s(int64_t now_s) const {
    const auto left_s = now_.until_s.value_or(now_s) - now_s;
    return left_s > 0 ? std::min(at_rest_s, left_s / 2) : at_rest_s;
  }

  std::mutex mutex_;
  const ask from_;
  lent<Keys> now_;
  uint64_t number_ = 0;
  int64_t since_s_ = 0;      ///< when these came
  int64_t not_before_s_ = 0; ///< the lender is asked again
  bool have_ = false;
};

template <class Keys> bool lent_keys<Keys>::is_due() const {
  if (!have_)
    return true;
  if (!now_.until_s || wall_s() < not_before_s_)
    return false;
  const auto life_s = *now_.until_s - since_s_;
  return wall_s() >= *now_.until_s - std::min(renew_before_s, life_s / 2);
}

template <class Keys> result<typename lent_keys<Keys>::loan> lent_keys<Keys>::current() {
  const std::lock_guard held(mutex_);
  if (!from_ || !is_due())
    return loan{now_.keys, number_};
  auto given = from_();
  if (given) {
    now_ = std::move(*given);
    ++number_;
    since_s_ = wall_s();
    not_before_s_ = since_s_ + rest_s(since_s_);
    have_ = true;
    return loan{now_.keys, number_};
  }
  not_before_s_ = wall_s() + rest_s(wall_s());
  if (!have_ || wall_s() >= *now_.until_s)
    return given.failure();
  log::warn("credentials are not renewed yet: {}", given.failure().message);
  return loan{now_.keys, number_};
}

} // namespace pgbraid::rest
