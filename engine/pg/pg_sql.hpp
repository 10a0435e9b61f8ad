// The SQL that pgbraid sends, chosen by server version; pure text.
// Source: cli/command/README.md, section 5.2.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// All functions that take a version take the `server_version_num` of the server (150004, 90624).
namespace pgbraid::pg::sql {

/// One row: version number, data directory, archive_mode, archive_command, checkpoint_timeout (s),
/// WAL segment size (bytes), archive_library, pgbraid_archive.stanza and pgbraid_archive.config
/// (empty where there are none). A null means that the user may not read the setting.
std::string_view server_settings();
std::string_view in_recovery();
/// Milliseconds since the epoch.
std::string_view clock();
/// The name of the segment that WAL is being inserted into.
std::string current_segment(uint32_t server_version_num);
/// One row: location and WAL file name of a new non-exclusive backup.
/// $1: checkpoint at once (boolean)
std::string start_backup(uint32_t server_version_num);
/// One row: location, WAL file name, backup_label, tablespace_map.
std::string stop_backup(uint32_t server_version_num);
/// $1: the name of the restore point
std::string_view restore_point();
/// Ends the current segment; one row: its name.
std::string switch_segment(uint32_t server_version_num);
/// The last replayed location on a standby, null before the first.
std::string replay_location(uint32_t server_version_num);
/// One row: segments archived, tries failed, segment and time of the last failure, whether nothing
/// was archived since.
std::string_view archiver();
/// Rows of name and oid.
std::string_view databases();
/// Rows of oid and name, without the two that are built in.
std::string_view tablespaces();

} // namespace pgbraid::pg::sql
