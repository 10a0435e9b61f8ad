// expire: options, locks, and each repository in turn.
// SPDX-License-Identifier: MIT
#include "actors/expire/expire.hpp"

#include "cli/command/commands.hpp"
#include "cli/open/locks.hpp"
#include "cli/open/repositories.hpp"
#include "engine/base/log.hpp"

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

expire_settings settings_at(const expiry_scope& scope, size_t position) {
  const auto& opts = scope.opts;
  return {.fulls = count_of(opts, "repo-retention-full", position),
          .archive_fulls = count_of(opts, "repo-retention-archive", position),
          .dry_run = opts.flag("dry-run"),
          .follows_backup = scope.follows_backup,
          .bad_pages_stop = opts.flag("checksum-page-error"),
          .exec_id = opts.exec_id()};
}

result<void> expire_at(const expiry_scope& scope, size_t position) {
  auto opened = open_repository_at(scope.opts, position);
  if (!opened)
    return opened.failure();
  return expire(**opened, settings_at(scope, position));
}

/// An error in one repository does not keep the others from being done.
result<void> expire_repositories(const expiry_scope& scope) {
  unsigned failures = 0;
  for (const auto position : repository_positions(scope.opts)) {
    auto done = expire_at(scope, position);
    if (done)
      continue;
    ++failures;
    log::failure(done.failure().within(fmt::format("repo{}", scope.opts.repo_key(position))));
  }
  if (failures == 0)
    return success();
  return error{errc::command, fmt::format("expire command encountered {} error(s), check the log "
                                          "file for details",
                                          failures)};
}

result<int> run(const expiry_scope& scope) {
  const auto& opts = scope.opts;
  if (auto allowed = check_stop_file(opts); !allowed)
    return allowed.failure();
  auto locks = lock_command(opts);
  if (!locks)
    return locks.failure();
  if (auto done = expire_repositories(scope); !done)
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
