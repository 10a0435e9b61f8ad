// expire: the WAL that no backup needs any more.
// Source: cli/command/README.md, section 8.3.
// SPDX-License-Identifier: MIT
#include "actors/expire/expire_archive.hpp"

#include "actors/expire/removal_batches.hpp"
#include "engine/base/log.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/plan/expire_archive.hpp"
#include "engine/postgres/wal_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pgbraid {

namespace {

constexpr size_t segment_length = 24;

class archive_sweep {
public:
  archive_sweep(repository& repo, const archive_expiry& settings, removals& with)
      : repo_(repo), settings_(settings), with_(with) {}

  result<void> run(const format::backup_info& info);

private:
  void say_nothing_goes() const;
  result<void> expire_archive_id(const std::string& id, const plan::archive_plan& plan);
  result<void> expire_wal(const std::string& id, const plan::archive_plan& plan);
  result<void> expire_files(const std::string& path, const std::string& id,
                            const plan::archive_plan& plan);
  result<void> remove_histories(const std::string& id, const plan::archive_plan& plan,
                                const std::vector<entry>& entries);
  void removed(const std::string& name);
  void kept(const std::string& id);

  repository& repo_;
  const archive_expiry& settings_;
  removals& with_;
  /// The run of neighbours that is being removed from an archive id, for one line in the log.
  std::optional<std::pair<std::string, std::string>> removal_ = {};
  bool removed_any_ = false;
};

void archive_sweep::say_nothing_goes() const {
  if (settings_.keep.fulls_by == plan::retention::unit::days)
    log::info("{}: time-based archive retention not met - archive logs will not be expired",
              repo_.name());
  else
    log::info("option '{}-retention-archive' is not set - archive logs will not be expired",
              repo_.name());
}

result<void> archive_sweep::run(const format::backup_info& info) {
  if (!settings_.count) {
    say_nothing_goes();
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
  const plan::archive_retention retention(info, {.count = *settings_.count,
                                                 .counted = settings_.keep.archive_type,
                                                 .keep_from = settings_.keep_from,
                                                 .before = settings_.before});
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

result<void> archive_sweep::expire_archive_id(const std::string& id,
                                              const plan::archive_plan& plan) {
  switch (plan.what) {
  case plan::archive_plan::action::none:
    return success();
  case plan::archive_plan::action::remove_all: {
    const auto path = format::archive_path(repo_.stanza()) + "/" + id;
    log::info("{}: remove archive path {}/{}", repo_.name(), repo_.files().root(), path);
    return with_.tree(path);
  }
  case plan::archive_plan::action::keep_spans:
    break;
  }
  for (const auto& span : plan.spans) {
    if (span.label.empty())
      continue;
    log::detail("{}: {} archive retention on backup {}, start = {}{}", repo_.name(), id, span.label,
                span.start, span.stop ? ", stop = " + *span.stop : "");
  }
  return expire_wal(id, plan);
}

void archive_sweep::removed(const std::string& name) {
  if (!removal_)
    removal_.emplace(name, name);
  removal_->second = name;
  removed_any_ = true;
}

/// Something between removed names stays: the run ends.
void archive_sweep::kept(const std::string& id) {
  if (removal_)
    log::info("{}: {} remove archive, start = {}, stop = {}", repo_.name(), id, removal_->first,
              removal_->second);
  removal_.reset();
}

result<void> archive_sweep::expire_wal(const std::string& id, const plan::archive_plan& plan) {
  const auto path = format::archive_path(repo_.stanza()) + "/" + id;
  auto listed = repo_.files().list(path);
  if (!listed)
    return listed.failure();
  const auto entries = listed->value_or(std::vector<entry>());
  removal_.reset();
  removed_any_ = false;
  for (const auto& one : entries) { // sorted
    if (one.info.kind != entry_kind::path || !postgres::is_wal_directory_name(one.name))
      continue;
    const auto directory = path + "/" + one.name;
    if (!plan.keeps_directory(one.name)) {
      if (auto done = with_.tree(directory); !done)
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

result<void> archive_sweep::expire_files(const std::string& path, const std::string& id,
                                         const plan::archive_plan& plan) {
  auto listed = repo_.files().list(path);
  if (!listed)
    return listed.failure();
  removal_batches going(with_);
  for (const auto& one : listed->value_or(std::vector<entry>())) {
    const auto segment = one.name.substr(0, segment_length);
    if (one.info.kind != entry_kind::file || !postgres::is_segment_name(segment))
      continue;
    if (plan.keeps_file(one.name)) {
      if (auto done = going.finish(); !done)
        return done;
      kept(id);
      continue;
    }
    if (auto done = going.add(path + "/" + one.name); !done)
      return done;
    removed(segment);
  }
  return going.finish();
}

result<void> archive_sweep::remove_histories(const std::string& id, const plan::archive_plan& plan,
                                             const std::vector<entry>& entries) {
  removal_batches going(with_);
  for (const auto& one : entries) {
    if (!postgres::is_history_name(one.name) || plan.keeps_history(one.name))
      continue;
    log::info("{}: {} remove history file {}", repo_.name(), id, one.name);
    if (auto done = going.add(format::archive_path(repo_.stanza()) + "/" + id + "/" + one.name);
        !done)
      return done;
  }
  return going.finish();
}

} // namespace

result<void> expire_archive(repository& repo, const archive_expiry& settings,
                            const format::backup_info& info, removals& with) {
  return archive_sweep(repo, settings, with).run(info);
}

} // namespace pgbraid
