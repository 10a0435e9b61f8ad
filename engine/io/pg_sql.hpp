// The SQL that pgbraid sends, chosen by server version; pure text.
// Source: shared/spec/commands.md, section 3.4.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pgbraid::io::sql {

/// All functions take the `server_version_num` of the server (150004, 90624).

/// One row: location and WAL file name of a new non-exclusive backup. $1 is the checkpoint speed as
/// `true` (immediate) or `false`.
std::string start_backup(uint32_t server_version_num);
/// One row: location, WAL file name, backup_label, tablespace_map.
std::string stop_backup(uint32_t server_version_num);
/// One row: the name of the segment that is being written.
std::string current_segment(uint32_t server_version_num);
/// Ends the current segment; one row: the name of the segment that was ended.
std::string switch_segment(uint32_t server_version_num);
/// One row: the last replayed location on a standby, null before the first.
std::string replay_location(uint32_t server_version_num);
/// `$1`: the name of the restore point.
std::string_view restore_point();
/// One row: version number, data directory, archive_mode, archive_command, checkpoint_timeout (s),
/// and WAL segment size in bytes.
std::string_view server_settings();
/// Rows of name and oid, every database but template0... see `pg_client::databases`.
std::string_view databases();
/// Rows of oid and name of the tablespaces that are not built in.
std::string_view tablespaces();

} // namespace pgbraid::io::sql
