// expire: removes the backups and the WAL that retention no longer keeps.
// Source: shared/spec/commands.md, section 7.
// SPDX-License-Identifier: MIT
#include "cli/command/commands.hpp"
#include "cli/command/session.hpp"
#include "engine/base/log.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/plan/expire_archive.hpp"
#include "engine/plan/expire_backups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace pgbraid::cli {

namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";
constexpr size_t directory_length = 16;
constexpr size_t segment_length = 24;
constexpr std::string_view history_suffix = ".history";
constexpr size_t timeline_length = 8;

bool is_hex(std::string_view text, size_t length) {
  return text.size() == length && text.find_first_not_of(hex_digits) == text.npos;
}

/// One repository's part of the command.
class repository_expiry {
public:
  repository_expiry(const config::options& opts, repository& repo, size_t position)
      : opts_(opts), repo_(repo), position_(position), dry_run_(opts.flag("dry-run")) {}

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
    auto expired = expire_backups(*info);
    if (!expired)
      return expired.failure();
    // Their manifests are gone: from here on the expired backups do not exist for anybody.
    if ((*expired || found->changed) && !dry_run_) {
      if (auto saved = repo_.save(*info); !saved)
        return saved;
    }
    if (auto done = remove_directories(*info, found->unreadable); !done)
      return done;
    return expire_archive(*info);
  }

private:
  result<bool> expire_backups(format::backup_info& info);
  result<bool> has_begun_since(const std::string& label);
  result<void> remove_directories(const format::backup_info& info,
                                  const std::vector<std::string>& unreadable);
  result<void> expire_archive(const format::backup_info& info);
  result<void> expire_archive_id(const std::string& id, const plan::archive_plan& plan);
  result<void> expire_wal(const std::string& id, const plan::archive_plan& plan);
  result<void> expire_files(const std::string& path, const std::string& id,
                            const plan::archive_plan& plan);
  result<void> remove_histories(const std::string& id, const plan::archive_plan& plan,
                                const std::vector<entry>& entries);
  void removed(const std::string& name);
  void kept(const std::string& id);

  result<void> remove_tree(const std::string& path) {
    return dry_run_ ? success() : repo_.files().remove_tree(path);
  }
  result<void> remove_file(const std::string& path) {
    return dry_run_ ? success() : repo_.files().remove_file(path);
  }

  const config::options& opts_;
  repository& repo_;
  size_t position_;
  bool dry_run_;
  std::vector<disk_backup> on_disk_ = {};
  /// The run of neighbours that is being removed from an archive id, for one line in the log.
  std::optional<std::pair<std::string, std::string>> removal_ = {};
  bool removed_any_ = false;
};

/// Takes expired backups out of `info` and removes their manifests, the newest dependent first.
/// Returns whether there were any.
result<bool> repository_expiry::expire_backups(format::backup_info& info) {
  if (!opts_.has_value("repo-retention-full", position_))
    return false;
  const auto keep = static_cast<uint64_t>(opts_.integer("repo-retention-full", position_));
  const auto sets = plan::expired_sets(info, keep);
  for (const auto& set : sets) {
    log::info("{}: expire full backup {}{}", repo_.name(), set.size() > 1 ? "set " : "",
              fmt::join(set, ", "));
    for (auto label = set.rbegin(); label != set.rend(); ++label) {
      if (!dry_run_) {
        if (auto done = repo_.remove_manifest(*label); !done)
          return done.failure();
        if (const auto here = std::ranges::find(on_disk_, *label, &disk_backup::label);
            here != on_disk_.end())
          *here = {.label = *label};
      }
      info.remove(*label);
    }
  }
  return !sets.empty();
}

/// Whether a directory that was without a manifest and a copy has one now: another host may have
/// begun a backup there.
result<bool> repository_expiry::has_begun_since(const std::string& label) {
  const auto seen = std::ranges::find(on_disk_, label, &disk_backup::label);
  if (seen == on_disk_.end() || seen->has_manifest || seen->has_copy)
    return false;
  auto now = repo_.look_at_backup(label);
  if (!now)
    return now.failure();
  return now->has_manifest || now->has_copy;
}

result<void> repository_expiry::remove_directories(const format::backup_info& info,
                                                   const std::vector<std::string>& unreadable) {
  std::vector<plan::backup_directory> directories;
  for (const auto& backup : on_disk_)
    directories.push_back({backup.label, backup.has_manifest, backup.has_copy});
  const auto labels = plan::abandoned_directories(info, directories);
  for (auto label = labels.rbegin(); label != labels.rend(); ++label) {
    // What cannot be read now may be readable tomorrow.
    if (std::find(unreadable.begin(), unreadable.end(), *label) != unreadable.end())
      continue;
    auto begun = has_begun_since(*label);
    if (!begun)
      return begun.failure();
    if (*begun)
      continue;
    log::info("{}: remove expired backup {}", repo_.name(), *label);
    if (dry_run_)
      continue;
    if (auto done = repo_.remove_manifest(*label); !done)
      return done;
    if (auto done = repo_.remove_backup(*label); !done)
      return done;
  }
  return success();
}

result<void> repository_expiry::expire_archive(const format::backup_info& info) {
  if (!opts_.has_value("repo-retention-archive", position_)) {
    log::info("option '{}-retention-archive' is not set - archive logs will not be expired",
              repo_.name());
    return success();
  }
  auto archive = repo_.load_archive_info();
  if (!archive)
    return archive.failure();
  if (auto same = plan::check_histories(*archive, info); !same)
    return same;
  auto on_disk = repo_.list_archive_ids();
  if (!on_disk)
    return on_disk.failure();
  const plan::archive_retention retention(
      info, static_cast<uint64_t>(opts_.integer("repo-retention-archive", position_)));
  for (const auto& cluster : archive->history) {
    const auto id = format::archive_id(cluster);
    if (std::find(on_disk->begin(), on_disk->end(), id) == on_disk->end())
      continue;
    const auto plan = retention.plan(cluster.id, cluster.id == archive->current_id);
    if (auto done = expire_archive_id(id, plan); !done)
      return done;
  }
  return success();
}

result<void> repository_expiry::expire_archive_id(const std::string& id,
                                                  const plan::archive_plan& plan) {
  switch (plan.what) {
  case plan::archive_plan::action::none:
    return success();
  case plan::archive_plan::action::remove_all: {
    const auto path = format::archive_path(repo_.stanza()) + "/" + id;
    log::info("{}: remove archive path {}/{}", repo_.name(), repo_.files().root(), path);
    return remove_tree(path);
  }
  case plan::archive_plan::action::keep_spans:
    break;
  }
  for (const auto& span : plan.spans)
    log::detail("{}: {} archive retention on backup {}, start = {}{}", repo_.name(), id, span.label,
                span.start, span.stop ? ", stop = " + *span.stop : "");
  return expire_wal(id, plan);
}

void repository_expiry::removed(const std::string& name) {
  if (!removal_)
    removal_.emplace(name, name);
  removal_->second = name;
  removed_any_ = true;
}

/// Something between removed names stays: the run ends.
void repository_expiry::kept(const std::string& id) {
  if (removal_)
    log::info("{}: {} remove archive, start = {}, stop = {}", repo_.name(), id, removal_->first,
              removal_->second);
  removal_.reset();
}

result<void> repository_expiry::expire_wal(const std::string& id, const plan::archive_plan& plan) {
  const auto path = format::archive_path(repo_.stanza()) + "/" + id;
  auto listed = repo_.files().list(path);
  if (!listed)
    return listed.failure();
  const auto entries = listed->value_or(std::vector<entry>());
  removal_.reset();
  removed_any_ = false;
  for (const auto& one : entries) { // sorted
    if (one.info.kind != entry_kind::path || !is_hex(one.name, directory_length))
      continue;
    const auto directory = path + "/" + one.name;
    if (!plan.keeps_directory(one.name)) {
      if (auto done = remove_tree(directory); !done)
        return done;
      removed(one.name);
    } else if (plan.must_look_into(one.name)) {
      if (auto done = expire_files(directory, id, plan); !done)
        return done;
    }
  }
  kept(id);
  if (!removed_any_)
    log::info("{}: {} no archive to remove", repo_.name(), id);
  return remove_histories(id, plan, entries);
}

result<void> repository_expiry::expire_files(const std::string& path, const std::string& id,
                                             const plan::archive_plan& plan) {
  auto listed = repo_.files().list(path);
  if (!listed)
    return listed.failure();
  for (const auto& one : listed->value_or(std::vector<entry>())) {
    const auto segment = one.name.substr(0, segment_length);
    if (one.info.kind != entry_kind::file || !is_hex(segment, segment_length))
      continue;
    if (plan.keeps_file(one.name)) {
      kept(id);
      continue;
    }
    if (auto done = remove_file(path + "/" + one.name); !done)
      return done;
    removed(segment);
  }
  return success();
}

result<void> repository_expiry::remove_histories(const std::string& id,
                                                 const plan::archive_plan& plan,
                                                 const std::vector<entry>& entries) {
  for (const auto& one : entries) {
    const bool is_history = one.name.ends_with(history_suffix) &&
                            is_hex(one.name.substr(0, timeline_length), timeline_length) &&
                            one.name.size() == timeline_length + history_suffix.size();
    if (!is_history || plan.keeps_history(one.name))
      continue;
    log::info("{}: {} remove history file {}", repo_.name(), id, one.name);
    const auto path = format::archive_path(repo_.stanza()) + "/" + id + "/" + one.name;
    if (auto done = remove_file(path); !done)
      return done;
  }
  return success();
}

result<void> expire_at(const config::options& opts, size_t position) {
  auto opened = open_repository_at(opts, position);
  if (!opened)
    return opened.failure();
  return repository_expiry(opts, **opened, position).run();
}

/// An error in one repository does not keep the others from being done.
result<void> expire_repositories(const config::options& opts) {
  unsigned failures = 0;
  for (const auto position : repository_positions(opts)) {
    auto done = expire_at(opts, position);
    if (done)
      continue;
    ++failures;
    log::failure(done.failure().within(fmt::format("repo{}", opts.repo_key(position))));
  }
  if (failures == 0)
    return success();
  return error{errc::command, fmt::format("expire failed in {} {}", failures,
                                          failures == 1 ? "repository" : "repositories")};
}

} // namespace

result<int> run_expire(const config::options& opts) {
  if (auto allowed = check_stop_file(opts); !allowed)
    return allowed.failure();
  auto locks = lock_command(opts);
  if (!locks)
    return locks.failure();
  if (auto done = expire_repositories(opts); !done)
    return done.failure();
  return 0;
}

} // namespace pgbraid::cli
