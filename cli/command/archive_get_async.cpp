// archive-get:async: the WAL that PostgreSQL will ask for next, into the spool.
// Source: cli/command/README.md, section 6.5.
// SPDX-License-Identifier: MIT
#include "actors/archive/get.hpp"
#include "actors/archive/get_batch.hpp"
#include "cli/command/background_role.hpp"
#include "cli/command/commands.hpp"
#include "cli/open/repositories.hpp"
#include "cli/open/whereabouts.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/plan/spool_get.hpp"
#include "engine/postgres/wal_name.hpp"
#include "storage/driver/posix/posix_storage.hpp"
#include "storage/spool/spool_directory.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pgbraid::cli {

namespace {

/// Repositories that were of no use to a process like this one: files beside the queue tell the
/// next one, by their names and times. Where they cannot be written each finds out by itself.
class aside_repositories {
public:
  explicit aside_repositories(const config::options& opts) {
    auto place = spool::spool_directory::make(
        format::spool_stanza_path(opts.text("spool-path"), opts.text("stanza")));
    if (place)
      place_ = std::move(*place);
  }

  std::vector<unsigned> among(const std::vector<repository_door>& doors) const {
    std::vector<unsigned> out;
    for (const auto& door : doors) {
      const auto told = place_ ? place_->status(name_of(door.key))
                               : result<std::optional<spool::status_file>>(std::nullopt);
      if (told && *told && plan::is_left_aside((*told)->changed_ns, wall_s()))
        out.push_back(door.key);
    }
    return out;
  }
  void add(unsigned key) const {
    const error why{errc::repo_invalid, "it was of no use when WAL was fetched ahead"};
    if (!place_)
      return;
    if (auto told = place_->write(name_of(key), format::status_of(why)); !told)
      log::warn("{}", told.failure().message);
  }

private:
  static std::string name_of(unsigned key) { return fmt::format("repo{}.aside", key); }

  std::optional<spool::spool_directory> place_ = {};
};

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
  const auto doors = repository_doors(opts);
  const aside_repositories aside(opts);
  const auto missing = get_batch(
      {.names = queue.fetch,
       .directory = in,
       .process_max = static_cast<size_t>(opts.integer("process-max")),
       .answer_limit = limit,
       .aside = aside.among(doors)},
      {.pgdata = *pgdata,
       .control = *control,
       .from = doors,
       .troubled = [&](unsigned key) { aside.add(key); }},
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
