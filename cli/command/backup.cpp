// The backup command: a backup of one cluster into one repository.
// SPDX-License-Identifier: MIT
#include "actors/backup/backup.hpp"

#include "cli/command/commands.hpp"
#include "cli/frame/answer.hpp"
#include "cli/frame/frame.hpp"
#include "cli/open/block_rules.hpp"
#include "cli/open/clusters.hpp"
#include "cli/open/compression.hpp"
#include "cli/open/graph_settings.hpp"
#include "cli/open/locks.hpp"
#include "cli/open/repositories.hpp"
#include "cli/open/whereabouts.hpp"
#include "cli/open/workers.hpp"
#include "engine/base/log.hpp"
#include "engine/report/backup_preview.hpp"

#include <chrono>
#include <string>

namespace pgbraid::cli {

namespace {

/// Some have a value only together with others: --force is for backups of stopped clusters.
bool flag_if_any(const config::options& opts, config::flag_key name, size_t position = 0) {
  return opts.has_value(name, position) && opts.flag(name, position);
}

standby_wish standby_wish_of(const config::options& opts) {
  const auto& word = opts.text("backup-standby");
  return word == "y"        ? standby_wish::required
         : word == "prefer" ? standby_wish::preferred
                            : standby_wish::none;
}

plan::batch_rules batch_rules_of(const config::options& opts, size_t position) {
  plan::batch_rules rules;
  rules.bundle = opts.flag("repo-bundle", position);
  if (rules.bundle) {
    rules.bundle_limit_bytes = opts.size_bytes("repo-bundle-limit", position);
    rules.bundle_size_bytes = opts.size_bytes("repo-bundle-size", position);
  }
  return rules;
}

/// What the options say about the repository that is written.
void add_repository(const config::options& opts, const open_repository& repo, backup_request& out) {
  const auto position = repo.position;
  out.rules = batch_rules_of(opts, position);
  out.hardlink = flag_if_any(opts, "repo-hardlink", position);
  out.symlinks = opts.has_value("repo-symlink", position) && opts.flag("repo-symlink", position);
  if (repo_is_remote(opts, position))
    out.repo_host = opts.text("repo-host", position);
  out.repository_here = repo.here;
}

/// What is to be read and how it is stored.
void add_content(const config::options& opts, backup_request& out) {
  if (opts.has_value("checksum-page"))
    out.checksum_page = opts.flag("checksum-page");
  out.page_header_check = opts.flag("page-header-check");
  out.page_errors_end_it = opts.flag("checksum-page-error");
  const auto packing = compression_of(opts);
  out.compression = packing.type;
  out.compress_level = packing.level;
  out.gz = packing.gz;
  out.exclude = opts.list("exclude");
  out.annotations = opts.map("annotation");
  std::erase_if(out.annotations, [](const auto& note) { return note.second.empty(); });
}

backup_request request_of(const config::options& opts, const open_repository& repo) {
  const auto counts = workers_of(opts);
  backup_request out{.type = opts.text("type"),
                     .exec_id = opts.exec_id(),
                     .online = opts.flag("online"),
                     .delta = opts.flag("delta"),
                     .force = flag_if_any(opts, "force"),
                     .start_fast = flag_if_any(opts, "start-fast"),
                     .archive_check = flag_if_any(opts, "archive-check"),
                     .archive_mode_check = flag_if_any(opts, "archive-mode-check"),
                     .archive_timeout = std::chrono::milliseconds(opts.time_ms("archive-timeout")),
                     .db_timeout = std::chrono::milliseconds(opts.time_ms("db-timeout")),
                     .fuse = opts.flag("fuse"),
                     .standbys = standby_wish_of(opts),
                     .lock_path = opts.text("lock-path"),
                     .save_threshold = opts.size_bytes("manifest-save-threshold"),
                     .resume = opts.flag("resume"),
                     .buffer_size = opts.size_bytes("buffer-size"),
                     .compress_level_network = opts.integer("compress-level-network"),
                     .process_max = counts.workers,
                     .workers_per_link = counts.workers_per_link};
  out.archive_copy = flag_if_any(opts, "archive-copy");
  add_content(opts, out);
  add_repository(opts, repo, out);
  return out;
}

report::backup_preview preview_of(const planned_backup& planned) {
  using report::backup_action;
  const auto& manifest = planned.manifest;
  report::backup_preview out{.type = format::backup_type_name(manifest.type),
                             .prior = planned.prior,
                             .delta = planned.delta};
  for (size_t i = 0; i < manifest.files.size(); ++i) {
    const auto& file = manifest.files[i];
    const auto change = planned.changes[i];
    out.entries.push_back(
        {.why = plan::file_change_name(change), .name = file.name, .bytes = file.size_bytes});
    auto& entry = out.entries.back();
    const auto resumed = planned.resumed.empty() ? plan::resumed_file::copied : planned.resumed[i];
    if (resumed == plan::resumed_file::kept) {
      entry.action = backup_action::keep;
      entry.why = "resumed";
      entry.from = planned.resumes;
    } else if (resumed == plan::resumed_file::compared) {
      entry.action = backup_action::compare;
    } else if (change == plan::file_change::unchanged) {
      entry.action = backup_action::refer;
      entry.from = manifest.holder(file);
    } else if (change == plan::file_change::compare) {
      entry.action = backup_action::compare;
    } else if (change == plan::file_change::empty) {
      entry.action = backup_action::record;
    }
  }
  return out;
}

/// `--dry-run` and `--explain`: says what would be done.
result<int> preview(const config::options& opts, const backup_request& wanted,
                    const backup_ends& between) {
  const auto planned = plan_backup(wanted, between);
  if (!planned)
    return planned.failure();
  const auto& explain = opts.text("explain");
  const auto shown = preview_of(*planned);
  if (explain == "json")
    return print_answer(report::preview_json(shown));
  if (explain != "n")
    print_graph(opts, planned->job.graph, planned->job.use);
  return print_answer(report::preview_text(shown));
}

} // namespace

result<int> run_backup(const config::options& opts) {
  if (auto free = check_stop_file(opts); !free)
    return free.failure();
  auto lock = lock_command(opts);
  if (!lock)
    return lock.failure();
  if (!opts.repo_chosen() && opts.repo_count() > 1)
    log::info("repo option not specified, defaulting to repo{}",
              opts.repo_key(opts.repo_default()));
  auto repo = open_default_repository(opts);
  if (!repo)
    return repo.failure();
  auto wanted = request_of(opts, *repo);
  auto blocks = block_rules_of(opts, repo->position);
  if (!blocks)
    return blocks.failure();
  wanted.blocks = std::move(*blocks);
  const backup_ends between{.to = **repo,
                            .clusters = clusters_of(opts),
                            .offline = opts.pg_default(),
                            .lock = *lock,
                            .compile = [&](const auto& drawn, const auto& use) {
                              return graph_settings(opts, drawn, use);
                            }};
  if (opts.flag("dry-run") || opts.text("explain") != "n")
    return preview(opts, wanted, between);
  if (auto made = make_backup(wanted, between); !made)
    return made.failure();
  // Under the same locks; the backup is complete whatever expire says.
  return opts.flag("expire-auto")
             ? run_follow_up(opts, config::command_id::expire, run_expire_after_backup)
             : 0;
}

} // namespace pgbraid::cli
