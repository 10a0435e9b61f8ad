// Puts the WAL files that wait into every repository.
// SPDX-License-Identifier: MIT
#include "actors/archive/push_batch.hpp"

#include "actors/archive/batch_workers.hpp"
#include "actors/archive/dropped_wal.hpp"
#include "actors/archive/journal_age.hpp"
#include "actors/archive/push_besides.hpp"
#include "actors/archive/push_session.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/plan/spool_push.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

namespace pgbraid {

namespace {

/// While a batch is at work the journal is emptied beside it.
constexpr besides_limits batch_limits{
    .drained_files = SIZE_MAX, .draining = std::chrono::hours(24), .waits_for_drain = false};

class pushed_batch {
public:
  pushed_batch(const push_batch_request& wanted, const push_ends& between, const tell_pushed& tell)
      : wanted_(wanted), between_(between), tell_(tell),
        session_(between.pgdata.get(), between.to, wanted.each.answer_limit), dropped_(between) {}

  result<void> run();

private:
  uint64_t segment_bytes() const;
  void give_up(const std::vector<std::string>& names, uint64_t each_bytes);
  push_besides* besides_so_far();
  void look();
  void tell_stall();
  bool is_idle() const;
  bool ends() const { return wanted_.ends && wanted_.ends(); }
  result<void> work_all();
  result<void> outcome();
  bool has_failed();
  std::optional<std::string> next();
  void work(unsigned process);
  pushed_wal push(const std::string& name, unsigned process);
  std::string text_with_new_hint(const error& of);
  void settle(const pushed_wal& done, unsigned process);

  const push_batch_request& wanted_;
  const push_ends& between_;
  const tell_pushed& tell_;
  push_session session_;
  dropped_wal dropped_;
  std::optional<push_watch> watch_ = {};
  uint64_t seen_bytes_ = 0; ///< of a segment, as the watch saw it; nobody else uses it
  size_t count_ = 0;        ///< files of this batch
  std::mutex mutex_ = {};   ///< guards what follows
  std::unique_ptr<push_besides> besides_ = {}; ///< made once, and used by all
  size_t begun_ = 0;
  bool failed_ = false;               ///< a file of it: no other is begun
  bool given_up_ = false;             ///< too much waits
  std::optional<error> failure_ = {}; ///< of all
  std::set<std::string> hints_ = {};  ///< those that were told
};

/// Of the first segment, where pg_control does not say it.
uint64_t pushed_batch::segment_bytes() const {
  if (session_.segment_bytes() > 0)
    return session_.segment_bytes();
  return segment_bytes_of(between_, wanted_.due);
}

/// Nothing else of this batch is begun. What is on its way may come to its end.
void pushed_batch::give_up(const std::vector<std::string>& names, uint64_t each_bytes) {
  {
    const std::lock_guard held(mutex_);
    given_up_ = true;
  }
  if (!names.empty())
    dropped_.note(names, each_bytes);
  for (const auto& name : names) {
    const auto text = dropped_text(name, *wanted_.each.queue_max);
    log::warn("{}", text);
    if (auto told = tell_({.name = name, .warnings = text}); !told) {
      const std::lock_guard held(mutex_);
      if (!failure_)
        failure_ = told.failure();
      return;
    }
  }
}

/// None before they are asked.
push_besides* pushed_batch::besides_so_far() {
  const std::lock_guard held(mutex_);
  return besides_.get();
}

/// Called by the clock, beside the workers.
void pushed_batch::look() {
  auto* besides = besides_so_far();
  if (besides != nullptr)
    besides->give_up_old();
  for (const auto& one : between_.besides)
    if (besides == nullptr)
      give_up_old(one);
  if (!wanted_.each.queue_max)
    return;
  const auto now = wanted_.look();
  if (!now)
    return log::detail("what waits cannot be seen: {}", now.failure().message);
  // Maybe only a history file waits.
  if (const auto each_bytes = segment_bytes_of(between_, now->unanswered))
    seen_bytes_ = each_bytes;
  if (now->all * seen_bytes_ > *wanted_.each.queue_max)
    give_up(now->unanswered, seen_bytes_);
}

void pushed_batch::tell_stall() {
  const auto now = wanted_.look();
  if (!now || now->unanswered.empty())
    return;
  log::warn("no WAL file was archived for {} ms: {} wait, the first is '{}'\n"
            "HINT: a repository may hang.",
            wanted_.stall.count(), now->unanswered.size(), now->unanswered.front());
}

bool pushed_batch::is_idle() const {
  if (!wanted_.look)
    return false;
  const auto now = wanted_.look();
  return now && now->unanswered.empty();
}

/// The next file, unless something speaks against beginning another one.
std::optional<std::string> pushed_batch::next() {
  const std::lock_guard held(mutex_);
  if (failed_ || failure_ || given_up_ || begun_ == count_ || should_stop() || ends())
    return std::nullopt;
  return wanted_.due[begun_++];
}

pushed_wal pushed_batch::push(const std::string& name, unsigned process) {
  pushed_wal done{.name = name};
  auto each = wanted_.each;
  each.wal.name = name;
  each.warn = [&](const std::string& text) {
    log::write(log::level::warn, text, process);
    done.warnings += (done.warnings.empty() ? "" : "\n") + text;
  };
  done.outcome = session_.store(each, *between_.wal);
  if (done.outcome)
    done.outcome = besides_->take(each);
  return done;
}

/// One hint may be about all files of a batch.
std::string pushed_batch::text_with_new_hint(const error& of) {
  const std::lock_guard held(mutex_);
  return hints_.insert(of.hint).second ? of.text() : of.message;
}

void pushed_batch::settle(const pushed_wal& done, unsigned process) {
  if (!done.outcome && done.outcome.failure().code == errc::term) {
    const std::lock_guard held(mutex_);
    failure_ = done.outcome.failure();
    return;
  }
  if (done.outcome)
    log::write(log::level::detail, fmt::format("pushed WAL file '{}' to the archive", done.name),
               process);
  else
    log::write(log::level::warn,
               fmt::format("could not push WAL file '{}' to the archive (will be retried): [{}] {}",
                           done.name, static_cast<unsigned>(done.outcome.failure().code),
                           text_with_new_hint(done.outcome.failure())),
               process);
  const auto told = tell_(done);
  if (watch_)
    watch_->progressed();
  const std::lock_guard held(mutex_);
  failed_ = failed_ || !done.outcome;
  if (!told && !failure_)
    failure_ = told.failure();
}

void pushed_batch::work(unsigned process) {
  while (const auto name = next())
    settle(push(*name, process), process);
}

/// What hangs keeps nobody from watching.
result<void> pushed_batch::run() {
  if (wanted_.look)
    watch_.emplace(push_watch_hands{.look = [this] { look(); },
                                    .tell_stall = [this] { tell_stall(); },
                                    .stall = wanted_.stall});
  auto done = work_all();
  watch_.reset(); // From here on nobody else tells of anything.
  return done ? outcome() : done;
}

result<void> pushed_batch::work_all() {
  if (auto opened = session_.open(); !opened)
    return opened;
  const auto each_bytes = segment_bytes();
  count_ = plan::batch_files(wanted_.due.size(), wanted_.batch_bytes, each_bytes);
  if (count_ == 0)
    return success();
  log::info("push {} WAL file(s) to archive: {}{}", count_, wanted_.due.front(),
            count_ > 1 ? "..." + wanted_.due[count_ - 1] : "");
  const auto& limit = wanted_.each.queue_max;
  if (limit && wanted_.waiting * each_bytes > *limit)
    return give_up(wanted_.due, each_bytes), success();
  if (auto any = session_.require_any(); !any)
    return any;
  // From here on signals are only noted; before, what hangs must not keep them from ending this.
  auto besides = std::make_unique<push_besides>(wanted_.each, between_, batch_limits);
  {
    const std::lock_guard held(mutex_);
    besides_ = std::move(besides);
  }
  const polled_signals polling; // All workers': theirs come and go.
  run_workers(plan::batch_workers(count_, wanted_.process_max, each_bytes),
              [this](unsigned process) { work(process); });
  if (has_failed())
    return success();
  besides_->finish([this] { return ends() || !is_idle(); });
  if (should_stop())
    return error{errc::term, "terminated while WAL was archived"};
  return success();
}

bool pushed_batch::has_failed() {
  const std::lock_guard held(mutex_);
  return failure_.has_value();
}

/// When nobody else is at work any more.
result<void> pushed_batch::outcome() {
  if (failure_)
    return *failure_;
  if (failed_ && !given_up_ && begun_ < wanted_.due.size())
    log::warn(
        "stopped archive-push after an error, remaining WAL will be processed on the next run");
  return success();
}

} // namespace

result<void> push_batch(const push_batch_request& wanted, const push_ends& between,
                        const tell_pushed& tell) {
  return pushed_batch(wanted, between, tell).run();
}

} // namespace pgbraid
