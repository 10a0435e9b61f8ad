// Several that are asked at the same time, each in a thread of its own.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/caught.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace pgbraid {

/// Runs `work` in a thread that belongs to the process; here and now when there can be no thread.
/// @param work  owns whatever it uses, since nobody may be left who waits for it
void run_aside(std::function<void()> work);
/// Joins the threads of `run_aside` that are done. Returns whether that was all of them: a process
/// where one is left, held up by a host that does not answer, ends without destroying what it may
/// use.
bool join_aside();

/// Each question is put in a thread of its own, so that none waits for another one. A single one is
/// put by the caller's thread.
/// @tparam T  what each of them answers
template <class T> class side_by_side {
public:
  using clock = monotonic;
  /// Owns what it has captured: it may outlive whoever asks.
  using question = std::function<result<T>()>;

  /// Asks at once.
  explicit side_by_side(std::vector<question> questions)
      : shared_(std::make_shared<shared>(std::move(questions))) {
    for (size_t i = 0; i < size(); ++i)
      ask_again(i);
  }

  size_t size() const { return shared_->ask.size(); }
  /// The answer, which nobody changes until it is asked for again; null while there is none.
  result<T>* answer(size_t i) {
    const std::lock_guard held(shared_->mutex);
    return shared_->answers[i] ? &*shared_->answers[i] : nullptr;
  }
  /// Asks one of them once more; not while its answer is awaited.
  void ask_again(size_t i) {
    {
      const std::lock_guard held(shared_->mutex);
      shared_->answers[i].reset();
    }
    const auto work = [shared = shared_, i] { shared->put(i); };
    size() == 1 ? work() : run_aside(work);
  }
  /// Waits until all have answered, `until`, or `grace` after one of them gave an answer that is
  /// `good`.
  template <class Good>
  void wait(clock::time_point until, std::chrono::milliseconds grace, Good good) {
    std::unique_lock held(shared_->mutex);
    while (!shared_->all_answered()) {
      if (!shared_->any_is(good))
        good_at_.reset();
      else if (!good_at_)
        good_at_ = clock::now();
      const auto limit = good_at_ ? std::min(until, *good_at_ + grace) : until;
      if (wait_until(shared_->changed, held, limit) == std::cv_status::timeout)
        return;
    }
  }
  /// Waits until all have answered, or `until`.
  void wait(clock::time_point until) {
    wait(until, {}, [](const T&) { return false; });
  }
  /// What kept one of them from answering well, until now: a good answer may come at any moment.
  error failure(size_t i) {
    const auto* came = answer(i);
    return came != nullptr && !*came ? came->failure()
                                     : error{errc::host_connect, "there was no answer in time"};
  }

private:
  struct shared {
    explicit shared(std::vector<question> questions)
        : ask(std::move(questions)), answers(ask.size()) {}
    void put(size_t i) {
      auto came = caught(ask[i]);
      const std::lock_guard held(mutex);
      answers[i].emplace(std::move(came));
      changed.notify_all();
    }
    bool all_answered() const {
      return std::ranges::all_of(answers, [](const auto& one) { return one.has_value(); });
    }
    template <class Good> bool any_is(Good good) {
      return std::ranges::any_of(answers, [&](auto& one) { return one && *one && good(**one); });
    }

    const std::vector<question> ask;
    std::mutex mutex = {}; ///< guards what follows
    std::condition_variable changed = {};
    std::vector<std::optional<result<T>>> answers;
  };

  std::shared_ptr<shared> shared_;
  std::optional<clock::time_point> good_at_ = {};
};

/// Asks all and waits until each has answered, or for `limit`. The answers come in the order of the
/// questions.
template <class T>
std::vector<result<T>> ask_all(std::vector<std::function<result<T>()>> questions,
                               std::chrono::milliseconds limit) {
  side_by_side<T> all(std::move(questions));
  all.wait(monotonic::now() + limit);
  std::vector<result<T>> out;
  for (size_t i = 0; i < all.size(); ++i) {
    auto* came = all.answer(i);
    out.push_back(came != nullptr ? std::move(*came) : result<T>(all.failure(i)));
  }
  return out;
}

} // namespace pgbraid
