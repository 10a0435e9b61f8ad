// SQL text by server version.
// SPDX-License-Identifier: MIT
#include "engine/pg/pg_sql.hpp"

#include <fmt/format.h>

namespace pgbraid::pg::sql {

namespace {

/// How a version calls the functions about WAL: 10 renamed `xlog` and `location`.
struct wal_names {
  std::string_view file_name;
  std::string_view insert_location;
  std::string_view switch_file;
  std::string_view replay_location;
};

wal_names names_of(uint32_t server_version_num) {
  if (server_version_num >= 100000)
    return {"pg_walfile_name", "pg_current_wal_insert_lsn", "pg_switch_wal",
            "pg_last_wal_replay_lsn"};
  return {"pg_xlogfile_name", "pg_current_xlog_insert_location", "pg_switch_xlog",
          "pg_last_xlog_replay_location"};
}

} // namespace

std::string_view server_settings() {
  return "select (select setting from pg_settings where name = 'server_version_num'),"
         " (select setting from pg_settings where name = 'data_directory'),"
         " (select setting from pg_settings where name = 'archive_mode'),"
         " (select setting from pg_settings where name = 'archive_command'),"
         " (select setting from pg_settings where name = 'checkpoint_timeout'),"
         " pg_size_bytes(current_setting('wal_segment_size')),"
         " coalesce(current_setting('archive_library', true), ''),"
         // The module's settings are unknown to all processes but the archiver, and not in
         // pg_settings.
         " coalesce(current_setting('pgbraid_archive.stanza', true), ''),"
         " coalesce(current_setting('pgbraid_archive.config', true), '')";
}

std::string_view in_recovery() {
  return "select pg_is_in_recovery()";
}

std::string_view clock() {
  return "select (extract(epoch from clock_timestamp()) * 1000)::bigint";
}

std::string current_segment(uint32_t server_version_num) {
  const auto names = names_of(server_version_num);
  return fmt::format("select {}({}())", names.file_name, names.insert_location);
}

std::string start_backup(uint32_t server_version_num) {
  const bool renamed = server_version_num >= 150000;
  // The label is text that tools look for in backup_label.
  return fmt::format("select lsn::text, {}(lsn) from {}('pgBackRest backup started at '"
                     " || current_timestamp, $1::boolean{}) as lsn",
                     names_of(server_version_num).file_name,
                     renamed ? "pg_backup_start" : "pg_start_backup", renamed ? "" : ", false");
}

std::string stop_backup(uint32_t server_version_num) {
  std::string_view call = "pg_backup_stop(false)";
  if (server_version_num < 100000)
    call = "pg_stop_backup(false)";
  else if (server_version_num < 150000)
    call = "pg_stop_backup(false, false)";
  return fmt::format("select lsn::text, {}(lsn), labelfile, spcmapfile from {}",
                     names_of(server_version_num).file_name, call);
}

std::string_view restore_point() {
  return "select pg_create_restore_point($1)::text";
}

std::string switch_segment(uint32_t server_version_num) {
  const auto names = names_of(server_version_num);
  return fmt::format("select {}({}())", names.file_name, names.switch_file);
}

std::string replay_location(uint32_t server_version_num) {
  return fmt::format("select {}()::text", names_of(server_version_num).replay_location);
}

std::string_view archiver() {
  return "select archived_count::text, failed_count::text, coalesce(last_failed_wal, ''),"
         " coalesce(last_failed_time::timestamptz(0)::text, ''),"
         " coalesce(last_failed_time > last_archived_time, last_failed_time is not null)"
         " from pg_stat_archiver";
}

std::string_view databases() {
  return "select datname::text, oid::text, dattablespace::text from pg_database order by datname";
}

std::string_view tablespaces() {
  return "select oid::text, spcname::text from pg_tablespace"
         " where spcname not in ('pg_default', 'pg_global') order by oid";
}

} // namespace pgbraid::pg::sql
