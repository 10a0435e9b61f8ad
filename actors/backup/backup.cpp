// The steps of a backup, and what becomes of it when one fails.
// SPDX-License-Identifier: MIT
#include "actors/backup/backup.hpp"

#include "actors/backup/backup_run.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/command_stage.hpp"
#include "engine/base/stop_signal.hpp"

#include <array>

namespace pgbraid {

namespace {

struct backup_step {
  result<void> (backup_run::*take)();
  const char* doing; ///< for the line that a signal leaves
};

constexpr auto first_steps = std::to_array<backup_step>({
    {&backup_run::start, "starting the backup in PostgreSQL"},
    {&backup_run::build_manifest, "listing the files of the cluster"},
    {&backup_run::find_changes, "finding out which files have changed"},
});

constexpr auto directory_steps = std::to_array<backup_step>({
    {&backup_run::choose_label, "choosing a label"},
    {&backup_run::check_resumed, "reading back what an incomplete backup has"},
    {&backup_run::make_directories, "making directories"},
    {&backup_run::copy, "copying files"},
    {&backup_run::stop, "stopping the backup in PostgreSQL"},
    {&backup_run::publish, "completing the backup in the repository"},
});

result<void> begin(backup_run& run) {
  if (auto opened = run.open(); !opened)
    return opened;
  return run.choose_type();
}

/// Whether there was an earlier backup that lacked only its WAL, and is one now.
result<std::optional<std::string>> complete_earlier(backup_run& run) {
  if (auto opened = run.open(); !opened)
    return opened.failure();
  auto done = run.complete_earlier();
  if (!done)
    return done.failure();
  if (!*done)
    return std::optional<std::string>();
  return std::optional(std::string(format::backup_type_name(run.manifest.type)));
}

/// From the first change of the repository to a complete backup, or to what was before.
result<void> fill_directory(backup_run& run) {
  const polled_signals polling; // whoever is stopped cleans up
  for (const auto& [step, doing] : directory_steps) {
    the_command_stage.enter(doing);
    auto done = (run.*step)();
    if (done && !should_stop())
      continue;
    return run.give_up(done ? stopped_by_signal() : done.failure());
  }
  return success();
}

} // namespace

result<void> make_backup(const backup_request& wanted, const backup_ends& between) {
  backup_run run{.wanted = wanted, .between = between};
  const auto completed = complete_earlier(run);
  if (!completed)
    return completed.failure();
  if (*completed) // what was asked for may be another one
    return **completed == wanted.type ? success() : make_backup(wanted, between);
  if (auto chosen = run.choose_type(); !chosen)
    return chosen;
  for (const auto& [step, doing] : first_steps) {
    the_command_stage.enter(doing);
    if (auto done = (run.*step)(); !done)
      return done;
  }
  return fill_directory(run);
}

result<planned_backup> plan_backup(const backup_request& wanted, const backup_ends& between) {
  backup_run run{.wanted = wanted, .between = between};
  if (auto begun = begin(run); !begun)
    return begun.failure();
  run.start_s = wall_s();
  if (auto looked = run.look_for_resumable(); !looked)
    return looked.failure();
  if (auto walked = run.build_manifest(); !walked)
    return walked.failure();
  if (auto found = run.find_changes(); !found)
    return found.failure();
  if (run.repo.encrypted())
    run.manifest.cipher_pass = secret("explain"); // only its presence shapes the graph
  if (auto opened = run.open_sources(); !opened)
    return opened.failure();
  planned_backup out;
  out.prior = run.basis.prior.value_or("");
  out.delta = run.settings.delta;
  {
    const backup_job job(run.manifest, *run.files, *run.sources, run.repo, run.settings, {});
    out.job = {run.graph_of(job), job.use(wanted.repository_here)};
  }
  out.changes = run.changes();
  out.resumes = run.partial ? run.partial->label : "";
  out.resumed = run.resumed;
  out.manifest = std::move(run.manifest);
  return out;
}

} // namespace pgbraid
