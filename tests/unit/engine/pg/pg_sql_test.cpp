// Tests of the SQL chosen by version.
// SPDX-License-Identifier: MIT
#include "engine/pg/pg_sql.hpp"

#include <doctest/doctest.h>

using namespace pgbraid::pg;

namespace {
bool has(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}
} // namespace

TEST_CASE("pg_sql: 9.6 says xlog and location, 10 and later wal and lsn") {
  for (const auto& text :
       {sql::current_segment(90624), sql::switch_segment(90624), sql::replay_location(90624),
        sql::start_backup(90624), sql::stop_backup(90624)}) {
    CHECK(has(text, "xlog"));
    CHECK(!has(text, "wal"));
  }
  CHECK(has(sql::current_segment(90624), "pg_current_xlog_insert_location()"));
  for (const uint32_t version : {100023U, 140010U, 150004U, 180001U}) {
    for (const auto& text :
         {sql::current_segment(version), sql::switch_segment(version),
          sql::replay_location(version), sql::start_backup(version), sql::stop_backup(version)}) {
      CHECK(has(text, "wal"));
      CHECK(!has(text, "xlog"));
    }
  }
}

TEST_CASE("pg_sql: backups are non-exclusive and never wait for archiving") {
  CHECK(has(sql::start_backup(90624), "pg_start_backup("));
  CHECK(has(sql::start_backup(140010), "pg_start_backup("));
  CHECK(has(sql::start_backup(140010), ", $1::boolean, false)"));
  CHECK(has(sql::start_backup(150000), "pg_backup_start("));
  CHECK(has(sql::start_backup(150000), ", $1::boolean)"));
  CHECK(has(sql::stop_backup(90624), "pg_stop_backup(false)"));
  CHECK(has(sql::stop_backup(100000), "pg_stop_backup(false, false)"));
  CHECK(has(sql::stop_backup(149999), "pg_stop_backup(false, false)"));
  CHECK(has(sql::stop_backup(150000), "pg_backup_stop(false)"));
  CHECK(has(sql::stop_backup(180000), "pg_backup_stop(false)"));
}
