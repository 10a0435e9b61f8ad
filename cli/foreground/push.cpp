// archive-push as PostgreSQL calls it.
// SPDX-License-Identifier: MIT
#include "cli/foreground/push.hpp"

#include "cli/foreground/archiver_hands.hpp"
#include "cli/foreground/spool_hands.hpp"
#include "cli/foreground/wal_file.hpp"
#include "cli/open/locks.hpp"
#include "cli/open/whereabouts.hpp"
#include "cli/spool/push_wait.hpp"
#include "engine/format/spool_status.hpp"

namespace pgbraid::cli {

namespace {

result<int> push_through_spool(const config::options& opts, const wal_location& wal,
                               const push_here& here) {
  const push_wait wanted{.of = foreground_of(opts, format::spool_out_path(opts.text("spool-path"),
                                                                          opts.text("stanza"))),
                         .wal_directory = wal.directory,
                         .wal = wal.name};
  return wait_for_push(wanted, hands_of(opts, [&] { return here(wal); }));
}

} // namespace

result<int> push_in_foreground(const config::options& opts, const push_here& here) {
  if (auto local = require_pg_host(opts); !local)
    return local.failure();
  if (opts.parameters().size() != 1) {
    return error{errc::param_required, "WAL segment to push required",
                 "Does archive_command end in %p?"};
  }
  if (auto free = check_stop_file(opts); !free)
    return free.failure();
  auto wal = locate_wal(opts, opts.parameters().front());
  if (!wal)
    return wal.failure();
  if (auto named = check_wal_name(*wal); !named)
    return named.failure();
  if (asks_archiver(opts)) {
    const auto done = push_by_archiver(opts, *wal);
    if (!done)
      return done.failure();
    if (*done)
      return **done;
  }
  return asks_spool(opts) ? push_through_spool(opts, *wal, here) : here(*wal);
}

} // namespace pgbraid::cli
