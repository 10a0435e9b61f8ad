// Waiting for WAL in an archive.
// SPDX-License-Identifier: MIT
#include "actors/archive/wal_arrival.hpp"

#include "engine/base/clock.hpp"
#include "engine/base/command_stage.hpp"
#include "engine/base/stop_signal.hpp"

#include <fmt/format.h>

namespace pgbraid {

namespace {

constexpr auto poll_every = std::chrono::milliseconds(100);

} // namespace

result<void> check_session(pg::pg_client& client) {
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
    const auto deadline = monotonic::now() + in.limit;
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
      if (monotonic::now() >= deadline)
        return error{errc::archive_timeout,
                     fmt::format("WAL segment {} was not archived before the {}ms timeout", segment,
                                 in.limit.count()),
                     "Does archive_command name this program and this stanza, or "
                     "pgbraid_archive.stanza the stanza?\nThe server log tells "
                     "why archiving fails.\nA stanza that was stopped archives nothing until it "
                     "is started."};
      sleep_unless_stopped(poll_every);
    }
  }
  return success();
}

} // namespace pgbraid
