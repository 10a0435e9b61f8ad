// archive-get: one WAL file from whichever repository has it undamaged.
// Source: cli/command/README.md, section 6.
// SPDX-License-Identifier: MIT
#include "actors/archive/get.hpp"
#include "cli/command/commands.hpp"
#include "cli/foreground/get.hpp"
#include "cli/frame/recovery_stop.hpp"
#include "cli/open/repositories.hpp"
#include "storage/driver/posix/posix_storage.hpp"

namespace pgbraid::cli {

result<int> run_archive_get(const config::options& opts) {
  return get_in_foreground(opts, [&](const wanted_wal& wanted) -> result<int> {
    const auto pgdata = make_posix_storage(opts.text("pg-path", opts.pg_default()));
    const auto found = get_wal({.name = wanted.name,
                                .destination = wanted.destination,
                                .patience = wanted.patience,
                                .once = wanted.once},
                               {.pgdata = *pgdata,
                                .from = repository_doors(opts),
                                .may_end_recovery = disarm_recovery_stop});
    if (!found)
      return found.failure();
    // 1 tells PostgreSQL that the archive ends here; it is no error.
    return *found ? 0 : 1;
  });
}

} // namespace pgbraid::cli
