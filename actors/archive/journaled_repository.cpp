// A repository that PostgreSQL does not wait for.
// SPDX-License-Identifier: MIT
#include "actors/archive/journaled_repository.hpp"

#include "actors/archive/journal_age.hpp"
#include "actors/archive/journal_copy.hpp"
#include "actors/archive/push_session.hpp"
#include "engine/base/caught.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/base/side_by_side.hpp"
#include "engine/base/stop_signal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace pgbraid {

namespace {

using std::chrono::milliseconds;

/// How soon somebody who waits hears of a signal.
constexpr milliseconds listening(100);

/// Whether it is this file that is wrong, whenever it is tried. Everything else may be over the
/// next time, and costs no WAL: what the repository says, and what this host lacks for a moment.
bool is_of_file(errc code) {
  return code == errc::archive_duplicate || code == errc::archive_mismatch ||
         code == errc::checksum || code == errc::file_missing || code == errc::file_read ||
         code == errc::format || code == errc::version_not_supported;
}

} // namespace

/// Shared with the threads aside.
class journaled_repository::work : public std::enable_shared_from_this<work> {
public:
  work(const journaled_door& to, const push_request& how, std::shared_ptr<storage> wal,
       std::shared_ptr<storage> pgdata, const besides_limits& limits)
      : door_(to), key_(to.door.key), only_drains_(to.only_drains), journal_(to.journal), how_(how),
        wal_(std::move(wal)), pgdata_(std::move(pgdata)), limits_(limits),
        session_(pgdata_.get(), {to.door}, how.answer_limit) {
    // Where it is there already, that is what was wanted.
    how_.says_when_there = false;
    how_.warn = push_request{}.warn;
  }

  void begin();
  result<void> take(const push_request& wanted);
  void give_up_old();
  void finish(const std::function<bool()>& is_needless);
  void leave() {
    const std::lock_guard held(mutex_);
    leaving_ = true;
    changed_.notify_all();
  }

private:
  enum class state : uint8_t {
    idle,     ///< nobody asked it, or it is to be left alone
    asking,   ///< it did not answer yet
    draining, ///< it gets what waits
    level,    ///< nothing waits
    behind,   ///< something waits, and no time is left for it
    failed,
  };
  using lock = std::unique_lock<std::mutex>;

  void run();
  result<void> drain();
  result<bool> drain_once(monotonic::time_point begun, size_t& count);
  result<void> store_kept(const plan::journal_entry& entry);
  bool is_level(uint64_t seen);
  void enter(state next);
  void moved();
  void fail(const std::string& why);
  void takes_wal();
  push_request request_of(const push_request& wanted) const;
  result<bool> wait_until_level();
  result<bool> store_new(const push_request& wanted);
  result<void> keep(const push_request& wanted, const std::optional<error>& refused);
  void settle(const journal_copy& copied, const push_request& wanted,
              const std::optional<error>& refused);

  const journaled_door door_;
  const unsigned key_;
  const bool only_drains_;
  journal::wal_journal journal_;
  push_request how_;
  const std::shared_ptr<storage> wal_;
  const std::shared_ptr<storage> pgdata_;
  const besides_limits limits_;
  push_session session_;
  std::mutex mutex_ = {}; ///< guards what follows
  std::condition_variable changed_ = {};
  state state_ = state::idle;
  monotonic::time_point moved_ = {}; ///< when something got on
  bool leaving_ = false;
  size_t keeping_ = 0;       ///< files that are being copied into the journal
  uint64_t kept_ = 0;        ///< how many were
  std::string storing_ = {}; ///< WAL file of the journal that is on its way
  std::optional<plan::journal_hold> hold_ = {};
};

void journaled_repository::work::enter(state next) {
  const std::lock_guard held(mutex_);
  if (state_ != state::failed) // It is not believed any more.
    state_ = next;
  moved_ = monotonic::now();
  changed_.notify_all();
}

void journaled_repository::work::moved() {
  const std::lock_guard held(mutex_);
  moved_ = monotonic::now();
  changed_.notify_all();
}

/// It is left alone for a while, by those who come next, too.
void journaled_repository::work::fail(const std::string& why) {
  std::optional<plan::journal_hold> hold;
  {
    const std::lock_guard held(mutex_);
    if (std::exchange(state_, state::failed) == state::failed)
      return;
    changed_.notify_all();
    if (should_stop()) // That is not its fault.
      return;
    hold_ = hold = plan::hold_after(hold_, wall_s(), why);
  }
  log::warn("repo{} does not take WAL, which is kept for it in '{}': {}", key_, journal_.shown(),
            why);
  if (auto noted = journal_.set_hold(hold); !noted)
    log::detail("{}", noted.failure().message);
}

void journaled_repository::work::takes_wal() {
  {
    const std::lock_guard held(mutex_);
    if (!hold_)
      return;
    hold_.reset();
  }
  log::info("repo{} takes WAL again", key_);
  if (auto noted = journal_.set_hold({}); !noted)
    log::detail("{}", noted.failure().message);
}

void journaled_repository::work::give_up_old() {
  std::string under_way;
  {
    const std::lock_guard held(mutex_);
    under_way = storing_;
  }
  pgbraid::give_up_old(door_, under_way);
}

void journaled_repository::work::begin() {
  give_up_old();
  auto there = journal_.look();
  if (there)
    for (const auto& name : there->passed_over)
      log::warn("'{}' in '{}' is no regular file, and is passed over", name, journal_.shown());
  if (!there)
    log::warn("the journal of repo{} cannot be read: {}", key_, there.failure().message);
  else if (there->hold && !plan::is_try_due(*there->hold, wall_s())) {
    log::detail("repo{} is left alone for now: {}", key_, there->hold->why);
    return;
  } else
    hold_ = there->hold;
  enter(state::asking);
  run_aside([self = shared_from_this()] { self->run(); });
}

void journaled_repository::work::run() {
  const auto done = caught([this]() -> result<void> {
    if (auto opened = session_.open(); !opened)
      return opened;
    if (auto any = session_.require_any(); !any)
      return any;
    enter(state::draining);
    return drain();
  });
  if (!done)
    fail(done.failure().message);
}

push_request journaled_repository::work::request_of(const push_request& wanted) const {
  auto out = how_;
  out.wal = wanted.wal;
  return out;
}

/// Fails where the repository does.
result<void> journaled_repository::work::store_kept(const plan::journal_entry& entry) {
  auto wanted = how_;
  wanted.wal = {.directory = journal_.shown(), .name = entry.wal, .file = journal_.path_of(entry)};
  wanted.checksum = entry.checksum;
  const auto stored = session_.store(wanted, *journal_.files());
  if (!stored && stored.failure().code == errc::file_missing)
    return success(); // Somebody else was faster.
  if (!stored && !is_of_file(stored.failure().code))
    return stored;
  if (stored) {
    log::detail("pushed WAL file '{}' from the journal to repo{}", entry.wal, key_);
    return journal_.forget(entry);
  }
  log::warn("repo{} does not get WAL file '{}', which is left aside in '{}': {}", key_, entry.wal,
            journal_.shown(), stored.failure().text());
  // With other content it is there. What is damaged is lost for this repository.
  if (stored.failure().code != errc::archive_duplicate)
    if (auto noted = journal_.note_gap(entry.wal, entry.size_bytes); !noted)
      return noted.failure();
  return journal_.set_aside(entry);
}

/// Nothing waits, and nothing was put there since somebody looked.
bool journaled_repository::work::is_level(uint64_t seen) {
  lock held(mutex_);
  while (keeping_ > 0 && !leaving_)
    wait_until(changed_, held, monotonic::now() + listening);
  if (kept_ != seen || leaving_)
    return false;
  if (state_ == state::draining)
    state_ = state::level;
  changed_.notify_all();
  return true;
}

/// Goes through what waits now. Returns whether to look again.
result<bool> journaled_repository::work::drain_once(monotonic::time_point begun, size_t& count) {
  uint64_t seen = 0;
  {
    const std::lock_guard held(mutex_);
    seen = kept_;
  }
  const auto there = journal_.look();
  if (!there)
    return there.failure();
  if (there->waiting.empty() && is_level(seen))
    return false;
  for (const auto& entry : there->waiting) {
    {
      const std::lock_guard held(mutex_);
      if (state_ != state::draining)
        return false;
      if (leaving_ || count == limits_.drained_files ||
          monotonic::now() - begun >= limits_.draining) {
        state_ = state::behind;
        changed_.notify_all();
        return false;
      }
      storing_ = entry.wal;
    }
    ++count;
    const auto stored = store_kept(entry);
    {
      const std::lock_guard held(mutex_);
      storing_.clear();
    }
    if (!stored)
      return stored.failure();
    takes_wal();
    moved();
  }
  const std::lock_guard held(mutex_);
  return !leaving_;
}

result<void> journaled_repository::work::drain() {
  if (auto removed = journal_.remove_leftovers(); !removed)
    log::warn("{}", removed.failure().message);
  size_t count = 0;
  const auto begun = monotonic::now();
  result<bool> more = true;
  while (more && *more)
    more = drain_once(begun, count);
  if (!more)
    return more.failure();
  {
    const std::lock_guard held(mutex_);
    if (state_ == state::draining)
      state_ = state::behind;
    changed_.notify_all();
  }
  if (count > 0)
    log::info("pushed {} WAL file(s) from the journal to repo{}", count, key_);
  return success();
}

/// Returns whether a new file may be stored before it was kept: then nothing waits.
result<bool> journaled_repository::work::wait_until_level() {
  lock held(mutex_);
  while (true) {
    if (should_stop())
      return error{errc::term, "terminated while WAL was archived"};
    if (state_ == state::level)
      return true;
    const bool waits =
        state_ == state::asking || (state_ == state::draining && limits_.waits_for_drain);
    if (!waits)
      return false;
    const auto until = moved_ + (state_ == state::asking ? limits_.answer : limits_.file);
    const auto now = monotonic::now();
    if (now >= until) {
      const bool answered = state_ != state::asking;
      held.unlock();
      fail(answered ? "nothing got on for a while" : "there was no answer in time");
      return false;
    }
    wait_until(changed_, held, std::min(until, now + listening));
  }
}

/// Returns whether the repository has it. Fails where it has another content of that name.
result<bool> journaled_repository::work::store_new(const push_request& wanted) {
  struct answer {
    std::optional<result<void>> stored = {};
  };
  const auto said = std::make_shared<answer>();
  run_aside([self = shared_from_this(), said, request = request_of(wanted)] {
    auto stored = caught([&] { return self->session_.store(request, *self->wal_); });
    const std::lock_guard held(self->mutex_);
    said->stored.emplace(std::move(stored));
    self->changed_.notify_all();
  });
  const auto until = monotonic::now() + limits_.file;
  {
    lock held(mutex_);
    while (!said->stored && state_ == state::level && monotonic::now() < until) {
      if (should_stop())
        return error{errc::term, "terminated while WAL was archived"};
      wait_until(changed_, held, std::min(until, monotonic::now() + listening));
    }
  }
  const auto stored = [&]() -> std::optional<result<void>> {
    const std::lock_guard held(mutex_);
    return said->stored;
  }();
  if (stored && *stored) {
    takes_wal();
    return true;
  }
  if (stored && stored->failure().code == errc::archive_duplicate)
    return stored->failure();
  if (stored && is_of_file(stored->failure().code)) { // It is looked at again when it is kept.
    log::detail("{}", stored->failure().message);
    return false;
  }
  fail(stored ? stored->failure().message : "a file was not stored in time");
  return false;
}

/// What is told of a file that was not stored at once.
void journaled_repository::work::settle(const journal_copy& copied, const push_request& wanted,
                                        const std::optional<error>& refused) {
  const auto& name = wanted.wal.name;
  if (!copied.kept && copied.new_gap)
    wanted.warn(fmt::format(
        "repo{} will have a gap from WAL file '{}' on: {}\n"
        "HINT: a backup that is made there after the gap does not need what is missing.",
        key_, name,
        copied.why ? copied.why->message : "as much is kept for it as archive-journal-max allows"));
  else if (!copied.kept)
    log::detail("WAL file '{}' will be missing in repo{}, too", name, key_);
  else if (!refused)
    log::detail("WAL file '{}' is kept for repo{}", name, key_);
  else
    wanted.warn(fmt::format("repo{} does not get WAL file '{}', which is left aside in '{}': {}",
                            key_, name, journal_.shown(), refused->message));
}

/// @param refused  why the repository will not get this file, whatever is tried
result<void> journaled_repository::work::keep(const push_request& wanted,
                                              const std::optional<error>& refused) {
  {
    const std::lock_guard held(mutex_);
    ++keeping_;
  }
  auto copied = keep_for_later(journal_, *wal_, wanted.wal);
  if (copied && copied->kept && refused)
    if (auto moved = journal_.set_aside(*copied->kept); !moved)
      copied = moved.failure();
  {
    const std::lock_guard held(mutex_);
    --keeping_;
    ++kept_;
    changed_.notify_all();
  }
  if (!copied)
    return copied.failure().within(fmt::format("repo{}", key_));
  settle(*copied, wanted, refused);
  return success();
}

result<void> journaled_repository::work::take(const push_request& wanted) {
  const auto level = wait_until_level();
  if (!level)
    return level.failure();
  if (only_drains_)
    return success();
  std::optional<error> refused;
  if (*level) {
    const auto stored = store_new(wanted);
    if (stored && *stored)
      return success();
    if (!stored && stored.failure().code == errc::term)
      return stored.failure();
    if (!stored)
      refused = stored.failure();
  }
  return keep(wanted, refused);
}

void journaled_repository::work::finish(const std::function<bool()>& is_needless) {
  lock held(mutex_);
  while (state_ == state::asking || state_ == state::draining) {
    const auto now = monotonic::now();
    if (now >= moved_ + (state_ == state::asking ? limits_.answer : limits_.file)) {
      held.unlock();
      return fail("nothing got on for a while");
    }
    wait_until(changed_, held, now + listening);
    if (leaving_)
      continue;
    held.unlock();
    const bool needless = is_needless();
    held.lock();
    leaving_ = needless || should_stop();
  }
}

journaled_repository::journaled_repository(const journaled_door& to, const push_request& how,
                                           std::shared_ptr<storage> wal,
                                           std::shared_ptr<storage> pgdata,
                                           const besides_limits& limits)
    : work_(std::make_shared<work>(to, how, std::move(wal), std::move(pgdata), limits)) {}

journaled_repository::~journaled_repository() {
  work_->leave();
}

void journaled_repository::begin() {
  work_->begin();
}

result<void> journaled_repository::take(const push_request& wanted) {
  return work_->take(wanted);
}

void journaled_repository::give_up_old() {
  work_->give_up_old();
}

void journaled_repository::finish(const std::function<bool()>& is_needless) {
  work_->finish(is_needless);
}

} // namespace pgbraid
