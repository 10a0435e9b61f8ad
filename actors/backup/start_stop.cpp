// Starting and stopping online backups.
// SPDX-License-Identifier: MIT
#include "actors/backup/start_stop.hpp"

#include "actors/backup/backup.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/postgres/wal_name.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string_view>

namespace pgbraid {

namespace {

constexpr std::string_view restore_point_name = "pgbraid backup start";

void warn_of_slow_checkpoint(const backup_request& wanted, const pg::pg_client& client) {
  const std::chrono::milliseconds checkpoint = client.server().checkpoint_timeout;
  if (!wanted.start_fast && wanted.db_timeout <= checkpoint)
    log::warn("start-fast is disabled and db-timeout ({}ms) is smaller than the PostgreSQL "
              "checkpoint_timeout ({}ms) - timeout may occur before the backup starts",
              wanted.db_timeout.count(), checkpoint.count());
}

/// Makes the server finish a segment.
result<void> finish_segment(pg::pg_client& client) {
  if (auto made = client.create_restore_point(restore_point_name); !made)
    return made.failure();
  auto switched = client.switch_segment();
  return switched ? success() : switched.failure();
}

} // namespace

result<backup_begin> begin_backup(const backup_request& wanted, open_cluster& primary) {
  auto& client = primary.client;
  warn_of_slow_checkpoint(wanted, client);
  log::info("execute backup start: backup begins after the {} completes",
            wanted.start_fast ? "requested immediate checkpoint" : "next regular checkpoint");
  auto before = client.current_segment();
  if (!before)
    return before.failure();
  auto started = client.start_backup(wanted.start_fast);
  if (!started)
    return started.failure();
  auto control = primary->control_fields();
  if (!control)
    return control.failure();
  backup_begin out{.at = *started, .control = *control};
  if (auto fits = plan::check_backup_start(*control, out.at.lsn, out.at.segment); !fits)
    return fits.failure();
  log::info("backup start archive = {}, lsn = {}", out.at.segment,
            postgres::format_lsn(out.at.lsn));
  if (!wanted.archive_check)
    return out;
  out.proof = plan::choose_archive_proof(*before, out.at.segment, control->wal_segment_bytes);
  if (out.proof.takes_a_switch)
    if (auto finished = finish_segment(client); !finished)
      return finished.failure();
  return out;
}

result<int64_t> next_server_second(pg::pg_client& client) {
  auto first = client.clock_ms();
  if (!first)
    return first.failure();
  auto now = *first;
  for (int tries = 0; tries < 3; ++tries) {
    sleep_through(std::chrono::milliseconds(1000 - now % 1000));
    auto later = client.clock_ms();
    if (!later)
      return later.failure();
    if (*later / 1000 > *first / 1000)
      return *later / 1000;
    now = *later;
  }
  return error{errc::kernel, fmt::format("PostgreSQL clock has not advanced to the next second "
                                         "after {} tries",
                                         3)};
}

} // namespace pgbraid
