// archive-get: one WAL file from whichever repository has it undamaged.
// Source: cli/command/README.md, section 6.
// SPDX-License-Identifier: MIT
#include "actors/archive/get.hpp"
#include "cli/command/commands.hpp"
#include "cli/command/spool_hands.hpp"
#include "cli/command/wal_file.hpp"
#include "cli/frame/recovery_stop.hpp"
#include "cli/open/clusters.hpp"
#include "cli/open/repositories.hpp"
#include "cli/spool/get_wait.hpp"
#include "engine/base/log.hpp"
#include "engine/base/system_start.hpp"
#include "engine/format/spool_status.hpp"
#include "engine/plan/archive_trouble.hpp"
#include "engine/postgres/wal_name.hpp"
#include "storage/driver/posix/posix_storage.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <utility>

namespace pgbraid::cli {

namespace {

/// The name of the file and where it is wanted.
result<get_request> request_of(const config::options& opts) {
  const auto& words = opts.parameters();
  if (words.empty())
    return error{errc::param_required, "WAL segment to get required"};
  if (words.size() == 1)
    return error{errc::param_required, "path to copy WAL segment required"};
  if (words.size() > 2)
    return error{errc::param_invalid, "extra parameters found"};
  auto destination = locate_wal(opts, words[1]);
  if (!destination)
    return destination.failure();
  if (words[0].find('/') != words[0].npos)
    return error{errc::param_invalid, fmt::format("'{}' is not the name of a WAL file", words[0])};
  return get_request{.name = words[0],
                     .destination = std::move(*destination),
                     .patience = std::chrono::milliseconds(opts.time_ms("archive-timeout")),
                     // It has another source that it turns to meanwhile.
                     .once = recovery_mode_at(opts) == plan::recovery_mode::standby};
}

result<int> get_here(const config::options& opts, const get_request& wanted) {
  const auto pgdata = make_posix_storage(opts.text("pg-path", opts.pg_default()));
  const auto found = get_wal(wanted, {.pgdata = *pgdata,
                                      .from = repository_doors(opts),
                                      .may_end_recovery = disarm_recovery_stop});
  if (!found)
    return found.failure();
  // 1 tells PostgreSQL that the archive ends here; it is no error.
  return *found ? 0 : 1;
}

result<int> get_through_spool(const config::options& opts, const get_request& wanted) {
  const get_wait waits{.of = foreground_of(opts, format::spool_in_path(opts.text("spool-path"),
                                                                       opts.text("stanza"))),
                       .wal = wanted.name,
                       .destination = wanted.destination.path(),
                       .queue_bytes = opts.size_bytes("archive-get-queue-max"),
                       .missing_retry = opts.flag("archive-missing-retry"),
                       .booted_ns = system_start().time_since_epoch().count()};
  return wait_for_get(waits, hands_of(opts, [&] { return get_here(opts, wanted); }));
}

} // namespace

result<int> run_archive_get(const config::options& opts) {
  if (auto local = require_pg_host(opts); !local)
    return local.failure();
  const auto wanted = request_of(opts);
  if (!wanted)
    return wanted.failure();
  if (!postgres::is_archived_name(wanted->name)) { // No archive has such a thing.
    log::info("unable to find {} in the archive", wanted->name);
    return 1;
  }
  // History files say where recovery goes next: those are never of an earlier time.
  if (opts.flag("archive-async") && postgres::is_segment_name(wanted->name))
    return get_through_spool(opts, *wanted);
  return get_here(opts, *wanted);
}

} // namespace pgbraid::cli
