// The restore command: a backup becomes a data directory again.
// Source of the order of steps: cli/command/README.md, section 7.1.
// SPDX-License-Identifier: MIT
#include "actors/restore/host_names.hpp"
#include "actors/restore/restore_end.hpp"
#include "actors/restore/restore_job.hpp"
#include "actors/restore/space_check.hpp"
#include "actors/restore/target_guard.hpp"
#include "actors/run/run_job.hpp"
#include "cli/command/commands.hpp"
#include "cli/command/restore_source.hpp"
#include "cli/command/restore_wal.hpp"
#include "cli/frame/terminal.hpp"
#include "cli/open/clusters.hpp"
#include "cli/open/graph_settings.hpp"
#include "cli/open/locks.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/command_stage.hpp"
#include "engine/base/log.hpp"
#include "engine/base/units.hpp"
#include "engine/plan/recovery_settings.hpp"
#include "engine/plan/restore_access.hpp"
#include "engine/plan/restore_doubt.hpp"
#include "engine/plan/target_time.hpp"
#include "storage/driver/posix/posix_storage.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pgbraid::cli {

namespace {

/// How much of what exists may be reused or overwritten.
struct overwrite_rules {
  bool delta = false;
  bool force = false;
  bool any() const { return delta || force; }
};

std::unique_ptr<storage> open_root(const std::string& path) {
  return make_posix_storage(path);
}

result<overwrite_rules> check_data_directory(const config::options& opts, storage& data) {
  auto running = data.info("postmaster.pid");
  if (!running)
    return running.failure();
  if (*running)
    return error{errc::pg_running, "unable to restore while PostgreSQL is running",
                 fmt::format("The file 'postmaster.pid' in '{}' says that it is.\nStop PostgreSQL; "
                             "remove the file only if you are sure that nothing runs there.",
                             data.root())};
  overwrite_rules out{.delta = opts.flag("delta"), .force = opts.flag("force")};
  if (!out.any())
    return out;
  for (const auto* name : {"PG_VERSION", "backup.manifest"}) {
    auto found = data.info(name);
    if (!found)
      return found.failure();
    if (*found)
      return out;
  }
  log::warn(
      "neither 'PG_VERSION' nor 'backup.manifest' is in '{}', so it does not look like a data "
      "directory: --delta and --force are switched off, and the restore will be refused "
      "where files exist",
      data.root());
  return overwrite_rules{};
}

/// What was queued belongs to the cluster that is being replaced.
result<void> remove_spool(const config::options& opts) {
  const auto spool = make_posix_storage(opts.text("spool-path"));
  return spool->remove_tree("archive/" + opts.text("stanza"));
}

plan::map_wish wish_for_mapping(const config::options& opts) {
  plan::map_wish out{.pg_path = opts.text("pg-path"),
                     .tablespaces = opts.map("tablespace-map"),
                     .links = opts.map("link-map"),
                     .links_all = opts.flag("link-all")};
  if (opts.has_value("tablespace-map-all"))
    out.tablespaces_all = opts.text("tablespace-map-all");
  return out;
}

plan::recovery_wish wish_for_recovery(const config::options& opts, const restore_source& source,
                                      const std::string& restored_at) {
  const auto program = opts.is_set("cmd") ? opts.text("cmd") : opts.program();
  plan::recovery_wish out{
      .type = source.type,
      .version = source.version,
      .exclusive = opts.has_value("target-exclusive") && opts.flag("target-exclusive"),
      .archive_mode_off = opts.text("archive-mode") == "off",
      .options = opts.map("recovery-option"),
      .restore_command =
          plan::restore_command_of(program, opts.words_for(config::command_id::archive_get)),
      .restored_at = restored_at};
  if (opts.has_value("target"))
    out.target = opts.text("target");
  // The backup was chosen by this system's zone; the server may have another one.
  if (source.type == plan::recovery_type::time)
    if (auto zoned = plan::with_zone(out.target); zoned && *zoned != out.target) {
      log::info("target time '{}' is taken in the zone of this system: {}", out.target, *zoned);
      out.target = std::move(*zoned);
    }
  if (opts.has_value("target-action"))
    out.target_action = opts.text("target-action");
  if (opts.has_value("target-timeline"))
    out.target_timeline = opts.text("target-timeline");
  return out;
}

plan::owner_facts owner_facts_of(storage& data) {
  plan::owner_facts out{.uid = ::geteuid(), .gid = ::getegid()};
  out.data_uid = out.uid;
  out.data_gid = out.gid;
  if (auto found = data.info(""); found && *found) {
    out.data_uid = (*found)->uid;
    out.data_gid = (*found)->gid;
  }
  return out;
}

/// Everything a restore has decided before it changes anything.
struct restore_decisions {
  restore_source source;
  plan::restore_mapping where;
  plan::recovery_files recovery;
  std::string restored_at;
  size_t doubts = 0; ///< warnings that the restore went on in spite of
};

result<restore_decisions> decide(const config::options& opts) {
  auto source = open_restore_source(opts);
  if (!source)
    return source.failure();
  auto limited = plan::limit_modes(source->backup);
  if (!limited)
    return limited.failure();
  if (*limited)
    log::warn("{}", **limited);
  if (auto possible = plan::check_restorable(source->backup); !possible)
    return possible.failure();
  const auto restored_at = plan::format_local_time(wall_s());
  auto recovery = plan::plan_recovery(wish_for_recovery(opts, *source, restored_at));
  if (!recovery)
    return recovery.failure();
  auto where = plan::map_restore(source->backup, wish_for_mapping(opts));
  if (!where)
    return where.failure();
  for (const auto& note : where->notes())
    log::write(note.warn ? log::level::warn : log::level::info, note.text);
  auto doubts = check_wal(opts, *source);
  if (!doubts)
    return doubts.failure();
  return restore_decisions{std::move(*source), std::move(*where), std::move(*recovery), restored_at,
                           *doubts};
}

/// From the first change to the last.
class restore_run {
public:
  restore_run(const config::options& opts, restore_decisions decided, overwrite_rules overwrite)
      : opts_(opts), decided_(std::move(decided)), overwrite_(overwrite),
        rules_(backup(), decided_.where, decided_.source.type, decided_.source.version),
        owners_(backup(), owner_facts_of(*open_root(opts.text("pg-path"))), host_names()),
        tree_(backup(), decided_.where, rules_, owners_, open_root),
        context_{.repository = decided_.source.repo->files(),
                 .stanza = decided_.source.repo->stanza(),
                 .backup = backup(),
                 .where = decided_.where,
                 .owners = owners_,
                 .tree = tree_,
                 .delta = overwrite.delta,
                 .force = overwrite.force},
        limits_(plan::limits_for(context_.repository.features().batch_bytes)),
        job_(context_, plan::order_restore(backup(), rules_, limits_)) {}

  void explain() const { print_graph(opts_, graph::restore_graph(job_.shape()), use()); }

  result<void> check() {
    for (const auto& line : owners_.warnings())
      log::warn("{}", line);
    if (opts_.source("repo") == config::value_source::command_line && decided_.recovery.signal_file)
      log::warn("the restored cluster will fetch WAL from repo{} only, because --repo was given",
                opts_.integer("repo"));
    if (auto ready = tree_.check(overwrite_.any()); !ready)
      return ready;
    if (auto ours = check_targets(); !ours)
      return ours;
    if (auto good = check_pages(); !good)
      return good;
    return overwrite_.any() ? success() : check_space(tree_, backup(), decided_.where, rules_);
  }

  result<void> prepare() {
    if (auto cleaned = tree_.clean(overwrite_.any()); !cleaned)
      return cleaned;
    // The mark comes before anything that would keep an interrupted restore from going on.
    if (auto built = tree_.build_data(); !built)
      return built;
    if (auto marked = write_marker(tree_, backup(), owners_); !marked)
      return marked;
    return tree_.build();
  }

  result<void> copy() {
    return actors::run_job(job_, graph_settings(opts_, graph::restore_graph(job_.shape()), use()));
  }

  result<void> finish() {
    if (auto written =
            write_recovery_files(tree_, decided_.recovery, backup(), owners_, decided_.restored_at);
        !written)
      return written;
    if (auto removed = remove_marker(tree_); !removed)
      return removed;
    if (auto synced = tree_.sync(overwrite_.any()); !synced)
      return synced;
    // From here on the cluster can be started.
    if (auto placed = place_control_file(tree_, decided_.where, backup(), owners_); !placed)
      return placed;
    log::info("restore size = {}, file total = {}", format_size(job_.total_bytes()),
              job_.total_files());
    tell_terminal(opts_, fmt::format("restore: backup {} is in {} ({}, {} files)", backup().label,
                                     opts_.text("pg-path"), format_size(job_.total_bytes()),
                                     job_.total_files()));
    return success();
  }

  /// What may have been lost among the lines about files.
  void say_again() const {
    if (job_.bad_page_files() > 0)
      log::warn("restore command encountered page checksum error(s) in {} file(s), check the log "
                "file for details",
                job_.bad_page_files());
    if (decided_.doubts > 0)
      log::warn("restore command went on in spite of {} warning(s), check the log file for details",
                decided_.doubts);
  }

private:
  format::manifest& backup() { return decided_.source.backup; }
  graph::task_use use() const {
    return job_.use(limits_, repository_is_here(opts_, decided_.source.repo.position));
  }
  result<void> check_targets();
  result<void> check_pages();

  const config::options& opts_;
  restore_decisions decided_;
  overwrite_rules overwrite_;
  plan::restore_rules rules_;
  plan::owner_policy owners_;
  restore_tree tree_;
  restore_context context_;
  const plan::batch_limits limits_;
  restore_job job_;
};

/// Directories outside of PGDATA are ours to fill, and to clean.
result<void> restore_run::check_targets() {
  auto notes = check_holders(tree_, decided_.where, owners_, open_root);
  if (!notes)
    return notes.failure();
  for (const auto& line : *notes)
    log::warn("{}", line);
  if (!overwrite_.any())
    return success();
  auto foreign = find_foreign_targets(tree_, decided_.where);
  if (!foreign)
    return foreign.failure();
  for (const auto& path : *foreign)
    if (auto agreed = refuse_or_warn(opts_, plan::foreign_target(path, opts_.text("pg-path")));
        !agreed)
      return agreed;
  decided_.doubts += foreign->size();
  return success();
}

/// The manifest knows which files were bad: that is said before anything is removed.
result<void> restore_run::check_pages() {
  if (!opts_.flag("checksum-page-error"))
    return success();
  std::vector<std::string> names;
  for (const auto* file : plan::broken_files(backup(), rules_)) {
    restore_task probe(context_, *file, nullptr, 0);
    auto stays = probe.would_keep({});
    if (!stays)
      return stays.failure();
    if (!*stays)
      names.push_back(probe.name());
  }
  return plan::refuse_broken_pages(names);
}

struct restore_step {
  result<void> (restore_run::*take)();
  const char* doing; ///< for the line that a signal leaves
};

constexpr auto steps = std::to_array<restore_step>({
    {&restore_run::prepare, "making directories"},
    {&restore_run::copy, "copying files"},
    {&restore_run::finish, "completing the cluster"},
});

} // namespace

result<int> run_restore(const config::options& opts) {
  if (auto here = require_pg_host(opts); !here)
    return here.failure();
  const bool explains = opts.flag("explain");
  io::lock_set lock;
  if (!explains) {
    auto locked = lock_command(opts);
    if (!locked)
      return locked.failure();
    lock = std::move(*locked);
  }
  const auto data = open_root(opts.text("pg-path"));
  auto overwrite = check_data_directory(opts, *data);
  if (!overwrite)
    return overwrite.failure();
  auto decided = decide(opts);
  if (!decided)
    return decided.failure();
  restore_run run(opts, std::move(*decided), *overwrite);
  if (explains) {
    run.explain();
    return 0;
  }
  if (auto checked = run.check(); !checked)
    return checked.failure();

  // Beyond this point the host changes.
  the_command_stage.enter("removing the spool");
  if (auto removed = remove_spool(opts); !removed)
    return removed.failure();
  for (const auto& [step, doing] : steps) {
    the_command_stage.enter(doing);
    if (auto done = (run.*step)(); !done)
      return done.failure();
  }
  run.say_again();
  return 0;
}

} // namespace pgbraid::cli
