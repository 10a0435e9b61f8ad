// Starting and stopping online backups.
// SPDX-License-Identifier: MIT
#include "cli/command/backup_session.hpp"

#include "engine/base/command_stage.hpp"
#include "engine/base/log.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/postgres/wal_name.hpp"

#include <chrono>
#include <thread>

namespace pgbraid::cli {

namespace {

constexpr std::string_view restore_point_name = "pgbraid backup start";
constexpr auto poll_every = std::chrono::milliseconds(100);

void warn_of_slow_checkpoint(const config::options& opts, const io::pg_client& client) {
  const auto checkpoint_ms = client.server().checkpoint_timeout.count() * 1000;
  if (!opts.flag("start-fast") && opts.time_ms("db-timeout") <= checkpoint_ms)
    log::warn("start-fast is disabled and db-timeout ({}ms) is smaller than the PostgreSQL "
              "checkpoint_timeout ({}ms) - timeout may occur before the backup starts",
              opts.time_ms("db-timeout"), checkpoint_ms);
}

/// The control file on disk must belong to the checkpoint that the start made.
result<void> check_start(const backup_begin& begun) {
  if (begun.control.checkpoint_lsn < begun.at.lsn)
    return error{errc::db_mismatch,
                 fmt::format("current checkpoint '{}' is less than backup start lsn '{}'",
                             postgres::format_lsn(begun.control.checkpoint_lsn),
                             postgres::format_lsn(begun.at.lsn)),
                 "Is pg-path the data directory of the server that was asked?"};
  const auto timeline = postgres::timeline_of(begun.at.segment);
  if (timeline != begun.control.timeline)
    return error{errc::db_mismatch, fmt::format("WAL timeline {} does not match pg_control "
                                                "timeline {}",
                                                timeline, begun.control.timeline)};
  return success();
}

} // namespace

result<backup_begin> begin_backup(const config::options& opts, open_cluster& primary) {
  auto& client = primary.client;
  warn_of_slow_checkpoint(opts, client);
  log::info("execute backup start: backup begins after the {} completes",
            opts.flag("start-fast") ? "requested immediate checkpoint" : "next regular checkpoint");
  auto before = client.current_segment();
  if (!before)
    return before.failure();
  auto started = client.start_backup(opts.flag("start-fast"));
  if (!started)
    return started.failure();
  auto control = load_control(opts, primary.position);
  if (!control)
    return control.failure();
  backup_begin out{.at = *started, .check_segment = {}, .control = *control};
  if (auto fits = check_start(out); !fits)
    return fits.failure();
  log::info("backup start archive = {}, lsn = {}", out.at.segment,
            postgres::format_lsn(out.at.lsn));
  if (!opts.flag("archive-check"))
    return out;

  if (out.at.segment != *before) {
    out.check_segment = postgres::prior_segment(out.at.segment, out.control.wal_segment_bytes);
    out.check_is_prior = true;
    return out;
  }
  // Nothing was finished by the start: finish a segment, so that archiving can be checked now
  // rather than after hours of copying.
  if (auto made = client.create_restore_point(restore_point_name); !made)
    return made.failure();
  auto switched = client.switch_segment();
  if (!switched)
    return switched.failure();
  out.check_segment = out.at.segment;
  return out;
}

result<void> check_session(io::pg_client& client) {
  if (!client.is_broken())
    return success();
  // When the other host is what was lost, its link knows better.
  const auto alive = client.ping();
  if (!alive && alive.failure().code != errc::db_query)
    return alive.failure();
  // Whatever the server said last names the setting or the event better than we could.
  if (!alive && !alive.failure().hint.empty())
    return alive.failure().within("the server closed the connection during the backup");
  return error{errc::db_query, "the server closed the connection during the backup",
               "Was PostgreSQL restarted, or does something between us and it end idle "
               "connections?"};
}

result<void> wait_for_wal(const wal_archive& in, const std::vector<std::string>& segments) {
  the_command_stage.enter("waiting for WAL in the archive");
  for (const auto& segment : segments) {
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(in.timeout_ms);
    while (true) {
      auto found = in.repo->single_wal(in.archive_id, segment);
      if (!found)
        return found.failure();
      if (*found)
        break;
      if (should_stop())
        return error{errc::term, "terminated by a signal"};
      if (in.archiver != nullptr)
        if (auto there = check_session(*in.archiver); !there)
          return there;
      if (in.look)
        if (auto hopeful = in.look(); !hopeful)
          return hopeful;
      if (std::chrono::steady_clock::now() >= deadline)
        return error{
            errc::archive_timeout,
            fmt::format("WAL segment {} was not archived before the {}ms timeout", segment,
                        in.timeout_ms),
            "Does archive_command name this program and this stanza?\nThe server log tells "
            "why archiving fails.\nA stanza that was stopped archives nothing until it "
            "is started."};
      std::this_thread::sleep_for(poll_every);
    }
  }
  return success();
}

result<int64_t> next_server_second(io::pg_client& client) {
  auto first = client.clock_ms();
  if (!first)
    return first.failure();
  auto now = *first;
  for (int tries = 0; tries < 3; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1000 - now % 1000));
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

} // namespace pgbraid::cli
