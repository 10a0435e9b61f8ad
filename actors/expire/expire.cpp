// Removes the backups and the WAL of one repository that retention no longer keeps.
// Source: cli/command/README.md, section 8.
// SPDX-License-Identifier: MIT
#include "actors/expire/expire.hpp"

#include "actors/expire/expire_archive.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/plan/expire_backups.hpp"
#include "storage/repository/backup_claim.hpp"
#include "storage/repository/leftovers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace pgbraid {

namespace {

using backup_sets = std::vector<std::vector<std::string>>;

class repository_expiry {
public:
  repository_expiry(repository& repo, const expire_settings& settings)
      : repo_(repo), settings_(settings) {}

  result<void> run() {
    auto info = repo_.load_backup_info();
    if (!info)
      return info.failure();
    auto found = reconcile(repo_, *info);
    if (!found)
      return found.failure();
    on_disk_ = std::move(found->on_disk);
    for (const auto& line : found->warnings)
      log::warn("{}: {}", repo_.name(), line);
    unreadable_ = std::move(found->unreadable);
    auto sets = choose_sets(*info);
    if (!sets)
      return sets.failure();
    if (auto done = expire_backups(*info, *sets); !done)
      return done;
    // Their manifests are gone: from here on the expired backups do not exist for anybody.
    if ((!sets->empty() || found->changed) && !settings_.dry_run) {
      if (auto saved = repo_.save(*info); !saved)
        return saved;
    }
    if (auto done = remove_directories(*info); !done)
      return done;
    if (found->why_unreadable)
      return what_is_kept(*found->why_unreadable);
    const auto sound = settings_.follows_backup ? plan::newest_sound_full(*info) : std::nullopt;
    return expire_archive(repo_,
                          {.fulls = settings_.archive_fulls,
                           .keep_from = sound.value_or(""),
                           .dry_run = settings_.dry_run},
                          *info);
  }

private:
  result<backup_sets> choose_sets(const format::backup_info& info);
  void keep_sound_set(const format::backup_info& info, backup_sets& sets) const;
  error what_is_kept(const error& why) const;
  result<void> expire_backups(format::backup_info& info, const backup_sets& sets);
  result<bool> is_somebodys(const std::string& label);
  result<void> remove_directories(const format::backup_info& info);

  repository& repo_;
  const expire_settings& settings_;
  std::vector<disk_backup> on_disk_ = {};
  std::vector<std::string> unreadable_ = {}; ///< backups whose manifest cannot be read now
  std::vector<std::string> expired_ = {};    ///< by this run
  std::optional<int64_t> now_s_ = {};        ///< of the repository, once it was asked for
};

/// Which sets go. A backup that may be worth nothing is no reason to remove others.
result<backup_sets> repository_expiry::choose_sets(const format::backup_info& info) {
  backup_sets sets;
  if (settings_.fulls)
    sets = plan::expired_sets(info, *settings_.fulls, unreadable_);
  if (settings_.follows_backup)
    keep_sound_set(info, sets);
  const auto bad = plan::oldest_left_with_errors(info, sets);
  if (!bad)
    return sets;
  const error what{errc::checksum,
                   fmt::format("oldest retained backup {} contains invalid page checksum(s)", *bad),
                   "use info --set command to get details about errors in the backup."};
  if (!settings_.follows_backup && !sets.empty() && settings_.bad_pages_stop)
    return what;
  log::warn("{}", what.within(repo_.name()).text());
  return sets;
}

void repository_expiry::keep_sound_set(const format::backup_info& info, backup_sets& sets) const {
  const auto sound = plan::newest_sound_full(info);
  if (!sound)
    return;
  const auto set = std::ranges::find(sets, *sound, [](const auto& one) { return one.front(); });
  if (set == sets.end())
    return;
  log::warn("{}: backup set {} is kept although retention does not need it, since all newer full "
            "backups contain invalid page checksum(s)",
            repo_.name(), fmt::join(*set, ", "));
  sets.erase(set);
}

/// What cannot be read now may be readable tomorrow.
error repository_expiry::what_is_kept(const error& why) const {
  return {
      why.code,
      fmt::format("no WAL is expired, and nothing of the set(s) of backup(s) {}, whose manifest "
                  "cannot be read: {}",
                  fmt::join(unreadable_, ", "), why.message),
      why.hint};
}

/// Takes expired backups out of `info` and removes their manifests, the newest dependent first.
result<void> repository_expiry::expire_backups(format::backup_info& info, const backup_sets& sets) {
  for (const auto& set : sets) {
    log::info("{}: expire full backup {}{}", repo_.name(), set.size() > 1 ? "set " : "",
              fmt::join(set, ", "));
    for (auto label = set.rbegin(); label != set.rend(); ++label) {
      if (!settings_.dry_run) {
        if (auto done = repo_.remove_manifest(*label); !done)
          return done.failure();
        if (const auto here = std::ranges::find(on_disk_, *label, &disk_backup::label);
            here != on_disk_.end())
          *here = {.label = *label};
      }
      info.remove(*label);
      expired_.push_back(*label);
    }
  }
  return success();
}

/// Whether somebody works on an incomplete backup, or has completed it since it was listed: locks
/// do not tell of other hosts.
result<bool> repository_expiry::is_somebodys(const std::string& label) {
  const auto seen = std::ranges::find(on_disk_, label, &disk_backup::label);
  if (seen->has_manifest || std::ranges::count(expired_, label) > 0)
    return false;
  if (!now_s_)
    now_s_ = settings_.dry_run ? wall_s()
                               : storage_time_s(repo_.files(), format::backup_path(repo_.stanza()),
                                                settings_.exec_id);
  auto busy = is_in_progress(repo_, label, *now_s_);
  if (!busy || *busy)
    return busy;
  auto now = repo_.look_at_backup(label);
  if (!now)
    return now.failure();
  return now->has_manifest;
}

result<void> repository_expiry::remove_directories(const format::backup_info& info) {
  std::vector<plan::backup_directory> directories;
  for (const auto& backup : on_disk_)
    directories.push_back({backup.label, backup.has_manifest, backup.has_copy});
  const auto labels = plan::abandoned_directories(info, directories, unreadable_);
  for (auto label = labels.rbegin(); label != labels.rend(); ++label) {
    auto busy = is_somebodys(*label);
    if (!busy)
      return busy.failure();
    if (*busy) {
      log::info("{}: backup {} is left alone: somebody may be making it", repo_.name(), *label);
      continue;
    }
    log::info("{}: remove expired backup {}", repo_.name(), *label);
    if (settings_.dry_run)
      continue;
    if (auto done = repo_.remove_manifest(*label); !done)
      return done;
    if (auto done = repo_.remove_backup(*label); !done)
      return done;
  }
  return settings_.dry_run ? success() : sweep_temporary(repo_, settings_.exec_id);
}

/// Nobody else has the lock: whoever wrote these is gone.
result<void> clear_away(repository& repo) {
  auto gone = remove_leftovers(repo, wall_s());
  if (!gone)
    return gone.failure();
  for (const auto& path : *gone)
    log::detail("{}: removed '{}', which was left behind", repo.name(), path);
  return success();
}

} // namespace

result<void> expire(repository& repo, const expire_settings& settings) {
  if (auto done = repository_expiry(repo, settings).run(); !done)
    return done;
  return settings.dry_run ? success() : clear_away(repo);
}

} // namespace pgbraid
