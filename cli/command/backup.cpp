// The backup command: a full backup of one cluster into one repository.
// SPDX-License-Identifier: MIT
#include "cli/command/backup_run.hpp"
#include "cli/command/commands.hpp"
#include "cli/frame/frame.hpp"
#include "cli/open/graph_settings.hpp"
#include "engine/base/command_stage.hpp"
#include "engine/base/stop_signal.hpp"

#include <array>

namespace pgbraid::cli {

namespace {

struct backup_step {
  result<void> (backup_run::*take)();
  const char* doing; ///< for the line that a signal leaves
};

constexpr auto first_steps = std::to_array<backup_step>({
    {&backup_run::start, "starting the backup in PostgreSQL"},
    {&backup_run::build_manifest, "listing the files of the cluster"},
});

constexpr auto directory_steps = std::to_array<backup_step>({
    {&backup_run::choose_label, "choosing a label"},
    {&backup_run::make_directories, "making directories"},
    {&backup_run::copy, "copying files"},
    {&backup_run::stop, "stopping the backup in PostgreSQL"},
    {&backup_run::publish, "completing the backup in the repository"},
});

result<int> explain_backup(backup_run& run) {
  if (auto walked = run.build_manifest(); !walked)
    return walked.failure();
  if (run.repo->encrypted())
    run.manifest.cipher_pass = secret("explain"); // only its presence shapes the graph
  if (auto opened = run.open_sources(); !opened)
    return opened.failure();
  const backup_job job(run.manifest, *run.cluster, *run.sources, *run.repo, run.settings, {});
  print_graph(run.opts, run.graph_of(job),
              job.use(repository_is_here(run.opts, run.repo.position)));
  return 0;
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

result<int> run_backup(const config::options& opts) {
  backup_run run{.opts = opts};
  if (auto opened = run.open(); !opened)
    return opened.failure();
  if (auto typed = run.choose_type(); !typed)
    return typed.failure();
  if (opts.flag("explain"))
    return explain_backup(run);

  for (const auto& [step, doing] : first_steps) {
    the_command_stage.enter(doing);
    if (auto done = (run.*step)(); !done)
      return done.failure();
  }
  if (auto done = fill_directory(run); !done)
    return done.failure();
  // Under the same locks; the backup is complete whatever expire says.
  return opts.flag("expire-auto")
             ? run_follow_up(opts, config::command_id::expire, run_expire_after_backup)
             : 0;
}

} // namespace pgbraid::cli
