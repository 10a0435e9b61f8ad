// The same question to several repositories at the same time.
// SPDX-License-Identifier: MIT
#pragma once

#include "cli/open/repositories.hpp"
#include "engine/base/result.hpp"
#include "engine/config/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace pgbraid::cli {

/// Runs `work` in a thread that belongs to the process; here and now when there can be no thread.
/// @param work  owns whatever it uses, since nobody may be left who waits for it
void run_aside(std::function<void()> work);
/// Joins the threads of `run_aside` that are done. Returns whether that was all of them: a process
/// where one is left, held up by a host that does not answer, ends without destroying what it may
/// use.
bool join_aside();

/// Repositories that are asked the same thing, each in a thread of its own, so that none waits for
/// another one. A single one is asked by the caller's thread.
/// @tparam T  what each of them answers
template <class T> class side_by_side {
public:
  using clock = std::chrono::steady_clock;
  /// `question(opts, position)`; what it has captured is its own.
  using question = std::function<result<T>(const config::options&, size_t)>;

  /// Asks at once.
  side_by_side(const config::options& opts, std::vector<size_t> positions, question ask)
      : shared_(std::make_shared<shared>(opts, std::move(positions), std::move(ask))) {
    for (size_t i = 0; i < size(); ++i)
      ask_again(i);
  }

  size_t size() const { return shared_->positions.size(); }
  size_t position(size_t i) const { return shared_->positions[i]; }
  unsigned key(size_t i) const { return shared_->opts.repo_key(position(i)); }
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
      if (shared_->changed.wait_until(held, limit) == std::cv_status::timeout)
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
    shared(const config::options& of, std::vector<size_t> where, question what)
        : opts(of), positions(std::move(where)), ask(std::move(what)), answers(positions.size()) {}
    void put(size_t i) {
      auto came = answer_of(i);
      const std::lock_guard held(mutex);
      answers[i].emplace(std::move(came));
      changed.notify_all();
    }
    result<T> answer_of(size_t i) {
      try {
        return ask(opts, positions[i]);
      } catch (const std::exception& problem) {
        return error{errc::unhandled, fmt::format("unexpected failure: {}", problem.what())};
      }
    }
    bool all_answered() const {
      return std::ranges::all_of(answers, [](const auto& one) { return one.has_value(); });
    }
    template <class Good> bool any_is(Good good) {
      return std::ranges::any_of(answers, [&](auto& one) { return one && *one && good(**one); });
    }

    const config::options opts;
    const std::vector<size_t> positions;
    const question ask;
    std::mutex mutex = {}; ///< guards what follows
    std::condition_variable changed = {};
    std::vector<std::optional<result<T>>> answers;
  };

  std::shared_ptr<shared> shared_;
  std::optional<clock::time_point> good_at_ = {};
};

/// What one repository answered, or why it did not.
template <class T> struct repository_answer {
  size_t position = 0;
  unsigned key = 0;
  result<T> said;
};

/// Asks these repositories and waits for all of them, each by its own limits and by
/// protocol-timeout at the latest. The answers come in the order of the positions.
template <class T>
std::vector<repository_answer<T>> ask_repositories(const config::options& opts,
                                                   std::vector<size_t> positions,
                                                   typename side_by_side<T>::question question) {
  side_by_side<T> all(opts, std::move(positions), std::move(question));
  all.wait(std::chrono::steady_clock::now() +
           std::chrono::milliseconds(opts.time_ms("protocol-timeout")));
  std::vector<repository_answer<T>> out;
  for (size_t i = 0; i < all.size(); ++i) {
    auto* came = all.answer(i);
    out.push_back({.position = all.position(i),
                   .key = all.key(i),
                   .said = came != nullptr ? std::move(*came) : result<T>(all.failure(i))});
  }
  return out;
}

/// Opens all repositories that the command works on (`repository_positions`).
std::vector<repository_answer<open_repository>> open_each(const config::options& opts);

} // namespace pgbraid::cli
