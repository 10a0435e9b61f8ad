// Everything that a restore decides, and then the order of its steps.
// SPDX-License-Identifier: MIT
#include "actors/restore/restore.hpp"

#include "actors/restore/restore_run.hpp"
#include "actors/restore/restore_source.hpp"
#include "actors/restore/restore_wal.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/command_stage.hpp"
#include "engine/base/log.hpp"
#include "engine/plan/recovery_settings.hpp"
#include "engine/plan/restore_access.hpp"
#include "engine/plan/target_time.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace pgbraid {

namespace {

/// No server may run, and only what looks like a data directory is overwritten.
result<overwrite_rules> check_data_directory(storage& data, overwrite_rules wanted) {
  auto running = data.info("postmaster.pid");
  if (!running)
    return running.failure();
  if (*running)
    return error{errc::pg_running, "unable to restore while PostgreSQL is running",
                 fmt::format("The file 'postmaster.pid' in '{}' says that it is.\nStop PostgreSQL; "
                             "remove the file only if you are sure that nothing runs there.",
                             data.root())};
  if (!wanted.any())
    return wanted;
  for (const auto* name : {"PG_VERSION", "backup.manifest"}) {
    auto found = data.info(name);
    if (!found)
      return found.failure();
    if (*found)
      return wanted;
  }
  log::warn(
      "neither 'PG_VERSION' nor 'backup.manifest' is in '{}', so it does not look like a data "
      "directory: --delta and --force are switched off, and the restore will be refused "
      "where files exist",
      data.root());
  return overwrite_rules{};
}

/// The wish, with what only the backup and this moment tell.
plan::recovery_wish recovery_of(const restore_request& wanted, const restore_source& source,
                                const std::string& restored_at) {
  auto out = wanted.recovery;
  out.type = source.type;
  out.version = source.version;
  out.restored_at = restored_at;
  // The backup was chosen by this system's zone; the server may have another one.
  if (source.type == plan::recovery_type::time)
    if (auto zoned = plan::with_zone(out.target); zoned && *zoned != out.target) {
      log::info("target time '{}' is taken in the zone of this system: {}", out.target, *zoned);
      out.target = std::move(*zoned);
    }
  return out;
}

/// How the manifest is to be taken: whoever can write to a repository must not open this host.
result<void> make_safe(format::manifest& backup) {
  auto limited = plan::limit_modes(backup);
  if (!limited)
    return limited.failure();
  if (*limited)
    log::warn("{}", **limited);
  return success();
}

result<restore_decisions> decide(const restore_request& wanted, const restore_ends& between) {
  const auto data = between.to.open(wanted.places.pg_path);
  auto overwrite = check_data_directory(*data, wanted.overwrite);
  if (!overwrite)
    return overwrite.failure();
  auto source = open_restore_source(wanted, between.from);
  if (!source)
    return source.failure();
  if (auto safe = make_safe(source->backup); !safe)
    return safe.failure();
  const auto restored_at = plan::format_local_time(wall_s());
  auto recovery = plan::plan_recovery(recovery_of(wanted, *source, restored_at));
  if (!recovery)
    return recovery.failure();
  auto where = plan::map_restore(source->backup, wanted.places);
  if (!where)
    return where.failure();
  for (const auto& note : where->notes())
    log::write(note.warn ? log::level::warn : log::level::info, note.text);
  auto databases = plan::choose_databases(source->backup, wanted.databases);
  if (!databases)
    return databases.failure();
  for (const auto& note : databases->notes)
    log::info("{}", note);
  auto doubts = check_wal(wanted, between.from, *source);
  if (!doubts)
    return doubts.failure();
  return restore_decisions{.source = std::move(*source),
                           .where = std::move(*where),
                           .recovery = std::move(*recovery),
                           .zeroed = std::move(databases->zeroed),
                           .restored_at = restored_at,
                           .overwrite = *overwrite,
                           .doubts = *doubts};
}

struct restore_step {
  result<void> (restore_run::*take)();
  const char* doing; ///< for the line that a signal leaves
};

/// All that change something.
constexpr auto steps = std::to_array<restore_step>({
    {&restore_run::remove_spool, "removing the spool"},
    {&restore_run::prepare, "making directories"},
    {&restore_run::copy, "copying files"},
    {&restore_run::finish, "completing the cluster"},
});

} // namespace

result<restored_backup> restore_cluster(const restore_request& wanted,
                                        const restore_ends& between) {
  auto decided = decide(wanted, between);
  if (!decided)
    return decided.failure();
  restore_run run(wanted, between, std::move(*decided));
  if (auto checked = run.check(); !checked)
    return checked.failure();
  // Beyond this point the host changes.
  for (const auto& [step, doing] : steps) {
    the_command_stage.enter(doing);
    if (auto done = (run.*step)(); !done)
      return done.failure();
  }
  return run.outcome();
}

result<report::restore_preview> preview_restore(const restore_request& wanted,
                                                const restore_ends& between) {
  auto decided = decide(wanted, between);
  if (!decided)
    return decided.failure();
  restore_run run(wanted, between, std::move(*decided));
  if (auto checked = run.check(); !checked)
    return checked.failure();
  return run.preview();
}

result<std::vector<actors::drawn_job>> draw_restore(const restore_request& wanted,
                                                    const restore_ends& between) {
  auto decided = decide(wanted, between);
  if (!decided)
    return decided.failure();
  return restore_run(wanted, between, std::move(*decided)).draw();
}

} // namespace pgbraid
