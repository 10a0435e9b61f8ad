// What goes into a backup, by the table of engine/format/README.md, section 8.5, as expressions.
// SPDX-License-Identifier: MIT
#include "engine/postgres/exclusion.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <regex>
#include <set>

using namespace pgbraid::postgres;
using pgbraid::test::between;
namespace test = pgbraid::test;

namespace {

const std::vector<std::string> parents{"pg_data",
                                       "pg_data/global",
                                       "pg_data/base",
                                       "pg_data/base/5",
                                       "pg_data/base/5/x",
                                       "pg_data/base/x",
                                       "pg_data/pg_wal",
                                       "pg_data/pg_wal/archive_status",
                                       "pg_data/pg_xlog",
                                       "pg_data/pg_xlog/archive_status",
                                       "pg_data/pg_replslot",
                                       "pg_data/pg_stat_tmp",
                                       "pg_data/x/pg_replslot",
                                       "pg_tblspc/16384",
                                       "pg_tblspc/16384/PG_15_202209061",
                                       "pg_tblspc/16384/PG_15_202209061/5",
                                       "pg_tblspc/x/PG_15_202209061/5",
                                       "pg_tblspc/16384/pgsql_tmp/5"};

rc::Gen<std::string> any_name() {
  return rc::gen::oneOf(
      rc::gen::element<std::string>(
          "postmaster.pid", "postmaster.opts", "backup_label", "backup_label.old", "tablespace_map",
          "postgresql.auto.conf", "postgresql.auto.conf.tmp", "recovery.signal", "standby.signal",
          "recovery.conf", "recovery.done", "backup_manifest", "backup_manifest.tmp",
          "backup.manifest", "pg_internal.init", "pg_internal.init.77", "pgsql_tmp", "pgsql_tmp7.1",
          "xpgsql_tmp", "pg_control", "pg_control.pgbackrest.tmp", "pg_filenode.map", "PG_VERSION"),
      // Relations, temporary ones, their forks and segments, and what is nearly so.
      rc::gen::apply([](const std::string& before, const std::string& number,
                        const std::string& fork,
                        const std::string& segment) { return before + number + fork + segment; },
                     rc::gen::element<std::string>("", "", "", "t3_", "t3_", "t_", "t", "x"),
                     rc::gen::element<std::string>("16385", "7", "77", "", "x"),
                     rc::gen::element<std::string>("", "_fsm", "_vm", "_init", "_x"),
                     rc::gen::element<std::string>("", ".1", ".22", ".", ".x")));
}

bool matches(const std::string& text, const char* shape) {
  return std::regex_match(text, std::regex(shape));
}

/// "Directories of databases are ..."
bool is_of_databases(const std::string& path) {
  return matches(path, "pg_data/global|pg_data/base/[0-9]+|"
                       "pg_tblspc/[0-9]+/PG_[^/]*/[0-9]+");
}

/// The rows of the table that are about names.
bool stays_away(version_number version, const std::string& parent, const std::string& name) {
  if (matches(name, "pgsql_tmp.*"))
    return true;
  if ((parent == "pg_data" || parent == "pg_data/global") && name.ends_with(".pgbackrest.tmp"))
    return true;
  if (parent == "pg_data")
    return matches(name,
                   "postmaster\\.(pid|opts)|backup_label(\\.old)?|postgresql\\.auto\\.conf\\.tmp|"
                   "tablespace_map|backup\\.manifest") ||
           matches(name,
                   version >= 120000 ? "(recovery|standby)\\.signal" : "recovery\\.(conf|done)") ||
           (version >= 130000 && matches(name, "backup_manifest(\\.tmp)?"));
  return is_of_databases(parent) &&
         matches(name, "pg_internal\\.init(\\.[0-9]+)?|t[0-9]+_[0-9]+(_(fsm|vm))?(\\.[0-9]+)?");
}

} // namespace

TEST_CASE("exclusion model: names, in each directory and for each release") {
  int away = 0;
  test::for_all(
      [&] {
        const auto version = *rc::gen::element(90600U, 110000U, 120000U, 130000U, 180000U);
        const auto parent = *rc::gen::elementOf(parents);
        const auto name = *any_name();
        const bool wanted = stays_away(version, parent, name);
        away += wanted ? 1 : 0;
        for (const bool online : {true, false})
          RC_ASSERT(is_excluded({version, online}, parent, name) == wanted);
      },
      500);
  CHECK(away >= 30);
}

TEST_CASE("exclusion model: directories whose content stays away") {
  for (const auto version : {90600U, 100000U, 180000U})
    for (const bool online : {true, false})
      for (const auto& path : parents) {
        CAPTURE(path);
        const backup_scope scope{version, online};
        const std::string wal = version < 100000 ? "pg_data/pg_xlog" : "pg_data/pg_wal";
        CHECK(files_are_excluded(scope, path) == (online && path == wal));
        const bool emptied =
            matches(path,
                    "pg_data/pg_(dynshmem|notify|replslot|serial|snapshots|stat_tmp|subtrans)") ||
            (online && path == wal + "/archive_status");
        CHECK(content_is_excluded(scope, path) == emptied);
      }
}

TEST_CASE("exclusion model: relations and their forks") {
  int relations = 0;
  test::for_all(
      [&] {
        const auto name = *any_name();
        std::smatch parts;
        const bool is_init = std::regex_match(name, parts, std::regex("([0-9]+)_init(\\.[0-9]+)?"));
        const auto init = init_fork_relation(name);
        RC_ASSERT(init.has_value() == is_init);
        if (is_init)
          RC_ASSERT((*init == parts[1].str()));
        const bool is_other =
            std::regex_match(name, parts, std::regex("([0-9]+)(_fsm|_vm)?(\\.[0-9]+)?"));
        const auto other = relation_file_number(name);
        RC_ASSERT(other.has_value() == is_other);
        if (is_other)
          RC_ASSERT((*other == parts[1].str()));
        relations += is_init || is_other ? 1 : 0;
      },
      400);
  CHECK(relations >= 15);
}

TEST_CASE("exclusion model: whose pages have checksums, and which part of a relation a file is") {
  test::for_all(
      [] {
        const auto parent = *rc::gen::elementOf(parents);
        const auto name = *any_name();
        const auto path = parent + "/" + name;
        // Section 12: directories of databases, but for three names.
        const bool wanted = is_of_databases(parent) && name != "pg_filenode.map" &&
                            name != "PG_VERSION" && path != "pg_data/global/pg_control";
        RC_ASSERT(has_page_checksums(path) == wanted);
        std::smatch parts;
        const bool has_number = std::regex_match(name, parts, std::regex(".*\\.([0-9]+)"));
        RC_ASSERT(relation_segment(path) ==
                  (has_number ? static_cast<uint32_t>(std::stoul(parts[1].str())) : 0U));
      },
      400);
}

TEST_CASE("exclusion model: what comes from a standby") {
  // cli/command/README.md, section 5.3: base, global (but pg_control), transactions, tablespaces.
  for (const auto version : {90600U, 180000U}) {
    const std::string transactions = version < 100000 ? "pg_clog" : "pg_xact";
    for (const auto& top : {std::string("base"), std::string("global"), std::string("pg_multixact"),
                            std::string("pg_xact"), std::string("pg_clog"), std::string("pg_wal"),
                            std::string("pg_stat"), std::string("basement"), std::string("log")})
      for (const auto* file : {"/5", "/pg_control", "/sub/7"}) {
        const auto path = "pg_data/" + top + file;
        CAPTURE(path);
        const std::set<std::string> from{"base", "global", "pg_multixact", transactions};
        CHECK(comes_from_standby(version, path) ==
              (from.contains(top) && path != "pg_data/global/pg_control"));
      }
    CHECK(comes_from_standby(version, "pg_tblspc/5/PG_15_1/5/7"));
    CHECK_FALSE(comes_from_standby(version, "pg_data/PG_VERSION"));
  }
}
