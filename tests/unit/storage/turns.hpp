// Several programs that take turns at one storage in memory, in an order that a test decides.
// SPDX-License-Identifier: MIT
#pragma once

#include "tests/unit/storage/faulty_memory.hpp"

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace pgbraid::test {

/// When it is whose turn. A step is one use of the storage, counted over all programs from 0.
struct schedule {
  size_t first = 0;
  std::map<size_t, size_t> switches = {}; ///< before that step it becomes that program's turn
  struct death {
    size_t program = 0;
    size_t step = 0; ///< of that program alone, from 0
  };
  std::optional<death> killed = {};
};

/// Runs each program in a thread, one at a time. A program that is killed reaches the storage no
/// more, and nobody else does until it has ended: it is up to `died` to bring back what destructors
/// have cleared away. `looked` runs before every step, `dies` at the moment of the death; all
/// three use the storage freely.
class turns {
public:
  using program = std::function<void()>;
  std::function<void()> looked = [] {};
  std::function<void()> dies = [] {};
  std::function<void()> died = [] {};

  turns(faulty_memory& files, schedule order) : files_(files), order_(std::move(order)) {}

  /// Returns how many steps were taken.
  size_t run(const std::vector<program>& programs) {
    done_.assign(programs.size(), false);
    own_steps_.assign(programs.size(), 0);
    now_ = order_.first;
    files_.set_hook([this](storage_verb, std::string_view) { return step(); });
    std::vector<std::thread> threads;
    for (size_t i = 0; i < programs.size(); ++i)
      threads.emplace_back([this, i, &programs] { take_part(i, programs[i]); });
    for (auto& one : threads)
      one.join();
    files_.set_hook({});
    return steps_;
  }

private:
  /// Whoever waits in a circle lets others go on after so many steps.
  static constexpr size_t fair_steps = 30;

  void take_part(size_t i, const program& what) {
    me() = i;
    {
      std::unique_lock held(mutex_);
      changed_.wait(held, [&] { return now_ == i; });
    }
    what();
    const std::lock_guard held(mutex_);
    if (dead_ == i)
      freely(died);
    dead_.reset();
    done_[i] = true;
    pass_to((i + 1) % done_.size());
  }

  std::optional<error> step() {
    if (free_)
      return {};
    const size_t i = me();
    const error gone{errc::file_write, "this process is no more"};
    std::unique_lock held(mutex_);
    if (dead_ == i)
      return gone;
    freely(looked);
    if (const auto due = order_.switches.find(steps_); due != order_.switches.end())
      pass_to(due->second);
    else if (in_a_row_ >= fair_steps)
      pass_to((i + 1) % done_.size());
    changed_.wait(held, [&] { return now_ == i; });
    ++steps_;
    ++in_a_row_;
    const size_t own = own_steps_[i]++;
    if (!order_.killed || order_.killed->program != i || order_.killed->step != own)
      return {};
    dead_ = i;
    freely(dies);
    return gone;
  }

  /// The next that has not ended, from `to` on.
  void pass_to(size_t to) {
    for (size_t tried = 0; tried < done_.size() && done_[to]; ++tried)
      to = (to + 1) % done_.size();
    if (now_ != to)
      in_a_row_ = 0;
    now_ = to;
    changed_.notify_all();
  }

  void freely(const std::function<void()>& what) {
    free_ = true;
    what();
    free_ = false;
  }

  static size_t& me() {
    thread_local size_t one = 0;
    return one;
  }

  faulty_memory& files_;
  const schedule order_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<bool> done_;
  std::vector<size_t> own_steps_;
  size_t now_ = 0;
  size_t steps_ = 0;
  size_t in_a_row_ = 0;
  std::optional<size_t> dead_;
  bool free_ = false; ///< only the program whose turn it is looks
};

/// Every way in which the turn changes at most `left` times within `steps` steps, from `from` on.
inline void each_schedule(size_t programs, size_t steps, size_t left,
                          const std::function<void(const schedule&)>& to, schedule so_far = {},
                          size_t from = 1) {
  to(so_far);
  if (left == 0)
    return;
  const size_t now = so_far.switches.empty() ? so_far.first : so_far.switches.rbegin()->second;
  for (size_t at = from; at < steps; ++at)
    for (size_t who = 0; who < programs; ++who) {
      if (who == now)
        continue;
      auto more = so_far;
      more.switches[at] = who;
      each_schedule(programs, steps, left - 1, to, std::move(more), at + 1);
    }
}

/// The same, whoever begins.
inline void every_schedule(size_t programs, size_t steps, size_t switches,
                           const std::function<void(const schedule&)>& to) {
  for (size_t first = 0; first < programs; ++first)
    each_schedule(programs, steps, switches, to, {.first = first});
}

} // namespace pgbraid::test
