// A value or an error; nothing in engine/ and storage/ throws across a function boundary.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/error.hpp"

#include <cassert>
#include <optional>
#include <utility>
#include <variant>

namespace pgbraid {

/// Either a `T` or an `error`.
/// Typical use: `auto x = f(); if (!x) return x.failure(); use(*x);`
template <class T> class [[nodiscard]] result {
public:
  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  result(error failure) : state_(std::in_place_index<1>, std::move(failure)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const error& failure() const {
    assert(state_.index() == 1);
    return std::get<1>(state_);
  }

private:
  T& value() {
    assert(state_.index() == 0);
    return std::get<0>(state_);
  }
  const T& value() const {
    assert(state_.index() == 0);
    return std::get<0>(state_);
  }
  std::variant<T, error> state_;
};

/// Success, or an error.
template <> class [[nodiscard]] result<void> {
public:
  result() = default;
  result(error failure) : failure_(std::move(failure)) {}

  explicit operator bool() const { return !failure_.has_value(); }
  const error& failure() const {
    assert(failure_.has_value());
    return *failure_;
  }

private:
  std::optional<error> failure_;
};

/// What a function that returns `result<void>` returns when all went well.
inline result<void> success() {
  return {};
}

} // namespace pgbraid
