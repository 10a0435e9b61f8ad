// archive-get as PostgreSQL calls it.
// SPDX-License-Identifier: MIT
#include "cli/foreground/get.hpp"

#include "cli/foreground/spool_hands.hpp"
#include "cli/foreground/wal_file.hpp"
#include "cli/frame/recovery_stop.hpp"
#include "cli/open/whereabouts.hpp"
#include "cli/spool/get_wait.hpp"
#include "engine/base/log.hpp"
#include "engine/base/system_start.hpp"
#include "engine/format/spool_status.hpp"
#include "engine/plan/archive_trouble.hpp"
#include "engine/postgres/wal_name.hpp"

#include <fmt/format.h>

#include <utility>

namespace pgbraid::cli {

namespace {

/// The name of the file and where it is wanted.
result<wanted_wal> wanted_by(const config::options& opts) {
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
  return wanted_wal{.name = words[0],
                    .destination = std::move(*destination),
                    .patience = std::chrono::milliseconds(opts.time_ms("archive-timeout")),
                    // It has another source that it turns to meanwhile.
                    .once = recovery_mode_at(opts) == plan::recovery_mode::standby};
}

result<int> get_through_spool(const config::options& opts, const wanted_wal& wanted,
                              const get_here& here) {
  const get_wait waits{.of = foreground_of(opts, format::spool_in_path(opts.text("spool-path"),
                                                                       opts.text("stanza"))),
                       .wal = wanted.name,
                       .destination = wanted.destination.path(),
                       .queue_bytes = opts.size_bytes("archive-get-queue-max"),
                       .missing_retry = opts.flag("archive-missing-retry"),
                       .booted_ns = system_start().time_since_epoch().count()};
  return wait_for_get(waits, hands_of(opts, [&] { return here(wanted); }));
}

} // namespace

result<int> get_in_foreground(const config::options& opts, const get_here& here) {
  if (auto local = require_pg_host(opts); !local)
    return local.failure();
  const auto wanted = wanted_by(opts);
  if (!wanted)
    return wanted.failure();
  if (!postgres::is_archived_name(wanted->name)) { // No archive has such a thing.
    log::info("unable to find {} in the archive", wanted->name);
    return 1;
  }
  // History files say where recovery goes next: those are never of an earlier time.
  const bool ahead = asks_spool(opts) && postgres::is_segment_name(wanted->name);
  return ahead ? get_through_spool(opts, *wanted, here) : here(*wanted);
}

} // namespace pgbraid::cli
