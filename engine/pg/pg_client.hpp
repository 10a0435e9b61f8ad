// A connection to a PostgreSQL server: what backups need to ask and tell it.
// Source: cli/command/README.md, section 5.2.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/pg/libpq_session.hpp"
#include "engine/pg/pg_session.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::pg {

/// One session. Every wait has the deadline given at `connect`: a query that takes longer is
/// cancelled and fails with `db_query` "query '...' timed out after Nms". Lost connections and SQL
/// errors are `db_query`, too. Not for use by several threads at once. Destroying it closes the
/// session, and PostgreSQL then ends a backup that was not stopped.
class pg_client {
public:
  /// Connects and sets the session up: search_path, client_encoding, application_name, no parallel
  /// queries; reads `server()`.
  /// @param application_name  shown in pg_stat_activity, for example `pgBackRest [backup]`
  /// Fails with `db_connect`, or `db_query` when the user may not read the settings (with a hint).
  static result<pg_client> connect(const pg_address& address, std::chrono::milliseconds timeout,
                                   std::string_view application_name);

  /// Over a session that is held elsewhere.
  explicit pg_client(std::unique_ptr<pg_session> opened) : session_(std::move(opened)) {}

  const pg_server_info& server() const { return session_->server(); }

  /// Asks again whether the server is a standby.
  result<bool> is_in_recovery() { return session_->is_in_recovery(); }
  /// The server's clock, milliseconds since the epoch.
  result<int64_t> clock_ms() { return session_->clock_ms(); }
  /// Name of the segment that WAL is being inserted into; primaries only.
  result<std::string> current_segment() { return session_->current_segment(); }
  /// Begins a non-exclusive backup. The connection must stay open until `stop_backup`.
  /// @param fast  checkpoint at once rather than when the next one is due
  result<pg_backup_start> start_backup(bool fast) { return session_->start_backup(fast); }
  /// Ends it; never waits for WAL to be archived.
  result<pg_backup_stop> stop_backup() { return session_->stop_backup(); }
  result<void> create_restore_point(std::string_view name) {
    return session_->create_restore_point(name);
  }
  /// Ends the current segment and returns its name.
  result<std::string> switch_segment() { return session_->switch_segment(); }
  /// Runs CHECKPOINT.
  result<void> checkpoint() { return session_->checkpoint(); }
  /// The last replayed location of a standby; empty before anything was replayed.
  result<std::optional<uint64_t>> replay_location() { return session_->replay_location(); }
  /// Databases in order of name (those of the catalog, templates included).
  result<std::vector<pg_database>> databases() { return session_->databases(); }
  /// Tablespaces other than pg_default and pg_global, in order of oid.
  result<std::vector<pg_tablespace>> tablespaces() { return session_->tablespaces(); }
  /// Whether the session still answers and the server is still what it was at the start; fails with
  /// `db_mismatch` "standby is no longer in recovery" / "primary has switched to recovery".
  result<void> ping();

  /// Readable when the server sent something (also when the connection broke); for pollers. -1 when
  /// another host holds the session.
  int socket() const { return session_->socket(); }
  /// Whether the server closed the connection, without asking it anything.
  bool is_broken() { return session_->is_broken(); }

private:
  std::unique_ptr<pg_session> session_;
};

} // namespace pgbraid::pg
