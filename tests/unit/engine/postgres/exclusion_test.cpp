// Tests of the rules of what goes into a backup.
// SPDX-License-Identifier: MIT
#include "engine/postgres/exclusion.hpp"

#include <doctest/doctest.h>

using namespace pgbraid::postgres;

namespace {

constexpr backup_scope online_15{150000, true};
constexpr backup_scope offline_15{150000, false};
constexpr backup_scope online_9_6{90600, true};
constexpr const char* tablespace_db = "pg_tblspc/16384/PG_15_202209061/5";

} // namespace

TEST_CASE("exclusion: knows the directories of relations") {
  CHECK(is_database_path("pg_data/global"));
  CHECK(is_database_path("pg_data/base/5"));
  CHECK(is_database_path(tablespace_db));
  for (const auto* path : {"pg_data/base", "pg_data/base/x", "pg_data/base/5/x", "pg_data/globals",
                           "pg_tblspc/16384", "pg_tblspc/16384/PG_15_202209061",
                           "pg_tblspc/16384/PG_15_202209061/x", "pg_tblspc/x/PG_15_1/5", ""})
    CHECK(!is_database_path(path));
}

TEST_CASE("exclusion: temporary files of queries go wherever they are") {
  for (const auto* parent : {"pg_data", "pg_data/base", "pg_data/pg_wal", tablespace_db})
    CHECK(is_excluded(online_15, parent, "pgsql_tmp123.0"));
  CHECK(!is_excluded(online_15, "pg_data", "my_pgsql_tmp"));
}

TEST_CASE("exclusion: run-time files of PGDATA, by version") {
  for (const auto* name : {"postmaster.pid", "postmaster.opts", "backup_label", "backup_label.old",
                           "postgresql.auto.conf.tmp"}) {
    CHECK(is_excluded(online_15, "pg_data", name));
    CHECK(is_excluded(online_9_6, "pg_data", name));
    CHECK(!is_excluded(online_15, "pg_data/base", name));
  }
  for (const auto* name :
       {"recovery.signal", "standby.signal", "backup_manifest", "backup_manifest.tmp"}) {
    CHECK(is_excluded(online_15, "pg_data", name));
    CHECK(!is_excluded(online_9_6, "pg_data", name));
  }
  for (const auto* name : {"recovery.conf", "recovery.done"}) {
    CHECK(!is_excluded(online_15, "pg_data", name));
    CHECK(is_excluded(online_9_6, "pg_data", name));
  }
  CHECK(!is_excluded({120000, true}, "pg_data", "backup_manifest"));
  for (const auto* name : {"postgresql.conf", "PG_VERSION", "log"})
    CHECK(!is_excluded(online_15, "pg_data", name));
  for (const auto* name : {"tablespace_map", "backup_label"})
    CHECK(is_excluded(online_15, "pg_data", name));
}

TEST_CASE("exclusion: caches and temporary relations in database directories") {
  for (const auto* parent : {"pg_data/global", "pg_data/base/5", tablespace_db}) {
    for (const auto* name : {"pg_internal.init", "pg_internal.init.123", "t3_16385", "t3_16385_fsm",
                             "t33_16385_vm.1", "t3_16385.4"})
      CHECK(is_excluded(online_15, parent, name));
    for (const auto* name : {"pg_internal.initx", "pg_internal.init.x", "t_16385", "t3_", "t3_x",
                             "16385", "t3_16385_init", "pg_filenode.map"})
      CHECK(!is_excluded(online_15, parent, name));
  }
  CHECK(!is_excluded(online_15, "pg_data/base", "pg_internal.init"));
}

TEST_CASE("exclusion: WAL stays out of online backups only") {
  CHECK(files_are_excluded(online_15, "pg_data/pg_wal"));
  CHECK(!files_are_excluded(offline_15, "pg_data/pg_wal"));
  CHECK(files_are_excluded(online_9_6, "pg_data/pg_xlog"));
  CHECK(!files_are_excluded(online_15, "pg_data/pg_xlog"));
  CHECK(!files_are_excluded(online_15, "pg_data/pg_wal/summaries"));
  CHECK(content_is_excluded(online_15, "pg_data/pg_wal/archive_status"));
  CHECK(!content_is_excluded(offline_15, "pg_data/pg_wal/archive_status"));
  CHECK(!content_is_excluded(online_15, "pg_data/x/archive_status"));
}

TEST_CASE("exclusion: what the server rebuilds stays as an empty directory") {
  for (const auto* name : {"pg_dynshmem", "pg_notify", "pg_replslot", "pg_serial", "pg_snapshots",
                           "pg_stat_tmp", "pg_subtrans"}) {
    CHECK(content_is_excluded(online_15, std::string("pg_data/") + name));
    CHECK(content_is_excluded(offline_15, std::string("pg_data/") + name));
    CHECK(!content_is_excluded(online_15, std::string("pg_data/x/") + name));
  }
  CHECK(!content_is_excluded(online_15, "pg_data/pg_stat"));
}

TEST_CASE("exclusion: relates the forks of a relation") {
  CHECK(init_fork_relation("16385_init") == "16385");
  CHECK(init_fork_relation("16385_init.1") == "16385");
  CHECK(!init_fork_relation("16385"));
  CHECK(!init_fork_relation("pg_internal.init"));
  CHECK(!init_fork_relation("_init"));
  for (const auto* name : {"16385", "16385.2", "16385_fsm", "16385_vm", "16385_vm.10"})
    CHECK(relation_file_number(name) == "16385");
  for (const auto* name : {"16385_init", "16385.", "16385_fsmx", "PG_VERSION", "16385_fsm_vm", ""})
    CHECK(!relation_file_number(name));
}

TEST_CASE("exclusion: which files have page checksums") {
  CHECK(has_page_checksums("pg_data/base/5/1259"));
  CHECK(has_page_checksums("pg_data/global/1260"));
  CHECK(has_page_checksums("pg_tblspc/16384/PG_15_202209061/5/16385.1"));
  for (const auto* path :
       {"pg_data/global/pg_control", "pg_data/base/5/PG_VERSION", "pg_data/base/5/pg_filenode.map",
        "pg_data/PG_VERSION", "pg_data/pg_xact/0000", "pg_data/base/pgsql_tmp/x"})
    CHECK(!has_page_checksums(path));
  CHECK(relation_segment("pg_data/base/5/16385.12") == 12);
  CHECK(relation_segment("pg_data/base/5/16385") == 0);
  CHECK(relation_segment("pg_data/base/5.5/16385") == 0);
  CHECK(relation_segment("pg_data/base/5/16385.99999999999") == 0);
}

TEST_CASE("exclusion: what a backup reads from the standby") {
  for (const auto* path :
       {"pg_data/base/5/1259", "pg_data/global/1260", "pg_data/pg_xact/0000",
        "pg_data/pg_multixact/members/0000", "pg_tblspc/16384/PG_15_202209061/5/16385"})
    CHECK(comes_from_standby(150000, path));
  for (const auto* path : {"pg_data/global/pg_control", "pg_data/PG_VERSION",
                           "pg_data/pg_clog/0000", "pg_data/postgresql.conf", "pg_data/pg_xactx/1"})
    CHECK(!comes_from_standby(150000, path));
  CHECK(comes_from_standby(90600, "pg_data/pg_clog/0000"));
}
