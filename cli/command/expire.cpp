// expire: options, locks, and each repository in turn.
// SPDX-License-Identifier: MIT
#include "actors/expire/expire.hpp"

#include "cli/command/commands.hpp"
#include "cli/open/locks.hpp"
#include "cli/open/repositories.hpp"
#include "cli/open/whereabouts.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/format/label.hpp"
#include "engine/plan/retention.hpp"
#include "engine/postgres/wal_name.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <optional>

namespace pgbraid::cli {

namespace {

/// What of a run is the same for all repositories.
struct expiry_scope {
  const config::options& opts;
  bool follows_backup = false;
};

std::optional<uint64_t> count_of(const config::options& opts, config::integer_key name,
                                 size_t position) {
  if (!opts.has_value(name, position))
    return {};
  return static_cast<uint64_t>(opts.integer(name, position));
}

plan::retention retention_at(const config::options& opts, size_t position) {
  plan::retention keep;
  if (opts.text("repo-retention-full-type", position) == "time")
    keep.fulls_by = plan::retention::unit::days;
  keep.fulls = count_of(opts, "repo-retention-full", position);
  keep.diffs = count_of(opts, "repo-retention-diff", position);
  keep.archive_type = format::parse_backup_type(opts.text("repo-retention-archive-type", position))
                          .value_or(format::backup_type::full);
  keep.archive = count_of(opts, "repo-retention-archive", position);
  keep.history_days = count_of(opts, "repo-retention-history", position);
  return keep;
}

/// What the command line asks for besides retention. `expire` after a backup has none of it.
result<expire_settings> asked_for(const expiry_scope& scope) {
  const auto& opts = scope.opts;
  expire_settings asked{.dry_run = opts.flag("dry-run"),
                        .follows_backup = scope.follows_backup,
                        .bad_pages_stop = opts.flag("checksum-page-error"),
                        .exec_id = opts.exec_id()};
  if (scope.follows_backup)
    return asked;
  if (opts.has_value("set"))
    asked.label = opts.text("set");
  asked.oldest = opts.flag("oldest");
  if (opts.has_value("archive-expire-before"))
    asked.archive_before = opts.text("archive-expire-before");
  if (asked.label && asked.oldest)
    return error{errc::option_invalid, "--oldest and --set cannot be used together"};
  if (asked.label && !format::is_label(*asked.label))
    return error{errc::option_invalid_value,
                 fmt::format("'{}' is not a valid backup label format", *asked.label)};
  if (asked.archive_before && !postgres::is_segment_name(*asked.archive_before))
    return error{
        errc::option_invalid_value,
        fmt::format("'{}' is not a valid WAL segment name for option '--archive-expire-before'",
                    *asked.archive_before)};
  return asked;
}

result<void> expire_at(const config::options& opts, size_t position, expire_settings settings) {
  settings.keep = retention_at(opts, position);
  if (opts.has_value("repo-storage-upload-expire", position))
    settings.unfinished_before_s =
        wall_s() - opts.time_ms("repo-storage-upload-expire", position) / 1000;
  auto opened = open_repository_at(opts, position);
  if (!opened)
    return opened.failure();
  return expire(**opened, settings);
}

/// An error in one repository does not keep the others from being done.
result<void> expire_repositories(const config::options& opts, const expire_settings& settings) {
  unsigned failures = 0;
  for (const auto position : repository_positions(opts)) {
    auto done = expire_at(opts, position, settings);
    if (done)
      continue;
    ++failures;
    log::failure(done.failure().within(fmt::format("repo{}", opts.repo_key(position))));
  }
  if (failures == 0)
    return success();
  return error{errc::command, fmt::format("expire command encountered {} error(s), check the log "
                                          "file for details",
                                          failures)};
}

result<int> run(const expiry_scope& scope) {
  const auto& opts = scope.opts;
  const auto settings = asked_for(scope);
  if (!settings)
    return settings.failure();
  if (auto allowed = check_stop_file(opts); !allowed)
    return allowed.failure();
  auto locks = lock_command(opts);
  if (!locks)
    return locks.failure();
  if (auto done = expire_repositories(opts, *settings); !done)
    return done.failure();
  return 0;
}

} // namespace

result<int> run_expire(const config::options& opts) {
  return run({.opts = opts});
}

result<int> run_expire_after_backup(const config::options& opts) {
  return run({.opts = opts, .follows_backup = true});
}

} // namespace pgbraid::cli
