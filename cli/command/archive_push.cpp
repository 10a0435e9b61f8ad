// archive-push: one WAL file into every repository.
// Source: cli/command/README.md, section 4.
// SPDX-License-Identifier: MIT
#include "actors/archive/push.hpp"
#include "cli/command/commands.hpp"
#include "cli/command/wal_file.hpp"
#include "cli/open/clusters.hpp"
#include "cli/open/compression.hpp"
#include "cli/open/locks.hpp"
#include "cli/open/repositories.hpp"
#include "storage/driver/posix/posix_storage.hpp"

#include <chrono>
#include <memory>
#include <utility>

namespace pgbraid::cli {

namespace {

push_request request_of(const config::options& opts, wal_location wal) {
  const auto packing = compression_of(opts);
  push_request out{.wal = std::move(wal),
                   .compression = packing.type,
                   .compress_level = packing.level,
                   .gz = packing.gz,
                   .check_header = opts.flag("archive-header-check"),
                   .says_when_there = opts.flag("archive-mode-check"),
                   .answer_limit = std::chrono::milliseconds(opts.time_ms("protocol-timeout"))};
  if (opts.has_value("archive-push-queue-max"))
    out.queue_max = opts.size_bytes("archive-push-queue-max");
  return out;
}

/// Null where no cluster is configured.
std::unique_ptr<storage> open_pgdata(const config::options& opts) {
  const auto position = opts.pg_default();
  if (opts.pg_count() == 0 || !opts.has_value("pg-path", position))
    return nullptr;
  return make_posix_storage(opts.text("pg-path", position));
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
  const auto source = make_posix_storage(wal->directory);
  const auto pgdata = open_pgdata(opts);
  const auto wanted = request_of(opts, std::move(*wal));
  if (auto pushed =
          push_wal(wanted, {.wal = *source, .pgdata = pgdata.get(), .to = repository_doors(opts)});
      !pushed)
    return pushed.failure();
  return 0;
}

} // namespace pgbraid::cli
