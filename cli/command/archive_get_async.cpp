// archive-get:async: the WAL that PostgreSQL will ask for next, into the spool.
// Source: cli/command/README.md, section 6.5.
// SPDX-License-Identifier: MIT
#include "actors/archive/get.hpp"
#include "actors/archive/get_batch.hpp"
#include "cli/command/background_role.hpp"
#include "cli/command/commands.hpp"
#include "cli/open/repositories.hpp"
#include "cli/open/whereabouts.hpp"
#include "engine/plan/spool_get.hpp"
#include "engine/postgres/wal_name.hpp"
#include "storage/driver/posix/posix_storage.hpp"
#include "storage/spool/spool_directory.hpp"

#include <fmt/format.h>

#include <string>

namespace pgbraid::cli {

namespace {

/// Fills the queue from that segment on, and removes what nobody will ask for.
result<void> fill_queue(const config::options& opts, const std::string& first,
                        const std::string& in) {
  const auto pgdata = make_posix_storage(opts.text("pg-path", opts.pg_default()));
  const auto control = recovering_cluster(*pgdata);
  if (!control)
    return control.failure();
  const auto spool = spool::spool_directory::make(in);
  if (!spool)
    return spool.failure();
  const auto names = spool->names();
  if (!names)
    return names.failure();
  const auto queue = plan::plan_queue(first, *names, opts.size_bytes("archive-get-queue-max"),
                                      control->wal_segment_bytes);
  for (const auto& name : queue.remove)
    if (auto removed = spool->remove(name); !removed)
      return removed;
  // Half of it, so that whoever waits as long still hears of it.
  const auto limit = std::chrono::milliseconds(opts.time_ms("archive-timeout")) / 2;
  const auto missing = get_batch(
      {.names = queue.fetch,
       .directory = in,
       .process_max = static_cast<size_t>(opts.integer("process-max")),
       .answer_limit = limit},
      {.pgdata = *pgdata, .control = *control, .from = repository_doors(opts)},
      [&](const std::string& name, const error& why) {
        return spool->write(name + std::string(format::spool_error_suffix), format::status_of(why));
      });
  if (!missing)
    return missing.failure();
  if (*missing)
    return spool->write(**missing + std::string(format::spool_ok_suffix), {});
  return success();
}

} // namespace

result<int> run_archive_get_async(const config::options& opts) {
  if (auto local = require_pg_host(opts); !local)
    return local.failure();
  const auto& words = opts.parameters();
  if (words.empty())
    return error{errc::param_required, "WAL segment to get required"};
  if (words.size() > 1)
    return error{errc::param_invalid, "extra parameters found"};
  if (!postgres::is_segment_name(words.front()))
    return error{errc::param_invalid,
                 fmt::format("'{}' is not the name of a WAL segment", words.front())};
  const auto in = format::spool_in_path(opts.text("spool-path"), opts.text("stanza"));
  return run_in_background(opts, in, [&] { return fill_queue(opts, words.front(), in); });
}

} // namespace pgbraid::cli
