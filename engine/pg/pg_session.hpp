// What a session with a PostgreSQL server can do, wherever it is held.
// Source: cli/command/README.md, section 5.2.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::pg {

/// What the server says about itself at the start of the session.
struct pg_server_info {
  uint32_t version_num = 0; ///< server_version_num: 150004
  std::string data_directory;
  std::string archive_mode; ///< `off`, `on`, `always`
  std::string archive_command;
  std::string archive_library;       ///< empty before version 15
  std::string archive_module_stanza; ///< pgbraid_archive.stanza, empty where it is not set
  std::string archive_module_config; ///< pgbraid_archive.config, likewise
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
  uint32_t tablespace = 0; ///< oid of its default one
};

struct pg_tablespace {
  uint32_t oid = 0;
  std::string name;
};

/// A session, held by this host or by another one for us; `pg_client` says what each call does.
/// Used by one thread at a time. The destructor closes it.
class pg_session {
public:
  virtual ~pg_session() = default;
  virtual const pg_server_info& server() const = 0;
  virtual result<bool> is_in_recovery() = 0;
  virtual result<int64_t> clock_ms() = 0;
  virtual result<std::string> current_segment() = 0;
  virtual result<pg_backup_start> start_backup(bool fast) = 0;
  virtual result<pg_backup_stop> stop_backup() = 0;
  virtual result<void> create_restore_point(std::string_view name) = 0;
  virtual result<std::string> switch_segment() = 0;
  virtual result<void> checkpoint() = 0;
  virtual result<std::optional<uint64_t>> replay_location() = 0;
  virtual result<std::vector<pg_database>> databases() = 0;
  virtual result<std::vector<pg_tablespace>> tablespaces() = 0;
  virtual int socket() const = 0;
  virtual bool is_broken() = 0;
};

} // namespace pgbraid::pg
