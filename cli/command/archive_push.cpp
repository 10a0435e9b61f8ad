// archive-push: one WAL file into every repository.
// Source: cli/command/README.md, section 4.
// SPDX-License-Identifier: MIT
#include "actors/archive/push.hpp"
#include "cli/command/commands.hpp"
#include "cli/command/push_settings.hpp"
#include "cli/foreground/push.hpp"
#include "cli/open/repositories.hpp"
#include "storage/driver/posix/posix_storage.hpp"

namespace pgbraid::cli {

result<int> run_archive_push(const config::options& opts) {
  return push_in_foreground(opts, [&](const wal_location& wal) -> result<int> {
    const auto source = make_posix_storage(wal.directory);
    const auto pgdata = open_pgdata(opts);
    auto wanted = push_settings(opts);
    wanted.wal = wal;
    auto pushed =
        push_wal(wanted, {.wal = *source, .pgdata = pgdata.get(), .to = repository_doors(opts)});
    if (!pushed)
      return pushed.failure();
    return 0;
  });
}

} // namespace pgbraid::cli
