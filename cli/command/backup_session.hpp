// The online part of a backup: starting and stopping it in PostgreSQL, and waiting for its WAL.
// Source: cli/command/README.md, sections 5.1, 5.2 and 5.6.
// SPDX-License-Identifier: MIT
#pragma once

#include "cli/open/clusters.hpp"
#include "cli/open/repositories.hpp"

#include <functional>

namespace pgbraid::cli {

/// A started backup.
struct backup_begin {
  io::pg_backup_start at;
  /// The segment that must be in the archive before the copy starts, and whether it is the one
  /// before the start segment.
  std::string check_segment;
  bool check_is_prior = false;
  postgres::control_file control; ///< read after the start: of the checkpoint that began it
};

/// Starts a non-exclusive backup and makes sure that there is a segment whose archiving can be
/// checked. Logs the steps as the peer does.
/// Fails with `db_mismatch` (58) when pg_control does not show the checkpoint or timeline of it.
result<backup_begin> begin_backup(const config::options& opts, open_cluster& primary);

/// Whether a session still is one; costs nothing while it is. Fails with `db_query` (57) when the
/// server closed it, or with what became of the other host that holds it.
result<void> check_session(io::pg_client& client);

/// Where WAL of a backup is looked for.
struct wal_archive {
  repository* repo = nullptr;
  std::string archive_id;
  int64_t timeout_ms = 0;
  /// The session of whoever is to archive it: when that is lost, nobody waits any longer.
  io::pg_client* archiver = nullptr;
  /// Asked while waiting: fails when it is in vain.
  std::function<result<void>()> look = {};
};

/// Waits until every segment is in the archive; `archive_timeout` (82) names the first missing one,
/// duplicates are `archive_duplicate` (45). The time-out is for each segment.
result<void> wait_for_wal(const wal_archive& in, const std::vector<std::string>& segments);

/// Waits until the clock of the server shows a later second; returns that second. What changes
/// after the copy has begun then has a time stamp of its own. Fails with `kernel` (100) after three
/// tries.
result<int64_t> next_server_second(io::pg_client& client);

} // namespace pgbraid::cli
