// A connection to a PostgreSQL server: what backups need to ask and tell it.
// Source: shared/spec/commands.md, section 3.4.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::io {

/// Where a server listens. What is not here (password, TLS, ...) comes from libpq's own defaults:
/// environment, service file and .pgpass.
struct pg_address {
  std::optional<std::string> host = {}; ///< host name, or the directory of a socket
  uint16_t port = 5432;
  std::optional<std::string> user = {};
  std::string database = "postgres";
};

/// What the server says about itself at the start of the session.
struct pg_server_info {
  uint32_t version_num = 0; ///< server_version_num: 150004
  std::string data_directory;
  std::string archive_mode; ///< `off`, `on`, `always`
  std::string archive_command;
  std::chrono::seconds checkpoint_timeout{0};
  uint64_t wal_segment_bytes = 0;
  bool in_recovery = false; ///< a standby, as of the start of the session

  /// 150000 of 150004.
  uint32_t major_version() const;
};

struct pg_backup_start {
  uint64_t lsn = 0;
  std::string segment; ///< name of the WAL file that holds `lsn`
};

struct pg_backup_stop {
  uint64_t lsn = 0;
  std::string segment;
  std::string backup_label;   ///< content of the file
  std::string tablespace_map; ///< content of the file, blank when there are no tablespaces
};

struct pg_database {
  std::string name;
  uint32_t oid = 0;
};

struct pg_tablespace {
  uint32_t oid = 0;
  std::string name;
};

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

  pg_client(pg_client&&) noexcept;
  pg_client& operator=(pg_client&&) noexcept;
  ~pg_client();

  const pg_server_info& server() const;

  /// Asks again whether the server is a standby.
  result<bool> is_in_recovery();
  /// The server's clock, milliseconds since the epoch.
  result<int64_t> clock_ms();
  /// Name of the segment that WAL is being inserted into; primaries only.
  result<std::string> current_segment();
  /// Begins a non-exclusive backup. The connection must stay open until `stop_backup`.
  /// @param fast  checkpoint at once rather than when the next one is due
  result<pg_backup_start> start_backup(bool fast);
  /// Ends it; never waits for WAL to be archived.
  result<pg_backup_stop> stop_backup();
  result<void> create_restore_point(std::string_view name);
  /// Ends the current segment and returns its name.
  result<std::string> switch_segment();
  /// Runs CHECKPOINT.
  result<void> checkpoint();
  /// The last replayed location of a standby; empty before anything was replayed.
  result<std::optional<uint64_t>> replay_location();
  /// Databases in order of name (those of the catalog, templates included).
  result<std::vector<pg_database>> databases();
  /// Tablespaces other than pg_default and pg_global, in order of oid.
  result<std::vector<pg_tablespace>> tablespaces();
  /// Whether the session still answers and the server is still what it was at the start; fails with
  /// `db_mismatch` "standby is no longer in recovery" / "primary has switched to recovery".
  result<void> ping();

  /// Readable when the server sent something (also when the connection broke); for pollers.
  int socket() const;
  /// Whether the server closed the connection, without asking it anything.
  bool is_broken();

private:
  class session;
  explicit pg_client(std::unique_ptr<session> opened);
  std::unique_ptr<session> session_;
};

} // namespace pgbraid::io
