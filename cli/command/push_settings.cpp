// How WAL is pushed, as the options say.
// SPDX-License-Identifier: MIT
#include "cli/command/push_settings.hpp"

#include "cli/open/compression.hpp"

#include <chrono>

namespace pgbraid::cli {

push_request push_settings(const config::options& opts) {
  const auto packing = compression_of(opts);
  push_request out{.wal = {},
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

std::unique_ptr<storage> open_pgdata(const config::options& opts) {
  const auto position = opts.pg_default();
  if (opts.pg_count() == 0 || !opts.has_value("pg-path", position))
    return nullptr;
  return make_posix_storage(opts.text("pg-path", position));
}

} // namespace pgbraid::cli
