// Removes the backups and the WAL of one repository that retention no longer keeps.
// Source: cli/command/README.md, section 8.
// SPDX-License-Identifier: MIT
#include "actors/expire/expire.hpp"

#include "actors/expire/expire_archive.hpp"
#include "actors/expire/expire_choice.hpp"
#include "actors/expire/expire_history.hpp"
#include "actors/expire/removals.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/plan/expire_backups.hpp"
#include "storage/repository/backup_claim.hpp"
#include "storage/repository/leftovers.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace pgbraid {

namespace {

class repository_expiry {
public:
  repository_expiry(repository& repo, const expire_settings& settings, removals& with)
      : repo_(repo), settings_(settings), with_(with) {}

  result<void> run();

private:
  result<void> look();
  result<void> remove_backups(const plan::backup_expiry& going);
  void tell_held(const std::vector<std::string>& set, const std::string& label,
                 const error& why) const;
  result<void> repoint_latest();
  result<void> remove_directories();
  result<void> remove_archive(const plan::retention& keep);
  error what_is_kept(const error& why) const;
  result<bool> is_running(const std::string& label);
  result<bool> is_somebodys(const std::string& label);
  bool is_hopeless(const disk_backup& incomplete);

  repository& repo_;
  const expire_settings& settings_;
  removals& with_;
  format::backup_info info_ = {};
  bool changed_ = false; ///< what backup.info says
  std::vector<disk_backup> on_disk_ = {};
  std::vector<std::string> unreadable_ = {}; ///< backups whose manifest cannot be read now
  std::optional<error> why_unreadable_ = {};
  std::vector<std::string> running_ = {}; ///< incomplete backups that somebody may be making
  std::vector<std::string> expired_ = {}; ///< by this run, or one before it
  std::optional<int64_t> now_s_ = {};     ///< of the repository, once it was asked for
};

result<void> repository_expiry::run() {
  if (auto done = look(); !done)
    return done;
  const auto choice = choose_backups(repo_, settings_, {info_, unreadable_, running_, wall_s()});
  if (!choice)
    return choice.failure();
  if (auto done = remove_backups(choice->backups); !done)
    return done;
  if (auto done = repoint_latest(); !done)
    return done;
  // Their manifests are gone: from here on the expired backups do not exist for anybody.
  if (changed_ && !settings_.dry_run) {
    if (auto saved = repo_.save(info_); !saved)
      return saved;
  }
  if (auto done = remove_directories(); !done)
    return done;
  if (why_unreadable_)
    return what_is_kept(*why_unreadable_);
  if (auto done = remove_archive(choice->keep); !done)
    return done;
  if (auto done = expire_history(repo_, info_, choice->keep, with_); !done)
    return done;
  warn_of_bad_pages(repo_, info_);
  return success();
}

/// What there is, and what nobody may touch.
result<void> repository_expiry::look() {
  auto info = repo_.load_backup_info();
  if (!info)
    return info.failure();
  const auto listed = info->backups;
  auto found = reconcile(repo_, *info);
  if (!found)
    return found.failure();
  info_ = std::move(*info);
  changed_ = found->changed;
  on_disk_ = std::move(found->on_disk);
  unreadable_ = std::move(found->unreadable);
  why_unreadable_ = std::move(found->why_unreadable);
  for (const auto& line : found->warnings)
    log::warn("{}: {}", repo_.name(), line);
  // Of one that was listed and has no manifest another run took it, and was cut off.
  for (const auto& one : listed)
    if (info_.find(one.label) == nullptr)
      expired_.push_back(one.label);
  for (const auto& one : on_disk_) {
    if (one.has_manifest || !one.has_copy || std::ranges::count(expired_, one.label) > 0 ||
        format::type_of_label(one.label) == format::backup_type::full)
      continue;
    auto running = is_running(one.label);
    if (!running)
      return running.failure();
    if (*running)
      running_.push_back(one.label);
  }
  return success();
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

/// Takes expired backups out of backup.info and removes their manifests, the newest dependent
/// first. One whose manifest the store holds stays a backup, and so does all that it may depend on.
result<void> repository_expiry::remove_backups(const plan::backup_expiry& going) {
  for (const auto& set : going.sets) {
    log::info("{}: {}", repo_.name(), plan::in_words(set));
    for (auto label = set.labels.rbegin(); label != set.labels.rend(); ++label) {
      if (!settings_.dry_run) {
        auto done = repo_.remove_manifest(*label);
        if (!done && done.failure().held) {
          tell_held(set.labels, *label, done.failure());
          break;
        }
        if (!done)
          return done;
        if (const auto here = std::ranges::find(on_disk_, *label, &disk_backup::label);
            here != on_disk_.end())
          *here = {.label = *label};
      }
      info_.remove(*label);
      expired_.push_back(*label);
      changed_ = true;
    }
  }
  return success();
}

void repository_expiry::tell_held(const std::vector<std::string>& set, const std::string& label,
                                  const error& why) const {
  const auto kept =
      std::span(set).first(static_cast<size_t>(std::ranges::find(set, label) - set.begin()) + 1);
  log::info("{}: backup(s) {} may not be removed yet and stay: {}", repo_.name(),
            fmt::join(kept, ", "), why.message);
}

/// `latest` names the newest backup of those that are left, if what it named is gone.
result<void> repository_expiry::repoint_latest() {
  if (settings_.dry_run || !changed_)
    return success();
  const auto there =
      repo_.files().info(format::label_path(repo_.stanza(), std::string(format::latest_link)));
  if (!there)
    return there.failure();
  if (!*there || (*there)->kind != entry_kind::link ||
      info_.find((*there)->link_destination) != nullptr)
    return success();
  if (info_.backups.empty())
    return repo_.remove_latest();
  return repo_.set_latest(info_.backups.back().label);
}

/// Whether somebody works on an incomplete backup: locks do not tell of other hosts.
result<bool> repository_expiry::is_running(const std::string& label) {
  if (!now_s_)
    now_s_ = settings_.dry_run ? wall_s()
                               : storage_time_s(repo_.files(), format::backup_path(repo_.stanza()),
                                                settings_.exec_id);
  return is_in_progress(repo_, label, *now_s_);
}

/// Whether somebody works on a directory, or has completed the backup since it was listed.
result<bool> repository_expiry::is_somebodys(const std::string& label) {
  const auto seen = std::ranges::find(on_disk_, label, &disk_backup::label);
  if (seen->has_manifest || std::ranges::count(expired_, label) > 0)
    return false;
  auto busy = is_running(label);
  if (!busy || *busy)
    return busy;
  auto now = repo_.look_at_backup(label);
  if (!now)
    return now.failure();
  return now->has_manifest;
}

/// Whether an incomplete backup cannot be resumed: it is being removed, or this run took away what
/// it is based on.
bool repository_expiry::is_hopeless(const disk_backup& incomplete) {
  if (std::ranges::count(expired_, incomplete.label) > 0)
    return true;
  if (!settings_.label || incomplete.has_manifest || !incomplete.has_copy)
    return false;
  const auto copy = repo_.load_manifest_copy(incomplete.label, info_.cipher_pass);
  return copy && copy->prior && info_.find(*copy->prior) == nullptr;
}

result<void> repository_expiry::remove_directories() {
  std::vector<plan::backup_directory> directories;
  for (const auto& backup : on_disk_)
    directories.push_back(
        {backup.label, backup.has_manifest, backup.has_copy, is_hopeless(backup)});
  const auto labels = plan::abandoned_directories(info_, directories, unreadable_);
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
    if (auto done = with_.without_holds(repo_.remove_manifest(*label)); !done)
      return done;
    if (auto done = with_.without_holds(repo_.remove_backup(*label)); !done)
      return done;
  }
  return settings_.dry_run ? success()
                           : with_.without_holds(sweep_temporary(repo_, settings_.exec_id));
}

result<void> repository_expiry::remove_archive(const plan::retention& keep) {
  const auto sound =
      settings_.follows_backup ? plan::newest_sound(info_, keep.archive_type) : std::nullopt;
  return expire_archive(repo_,
                        {.count = plan::archive_count(info_, keep, wall_s()),
                         .keep = keep,
                         .keep_from = sound.value_or(""),
                         .before = settings_.archive_before},
                        info_, with_);
}

/// Nobody else has the lock: whoever wrote these is gone.
result<void> clear_away(repository& repo, const expire_settings& settings) {
  auto gone = remove_leftovers(repo, wall_s());
  if (!gone)
    return gone.failure();
  for (const auto& path : *gone)
    log::detail("{}: removed '{}', which was left behind", repo.name(), path);
  if (settings.unfinished_before_s)
    for (const auto& path :
         {format::backup_path(repo.stanza()), format::archive_path(repo.stanza())})
      if (auto done = repo.files().remove_unfinished(path, *settings.unfinished_before_s); !done)
        return done;
  return success();
}

} // namespace

result<void> expire(repository& repo, const expire_settings& settings) {
  removals with(repo, settings.dry_run);
  if (auto done = repository_expiry(repo, settings, with).run(); !done)
    return done;
  auto cleared = settings.dry_run ? success() : with.without_holds(clear_away(repo, settings));
  with.tell();
  return cleared;
}

} // namespace pgbraid
