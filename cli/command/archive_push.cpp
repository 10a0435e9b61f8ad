// archive-push: one WAL file into every repository.
// Source: cli/command/README.md, section 4.
// SPDX-License-Identifier: MIT
#include "actors/archive/push.hpp"
#include "cli/command/commands.hpp"
#include "cli/command/journals.hpp"
#include "cli/command/push_settings.hpp"
#include "cli/foreground/push.hpp"

namespace pgbraid::cli {

result<int> run_archive_push(const config::options& opts) {
  return push_in_foreground(opts, [&](const wal_location& wal) -> result<int> {
    const auto between = push_ends_of(opts, wal.directory);
    if (!between)
      return between.failure();
    auto wanted = push_settings(opts);
    wanted.wal = wal;
    if (auto pushed = push_wal(wanted, *between); !pushed)
      return pushed.failure();
    return 0;
  });
}

} // namespace pgbraid::cli
