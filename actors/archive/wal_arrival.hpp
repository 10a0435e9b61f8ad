// Waiting for WAL in an archive.
// Source: cli/command/README.md, sections 3 and 5.6.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/pg/pg_client.hpp"
#include "storage/repository/repository.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace pgbraid {

/// Whether a session still is one; costs nothing while it is. Fails with `db_query` (57) when the
/// server closed it, or with what became of the other host that holds it.
result<void> check_session(pg::pg_client& client);

/// Where WAL is waited for.
struct wal_archive {
  repository* repo = nullptr;
  std::string archive_id;
  std::chrono::milliseconds limit{0}; ///< for each segment
  /// The session of whoever is to archive it: when that is lost, nobody waits any longer.
  pg::pg_client* archiver = nullptr;
  /// Asked while waiting: fails when it is in vain.
  std::function<result<void>()> look = {};
};

/// Waits until every segment is in the archive; `archive_timeout` (82) names the first missing one,
/// duplicates are `archive_duplicate` (45).
result<void> wait_for_wal(const wal_archive& in, const std::vector<std::string>& segments);

} // namespace pgbraid
