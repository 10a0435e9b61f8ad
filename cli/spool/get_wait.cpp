// archive-get where WAL is fetched ahead.
// SPDX-License-Identifier: MIT
#include "cli/spool/get_wait.hpp"

#include "cli/spool/answer_place.hpp"
#include "cli/spool/background_start.hpp"
#include "cli/spool/pauses.hpp"
#include "cli/spool/spooled_wal.hpp"
#include "engine/base/log.hpp"
#include "engine/format/spool_status.hpp"
#include "engine/io/temporary_name.hpp"
#include "engine/plan/spool_get.hpp"
#include "engine/postgres/wal_name.hpp"
#include "storage/spool/spool_directory.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>

namespace pgbraid::cli {

namespace {

/// Another background process is at work and may be about to fetch what is wanted.
constexpr std::chrono::milliseconds others_turn(100);

class get_waiter {
public:
  get_waiter(const get_wait& wanted, const foreground_hands& hands)
      : wanted_(wanted), hands_(hands), background_(wanted.of, hands) {}

  result<int> run();

private:
  enum class next { wait, here };

  std::string ok_name() const { return wanted_.wal + std::string(format::spool_ok_suffix); }
  result<bool> take();
  void say_warnings() const;
  result<bool> is_missing(bool first);
  bool has_failed() const;
  result<std::optional<int>> look(bool first);
  result<bool> prepare();
  result<next> start(bool first);
  void refill(uint64_t segment_bytes);

  const get_wait& wanted_;
  const foreground_hands& hands_;
  background_start background_;
  const monotonic::time_point began_ = monotonic::now();
  std::optional<spool::spool_directory> spool_ = {};
  answer_place answers_ = {};
  bool doubted_ = false;
};

/// What was noted while the segment was fetched.
void get_waiter::say_warnings() const {
  const auto found = spool_->status(ok_name());
  if (!found || !*found)
    return;
  if (const auto& says = (*found)->says; says && !says->message.empty())
    log::warn("{}", says->message);
  if (auto removed = spool_->remove(ok_name()); !removed)
    log::warn("{}", removed.failure().message);
}

/// Whether the segment was there; it is at its destination then.
result<bool> get_waiter::take() {
  auto found = spool_->segment(wanted_.wal);
  if (!found)
    return found.failure();
  if (!*found)
    return false;
  const auto& segment = **found;
  if (const auto doubt = doubt_about(segment, wanted_.wal, wanted_.booted_ns)) {
    log::warn("'{}/{}' {} and is fetched again", spool_->path(), wanted_.wal, *doubt);
    if (auto removed = spool_->remove(wanted_.wal); !removed)
      return removed.failure();
    doubted_ = background_.any(); // Another one that is fetched so would be no better.
    return false;
  }
  say_warnings();
  if (auto taken = take_segment(*spool_, segment, wanted_.wal, wanted_.destination); !taken)
    return taken.failure();
  log::info("found {} in the archive asynchronously", wanted_.wal);
  refill(segment.size_bytes);
  return true;
}

/// Whether the background process looked for the segment and did not find it. What is of an earlier
/// time is forgotten: the segment may have come since.
result<bool> get_waiter::is_missing(bool first) {
  auto found = spool_->status(ok_name());
  if (!found)
    return found.failure();
  if (!*found)
    return false;
  if (first && wanted_.missing_retry) {
    if (auto removed = spool_->remove(ok_name()); !removed)
      return removed.failure();
    return false;
  }
  if (const auto& says = (*found)->says; says && !says->message.empty())
    log::warn("{}", says->message);
  log::info("unable to find {} in the archive asynchronously", wanted_.wal);
  return true;
}

bool get_waiter::has_failed() const {
  return spool_->contains(wanted_.wal + std::string(format::spool_error_suffix)) ||
         spool_->contains(format::spool_global_error);
}

/// Returns the exit status as soon as it is known.
result<std::optional<int>> get_waiter::look(bool first) {
  using status = std::optional<int>;
  if (!spool_) {
    auto opened = spool::spool_directory::open(wanted_.of.directory);
    if (!opened)
      return opened.failure();
    spool_ = std::move(*opened);
  }
  if (!spool_)
    return status();
  auto taken = take();
  if (!taken)
    return taken.failure();
  if (*taken)
    return status(0);
  auto missing = is_missing(first);
  if (!missing)
    return missing.failure();
  return *missing ? status(1) : status();
}

/// While nobody else is at work.
result<bool> get_waiter::prepare() {
  auto made = answers_.make(wanted_.of.directory);
  if (!made)
    return made.failure();
  spool_ = std::move(*made);
  if (auto cleared = answers_.clear(*spool_, wanted_.wal); !cleared)
    return cleared.failure();
  return true;
}

result<get_waiter::next> get_waiter::start(bool first) {
  // A process that was started here tells in time, or has ended without a word.
  if (background_.any())
    return background_.is_due() && !io::is_locked(wanted_.of.locks) ? next::here : next::wait;
  auto how = background_.again(wanted_.wal, [this] { return prepare(); });
  if (!how && answers_.has_no_room()) {
    log::warn("{}: {} is fetched synchronously", how.failure().message, wanted_.wal);
    return next::here;
  }
  if (!how)
    return how.failure();
  if (first || *how != background_start::outcome::busy)
    return next::wait;
  // Another one is at work, and may not have this segment on its list.
  const bool comes = spool_ && spool_->contains(wanted_.wal + std::string(io::temporary_suffix));
  return comes || monotonic::now() < began_ + others_turn ? next::wait : next::here;
}

/// Keeps the queue full behind the segment that was taken; what fails is no matter of that one.
void get_waiter::refill(uint64_t size_bytes) {
  const auto segment_bytes = static_cast<uint32_t>(size_bytes);
  const auto half = plan::half_way_segment(wanted_.wal, wanted_.queue_bytes, segment_bytes);
  if (half.empty() || spool_->contains(half))
    return;
  const auto first = postgres::next_segment(wanted_.wal, segment_bytes);
  const auto names = spool_->names();
  if (!names)
    return log::warn("{}", names.failure().message);
  if (!plan::wants_refill(plan::plan_queue(first, *names, wanted_.queue_bytes, segment_bytes),
                          wanted_.queue_bytes, segment_bytes))
    return;
  const auto started = background_.again(first, [this] { return prepare(); });
  if (!started)
    log::warn("{}", started.failure().message);
}

result<int> get_waiter::run() {
  pauses between(wanted_.of.timeout);
  for (bool first = true;; first = false) {
    auto status = look(first);
    if (!status)
      return status.failure();
    if (*status)
      return **status;
    // It is tried here once more: what heals within archive-timeout does not end a recovery.
    if (doubted_ || (!first && spool_ && has_failed()))
      return hands_.here();
    auto how = start(first);
    if (!how)
      return how.failure();
    if (*how == next::here)
      return hands_.here();
    if (between.are_over())
      return error{errc::archive_timeout,
                   fmt::format("unable to get WAL file '{}' from the archive asynchronously after "
                               "{} second(s)",
                               wanted_.wal, wanted_.of.timeout_text),
                   fmt::format("check '{}' for errors.", wanted_.of.background_log)};
    if (auto slept = between.pause(); !slept)
      return slept.failure();
  }
}

} // namespace

result<int> wait_for_get(const get_wait& wanted, const foreground_hands& hands) {
  return get_waiter(wanted, hands).run();
}

} // namespace pgbraid::cli
