// Puts the WAL files that wait into every repository.
// SPDX-License-Identifier: MIT
#include "actors/archive/push_batch.hpp"

#include "actors/archive/batch_workers.hpp"
#include "actors/archive/push_besides.hpp"
#include "actors/archive/push_session.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/plan/spool_push.hpp"
#include "engine/postgres/wal_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>
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
        besides_(wanted.each, between, batch_limits),
        session_(between.pgdata.get(), between.to, wanted.each.answer_limit) {}

  result<void> run();

private:
  uint64_t segment_bytes() const;
  result<void> give_up_all() const;
  std::optional<std::string> next();
  void work(unsigned process);
  pushed_wal push(const std::string& name, unsigned process);
  void settle(const pushed_wal& done, unsigned process);

  const push_batch_request& wanted_;
  const push_ends& between_;
  const tell_pushed& tell_;
  push_besides besides_;
  push_session session_;
  size_t count_ = 0; ///< files of this batch
  std::mutex mutex_ = {};
  size_t begun_ = 0;
  bool failed_ = false;               ///< a file of it: no other is begun
  std::optional<error> failure_ = {}; ///< of all
};

/// Of the first segment, where pg_control does not say it.
uint64_t pushed_batch::segment_bytes() const {
  if (session_.segment_bytes() > 0)
    return session_.segment_bytes();
  const auto one = std::ranges::find_if(wanted_.due, postgres::is_segment_or_partial_name);
  if (one == wanted_.due.end())
    return 0;
  const auto about = between_.wal->info(*one);
  return about && *about ? (*about)->size_bytes : 0;
}

result<void> pushed_batch::give_up_all() const {
  for (const auto& name : wanted_.due) {
    const auto text = dropped_text(name, *wanted_.each.queue_max);
    log::warn("{}", text);
    if (auto told = tell_({.name = name, .warnings = text}); !told)
      return told;
  }
  return success();
}

/// The next file, unless something speaks against beginning another one.
std::optional<std::string> pushed_batch::next() {
  const std::lock_guard held(mutex_);
  if (failed_ || failure_ || begun_ == count_ || should_stop())
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
    done.outcome = besides_.take(each);
  return done;
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
                           done.outcome.failure().text()),
               process);
  const auto told = tell_(done);
  const std::lock_guard held(mutex_);
  failed_ = failed_ || !done.outcome;
  if (!told && !failure_)
    failure_ = told.failure();
}

void pushed_batch::work(unsigned process) {
  while (const auto name = next())
    settle(push(*name, process), process);
}

result<void> pushed_batch::run() {
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
    return give_up_all();
  if (auto any = session_.require_any(); !any)
    return any;
  const polled_signals polling; // All workers': theirs come and go.
  run_workers(plan::batch_workers(count_, wanted_.process_max, each_bytes),
              [this](unsigned process) { work(process); });
  if (!failure_)
    besides_.finish([this] { return !wanted_.is_idle || !wanted_.is_idle(); });
  if (failure_)
    return *failure_;
  if (should_stop())
    return error{errc::term, "terminated while WAL was archived"};
  if (failed_ && begun_ < wanted_.due.size())
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
