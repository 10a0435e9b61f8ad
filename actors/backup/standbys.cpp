// Choosing standbys and waiting for their replay.
// SPDX-License-Identifier: MIT
#include "actors/backup/standbys.hpp"

#include "actors/backup/start_stop.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/postgres/wal_name.hpp"

#include <chrono>

namespace pgbraid {

namespace {

using clock = monotonic;

constexpr auto poll_every = std::chrono::milliseconds(100);

error is_ahead(const postgres::control_file& control, uint64_t lsn) {
  return {errc::db_mismatch,
          fmt::format("standby checkpoint '{}' is ahead of the backup start '{}'",
                      postgres::format_lsn(control.checkpoint_lsn), postgres::format_lsn(lsn)),
          "Does this standby follow the primary that is backed up?"};
}

error too_slow(uint64_t wanted, uint64_t reached, std::string_view what) {
  return {errc::archive_timeout,
          fmt::format("timeout before standby {} to {} - only reached {}", what,
                      postgres::format_lsn(wanted), postgres::format_lsn(reached)),
          "Does WAL reach the standby, by streaming or from the archive?"};
}

/// Waits one more time for something that moves, unless it has stood still for too long.
class patience {
public:
  explicit patience(std::chrono::milliseconds limit) : limit_(limit) {}
  /// @param reached  where the thing is now
  bool goes_on(uint64_t reached) {
    const auto now = clock::now();
    if (reached != last_) {
      last_ = reached;
      since_ = now;
    }
    if (now - since_ >= limit_ || stop_signal != 0)
      return false;
    sleep_unless_stopped(poll_every);
    return true;
  }

private:
  std::chrono::milliseconds limit_;
  uint64_t last_ = 0;
  clock::time_point since_ = clock::now();
};

result<void> wait_for_location(pg::pg_client& standby, uint64_t lsn,
                               std::chrono::milliseconds limit) {
  patience left(limit);
  while (true) {
    auto reached = standby.replay_location();
    if (!reached)
      return reached.failure();
    if (!*reached)
      return error{errc::archive_timeout,
                   "unable to query replay lsn on the standby using "
                   "'pg_last_wal_replay_lsn()'",
                   "Is this really a standby?"};
    // What is exactly at the start may be replayed up to it only.
    if (**reached > lsn)
      return success();
    if (!left.goes_on(**reached))
      return too_slow(lsn, **reached, "replayed");
  }
}

result<postgres::control_file> wait_for_checkpoint(cluster& standby, uint64_t lsn,
                                                   std::chrono::milliseconds limit) {
  patience left(limit);
  while (true) {
    auto control = standby.control_fields();
    if (!control || control->checkpoint_lsn >= lsn)
      return control;
    if (!left.goes_on(control->checkpoint_lsn))
      return too_slow(lsn, control->checkpoint_lsn, "checkpoint");
  }
}

} // namespace

result<std::vector<open_cluster>> choose_standbys(standby_wish wish,
                                                  std::vector<open_cluster> found) {
  if (wish == standby_wish::none)
    return std::vector<open_cluster>();
  if (!found.empty())
    return found;
  if (wish == standby_wish::required)
    return error{errc::db_connect, "unable to find standby cluster - cannot proceed",
                 "Is a standby configured, and does it answer?\nWith backup-standby=prefer the "
                 "primary is read when there is none."};
  log::warn("unable to find a standby to perform the backup, using primary instead");
  return found;
}

result<void> wait_for_replay(open_cluster& standby, const backup_begin& begun,
                             std::chrono::milliseconds limit) {
  const auto lsn = begun.at.lsn;
  auto control = standby->control_fields();
  if (!control)
    return control.failure();
  if (control->checkpoint_lsn > lsn)
    return is_ahead(*control, lsn);
  log::info("wait for replay on the standby to reach {}", postgres::format_lsn(lsn));
  if (auto there = wait_for_location(standby.client, lsn, limit); !there)
    return there;
  if (auto made = standby.client.checkpoint(); !made)
    return made;
  auto now = wait_for_checkpoint(*standby.place, lsn, limit);
  if (!now)
    return now.failure();
  if (now->timeline != begun.control.timeline)
    return error{errc::db_mismatch, fmt::format("standby is on timeline {} but expected {}",
                                                now->timeline, begun.control.timeline)};
  log::info("replay on the standby reached {}", postgres::format_lsn(lsn));
  return success();
}

result<void> wait_for_standbys(std::vector<open_cluster>& standbys, const backup_begin& begun,
                               std::chrono::milliseconds limit) {
  for (size_t i = 0; i < standbys.size();) {
    auto there = wait_for_replay(standbys[i], begun, limit);
    if (there) {
      ++i;
      continue;
    }
    if (standbys.size() == 1 || stop_signal != 0)
      return there;
    log::warn("{} is not read: {}", standbys[i]->name(), there.failure().message);
    standbys.erase(standbys.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return success();
}

} // namespace pgbraid
