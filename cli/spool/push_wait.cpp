// archive-push where WAL is archived asynchronously.
// SPDX-License-Identifier: MIT
#include "cli/spool/push_wait.hpp"

#include "cli/spool/answer_place.hpp"
#include "cli/spool/background_start.hpp"
#include "cli/spool/pauses.hpp"
#include "engine/base/log.hpp"
#include "engine/format/spool_status.hpp"
#include "storage/spool/spool_directory.hpp"
#include "storage/spool/wal_time.hpp"

#include <fmt/format.h>

#include <optional>

namespace pgbraid::cli {

namespace {

class push_waiter {
public:
  push_waiter(const push_wait& wanted, const foreground_hands& hands)
      : wanted_(wanted), hands_(hands), background_(wanted.of, hands) {}

  result<int> run();

private:
  result<bool> look_for_ok();
  result<void> look_for_errors() const;
  result<bool> look(bool first);
  result<bool> prepare();
  result<bool> start();

  const push_wait& wanted_;
  const foreground_hands& hands_;
  background_start background_;
  std::optional<spool::spool_directory> spool_ = {};
  answer_place answers_ = {};
  bool refused_ = false; ///< an answer was removed: what comes now is new
};

/// Whether the spool says that the file is archived.
result<bool> push_waiter::look_for_ok() {
  const auto name = wanted_.wal + std::string(format::spool_ok_suffix);
  auto ok = spool_->status(name);
  if (!ok)
    return ok.failure();
  if (!*ok)
    return false;
  const auto& found = **ok;
  // Of an older file with the same name: PostgreSQL would throw away one that nobody archived.
  const bool outdated =
      !refused_ && !background_.any() &&
      spool::is_older_than_wal(found.changed_ns, wanted_.wal_directory, wanted_.wal);
  if (!outdated && found.says) {
    const auto& [code, message] = *found.says;
    if (code != 0)
      log::warn("WAL segment '{}' was not pushed due to error [{}] and was manually skipped: {}",
                wanted_.wal, code, message);
    else if (!message.empty())
      log::warn("{}", message);
    log::info("pushed WAL file '{}' to the archive asynchronously", wanted_.wal);
    return true;
  }
  if (outdated)
    log::warn("'{}/{}' is older than the WAL file and is not believed", spool_->path(), name);
  else
    log::warn("{}", found.says.failure().message);
  if (auto removed = spool_->remove(name); !removed)
    return removed.failure();
  refused_ = true;
  return false;
}

result<void> push_waiter::look_for_errors() const {
  for (const auto& name : {wanted_.wal + std::string(format::spool_error_suffix),
                           std::string(format::spool_global_error)}) {
    auto found = spool_->status(name);
    if (!found)
      return found.failure();
    if (!*found)
      continue;
    const auto& says = (*found)->says;
    if (!says)
      return says.failure();
    return error{static_cast<errc>(says->code), says->message};
  }
  return success();
}

/// Errors count from the second look on: what the first one finds is of another time.
result<bool> push_waiter::look(bool first) {
  if (!spool_) {
    auto opened = spool::spool_directory::open(wanted_.of.directory);
    if (!opened)
      return opened.failure();
    spool_ = std::move(*opened);
  }
  if (!spool_)
    return false;
  auto there = look_for_ok();
  if (!there || *there || first)
    return there;
  if (auto none = look_for_errors(); !none)
    return none.failure();
  return false;
}

/// While nobody else is at work.
result<bool> push_waiter::prepare() {
  auto made = answers_.make(wanted_.of.directory);
  if (!made)
    return made.failure();
  spool_ = std::move(*made);
  // The answer may have come between our look and the end of who gave it.
  if (const auto ok = spool_->status(wanted_.wal + std::string(format::spool_ok_suffix)); ok && *ok)
    return false;
  if (auto cleared = answers_.clear(*spool_, wanted_.wal); !cleared)
    return cleared.failure();
  return true;
}

/// Returns false where the file has to be archived here.
result<bool> push_waiter::start() {
  if (!background_.is_due())
    return true;
  // Somebody else than PostgreSQL's archiver asks: no background process would find the file.
  if (!spool::is_waiting(wanted_.wal_directory, wanted_.wal))
    return false;
  auto how = background_.again(wanted_.wal_directory, [this] { return prepare(); });
  if (how)
    return true;
  if (!answers_.has_no_room())
    return how.failure();
  log::warn("{}: WAL file '{}' is archived synchronously", how.failure().message, wanted_.wal);
  return false;
}

result<int> push_waiter::run() {
  pauses between(wanted_.of.timeout);
  for (bool first = true;; first = false) {
    auto done = look(first);
    if (!done)
      return done.failure();
    if (*done)
      return 0;
    auto waits = start();
    if (!waits)
      return waits.failure();
    if (!*waits)
      return hands_.here();
    if (between.are_over())
      return error{errc::archive_timeout,
                   fmt::format("unable to push WAL file '{}' to the archive asynchronously after "
                               "{} second(s)",
                               wanted_.wal, wanted_.of.timeout_text),
                   fmt::format("check '{}' for errors.", wanted_.of.background_log)};
    if (auto slept = between.pause(); !slept)
      return slept.failure();
  }
}

} // namespace

result<int> wait_for_push(const push_wait& wanted, const foreground_hands& hands) {
  return push_waiter(wanted, hands).run();
}

} // namespace pgbraid::cli
