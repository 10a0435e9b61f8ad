// What all requests of one exchange have in common.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/serve/work.hpp"
#include "engine/link/server_link.hpp"

#include <functional>
#include <memory>

namespace pgbraid::serve {

/// Holds the exchange; a step that fails answers with the error.
class exchange_work : public work {
public:
  explicit exchange_work(std::unique_ptr<link::exchange> asked) : asked_(std::move(asked)) {}
  bool ready() const override { return true; }
  bool cancelled() const override { return asked_->cancelled(); }
  void keep(std::shared_ptr<void> lease) final { asked_->keep(std::move(lease)); }
  bool step(byte_span room) final {
    if (cancelled())
      return false;
    auto more = go_on(room);
    if (more)
      return *more;
    drop();
    asked_->fail(more.failure());
    return false;
  }
  void abandon(const error& why) final {
    drop();
    asked_->fail(why);
  }

protected:
  /// As `step`.
  virtual result<bool> go_on(byte_span room) = 0;
  /// Closes what is open: the other end must not hear of a failure before the traces are gone.
  virtual void drop() {}
  link::exchange& asked() { return *asked_; }
  const link::exchange& asked() const { return *asked_; }

private:
  std::unique_ptr<link::exchange> asked_;
};

/// A request that is answered in one step.
class quick_work final : public exchange_work {
public:
  using answer = std::function<result<void>(link::exchange&)>;
  quick_work(std::unique_ptr<link::exchange> asked, answer with)
      : exchange_work(std::move(asked)), answer_(std::move(with)) {}

private:
  result<bool> go_on(byte_span) override {
    if (auto answered = answer_(asked()); !answered)
      return answered.failure();
    if (auto done = asked().finish(); !done)
      return done.failure();
    return false;
  }
  answer answer_;
};

} // namespace pgbraid::serve
