// The steps of a restore.
// SPDX-License-Identifier: MIT
#include "actors/restore/restore_run.hpp"

#include "actors/restore/other_copies.hpp"
#include "actors/restore/restore_end.hpp"
#include "actors/restore/space_check.hpp"
#include "actors/restore/target_guard.hpp"
#include "actors/run/run_job.hpp"
#include "engine/base/command_stage.hpp"
#include "engine/base/log.hpp"
#include "engine/base/units.hpp"
#include "engine/graph/logical.hpp"
#include "engine/plan/restore_doubt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace pgbraid {

namespace {

plan::owner_facts owner_facts_of(const restore_host& host, const std::string& pg_path) {
  plan::owner_facts out{
      .uid = host.uid, .gid = host.gid, .data_uid = host.uid, .data_gid = host.gid};
  if (auto found = host.open(pg_path)->info(""); found && *found) {
    out.data_uid = (*found)->uid;
    out.data_gid = (*found)->gid;
  }
  return out;
}

} // namespace

restore_run::restore_run(const restore_request& wanted, const restore_ends& between,
                         restore_decisions decided)
    : wanted_(wanted), between_(between), decided_(std::move(decided)),
      rules_(backup(), decided_.where, decided_.source.type, decided_.source.version,
             decided_.zeroed),
      owners_(backup(), owner_facts_of(between.to, wanted.places.pg_path), between.to.names),
      tree_(backup(), decided_.where, rules_, owners_, between.to.open),
      context_{.repository = decided_.source.repo->files(),
               .stanza = decided_.source.repo->stanza(),
               .backup = backup(),
               .stored = backup(),
               .where = decided_.where,
               .rules = rules_,
               .owners = owners_,
               .tree = tree_,
               .delta = decided_.overwrite.delta,
               .may_put_aside = !decided_.source.others.empty(),
               .reading = reading_of(decided_.source.repo->files())},
      job_(std::in_place, context_, plan::order_restore(backup(), rules_, context_.reading)) {}

actors::drawn_job restore_run::draw_copy() const {
  return {graph::restore_graph(job_->shape()), job_->use(decided_.source.repo.here)};
}

result<std::vector<actors::drawn_job>> restore_run::draw() {
  const auto files = to_compare(restored_files());
  auto before = draw_comparison(backup(), decided_.where, tree_, files, compared_to_copy());
  if (!before)
    return before.failure();
  std::vector<actors::drawn_job> out;
  if (*before)
    out.push_back(std::move(**before));
  out.push_back(draw_copy());
  return out;
}

result<void> restore_run::check() {
  for (const auto& line : owners_.warnings())
    log::warn("{}", line);
  if (wanted_.only_repo && decided_.recovery.signal_file)
    log::warn("the restored cluster will fetch WAL from repo{} only, because --repo was given",
              *wanted_.only_repo);
  const bool overwrite = decided_.overwrite.any();
  if (auto ready = tree_.check(overwrite); !ready)
    return ready;
  if (auto ours = check_targets(); !ours)
    return ours;
  if (auto good = check_pages(); !good)
    return good;
  return overwrite ? success() : check_space(tree_, backup(), decided_.where, rules_);
}

/// Directories outside of PGDATA are ours to fill, and to clean.
result<void> restore_run::check_targets() {
  auto notes = check_holders(tree_, decided_.where, owners_, between_.to.open);
  if (!notes)
    return notes.failure();
  for (const auto& line : *notes)
    log::warn("{}", line);
  return decided_.overwrite.any() ? check_foreign() : success();
}

result<void> restore_run::check_foreign() {
  auto foreign = find_foreign_targets(tree_, decided_.where);
  if (!foreign)
    return foreign.failure();
  for (const auto& path : *foreign) {
    const auto line =
        plan::refuse_or_warn(wanted_.on_doubt, plan::foreign_target(path, wanted_.places.pg_path));
    if (!line)
      return line.failure();
    log::warn("{}", *line);
  }
  decided_.doubts += foreign->size();
  return success();
}

/// The manifest knows which files were bad: that is said before anything is removed.
result<void> restore_run::check_pages() {
  if (!wanted_.refuse_broken_pages)
    return success();
  const auto broken = plan::broken_files(backup(), rules_);
  const auto stay = find_same(broken, compared_by());
  if (!stay)
    return stay.failure();
  std::vector<std::string> names;
  for (const auto* file : broken)
    if (!stay->contains(file))
      names.push_back(decided_.where.absolute(decided_.where.locate(file->name)));
  return plan::refuse_broken_pages(names);
}

std::vector<const format::manifest_file*>
restore_run::to_compare(std::span<const format::manifest_file* const> files) const {
  std::vector<const format::manifest_file*> out;
  if (decided_.overwrite.delta)
    std::ranges::copy_if(files, std::back_inserter(out), [this](const auto* file) {
      return file->name != plan::control_file_name && !rules_.is_zeroed(file->name);
    });
  return out;
}

std::vector<const format::manifest_file*> restore_run::restored_files() {
  std::vector<const format::manifest_file*> out;
  for (const auto& file : backup().files)
    if (rules_.is_restored(file.name))
      out.push_back(&file);
  return out;
}

result<plan::file_set> restore_run::find_same(std::span<const format::manifest_file* const> files,
                                              same_by how) {
  return find_same_files(backup(), decided_.where, tree_, to_compare(files), how, between_.compile);
}

result<void> restore_run::remove_spool() {
  return between_.to.open(wanted_.spool_path)->remove_tree("archive/" + wanted_.stanza);
}

result<void> restore_run::prepare() {
  if (auto cleaned = tree_.clean(decided_.overwrite.any()); !cleaned)
    return cleaned;
  // The mark comes before anything that would keep an interrupted restore from going on.
  if (auto built = tree_.build_data(); !built)
    return built;
  if (auto marked = write_marker(tree_, backup(), owners_); !marked)
    return marked;
  if (auto built = tree_.build(); !built)
    return built;
  const auto files = std::ranges::count_if(
      backup().files, [this](const auto& file) { return rules_.is_restored(file.name); });
  context_.sync_small_later =
      plan::syncs_small_later(static_cast<size_t>(files)) && tree_.may_sync_later();
  return success();
}

result<void> restore_run::copy() {
  the_command_stage.enter("comparing files");
  auto same = find_same(restored_files(), compared_to_copy());
  if (!same)
    return same.failure();
  the_command_stage.enter("copying files");
  if (!same->empty()) {
    context_.same = std::move(*same);
    context_.left_bytes = 0;
    job_.emplace(context_, plan::order_restore(backup(), rules_, context_.reading, context_.same));
  }
  const auto drawn = draw_copy();
  if (auto ran = actors::run_job(*job_, between_.compile(drawn.graph, drawn.use)); !ran)
    return ran;
  if (job_->left().empty())
    return success();
  auto taken = restore_from_others(job_->left(), context_, decided_.source.repo->name(),
                                   decided_.source.others, between_.compile);
  if (!taken)
    return taken.failure();
  from_elsewhere_ = *taken;
  return success();
}

result<void> restore_run::finish() {
  if (auto written =
          write_recovery_files(tree_, decided_.recovery, backup(), owners_, decided_.restored_at);
      !written)
    return written;
  if (auto removed = remove_marker(tree_); !removed)
    return removed;
  // A file that was kept may still be in the page cache only: the restore that wrote it was killed.
  if (auto synced = tree_.sync(decided_.overwrite.any() || context_.sync_small_later); !synced)
    return synced;
  // From here on the cluster can be started.
  if (auto placed = place_control_file(tree_, decided_.where, backup(), owners_); !placed)
    return placed;
  log::info(
      "restore size = {}, file total = {}{}", format_size(job_->total_bytes()), job_->total_files(),
      from_elsewhere_ == 0 ? "" : fmt::format(", from other repositories = {}", from_elsewhere_));
  return success();
}

restored_backup restore_run::outcome() const {
  restored_backup out{.label = decided_.source.backup.label,
                      .bytes = job_->total_bytes(),
                      .files = job_->total_files()};
  if (job_->bad_page_files() > 0)
    out.reminders.push_back(
        fmt::format("restore command encountered page checksum error(s) in {} file(s), check the "
                    "log file for details",
                    job_->bad_page_files()));
  if (from_elsewhere_ > 0)
    out.reminders.push_back(
        fmt::format("{} file(s) were damaged or missing in {} and restored from other "
                    "repositories, check the log file for details",
                    from_elsewhere_, decided_.source.repo->name()));
  if (decided_.doubts > 0)
    out.reminders.push_back(fmt::format(
        "restore command went on in spite of {} warning(s), check the log file for details",
        decided_.doubts));
  return out;
}

} // namespace pgbraid
