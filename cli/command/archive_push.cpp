// archive-push: one WAL file into every repository.
// Source: cli/command/README.md, section 4.
// SPDX-License-Identifier: MIT
#include "actors/archive/push.hpp"
#include "cli/command/commands.hpp"
#include "cli/command/push_settings.hpp"
#include "cli/command/spool_hands.hpp"
#include "cli/command/wal_file.hpp"
#include "cli/open/clusters.hpp"
#include "cli/open/locks.hpp"
#include "cli/open/repositories.hpp"
#include "cli/spool/push_wait.hpp"
#include "engine/format/spool_status.hpp"
#include "storage/driver/posix/posix_storage.hpp"

#include <memory>
#include <utility>

namespace pgbraid::cli {

namespace {

result<int> push_here(const config::options& opts, const wal_location& wal) {
  const auto source = make_posix_storage(wal.directory);
  const auto pgdata = open_pgdata(opts);
  auto wanted = push_settings(opts);
  wanted.wal = wal;
  if (auto pushed =
          push_wal(wanted, {.wal = *source, .pgdata = pgdata.get(), .to = repository_doors(opts)});
      !pushed)
    return pushed.failure();
  return 0;
}

result<int> push_through_spool(const config::options& opts, const wal_location& wal) {
  const push_wait wanted{.of = foreground_of(opts, format::spool_out_path(opts.text("spool-path"),
                                                                          opts.text("stanza"))),
                         .wal_directory = wal.directory,
                         .wal = wal.name};
  return wait_for_push(wanted, hands_of(opts, [&] { return push_here(opts, wal); }));
}

} // namespace

result<int> run_archive_push(const config::options& opts) {
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
  return opts.flag("archive-async") ? push_through_spool(opts, *wal) : push_here(opts, *wal);
}

} // namespace pgbraid::cli
