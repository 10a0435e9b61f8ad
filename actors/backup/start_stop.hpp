// The online part of a backup: starting and stopping it in PostgreSQL.
// Source: cli/command/README.md, sections 5.1, 5.2 and 5.6.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/pg/pg_client.hpp"
#include "engine/plan/backup_choice.hpp"
#include "engine/postgres/control_file.hpp"
#include "storage/cluster/open_cluster.hpp"

#include <cstdint>

namespace pgbraid {

struct backup_request;

/// A started backup.
struct backup_begin {
  pg::pg_backup_start at;
  plan::archive_proof proof = {};      ///< must be in the archive before the copy starts
  postgres::control_file control = {}; ///< read after the start: of the checkpoint that began it
};

/// Starts a non-exclusive backup and makes sure that there is a segment whose archiving can be
/// checked. Logs the steps as the peer does.
/// Fails with `db_mismatch` (58) when pg_control does not show the checkpoint or timeline of it.
result<backup_begin> begin_backup(const backup_request& wanted, open_cluster& primary);

/// Waits until the clock of the server shows a later second; returns that second. What changes
/// after the copy has begun then has a time stamp of its own. Fails with `kernel` (100) after three
/// tries.
result<int64_t> next_server_second(pg::pg_client& client);

} // namespace pgbraid
