// Which databases of a backup are left out, and which files that makes zeros.
// SPDX-License-Identifier: MIT
#include "engine/plan/restore_databases.hpp"
#include "engine/plan/restore_order.hpp"
#include "tests/unit/engine/plan/sample_backup.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::plan;

namespace {

/// Databases of the system, three of users, and one (16500) that only has files.
format::manifest with_databases() {
  auto out = plan_test::sample_backup();
  out.databases = {{.name = "app", .oid = 16385},   {.name = "postgres", .oid = 5},
                   {.name = "shop", .oid = 16386},  {.name = "template0", .oid = 4},
                   {.name = "template1", .oid = 1}, {.name = "empty one", .oid = 16387}};
  for (const auto* oid : {"1", "4", "16385", "16386", "16500"})
    plan_test::add_path(out, out.keep("pg_data/base/" + std::string(oid)));
  plan_test::add_path(out, "pg_tblspc/16384/PG_15_202209061/16385");
  for (const auto* oid : {"1", "4", "5", "16385", "16386", "16500"})
    plan_test::add_file(out, "pg_data/base/" + std::string(oid) + "/PG_VERSION", 3);
  plan_test::add_file(out, "pg_data/base/16385/2619", 8192);
  plan_test::add_file(out, "pg_data/base/16386/2619", 8192);
  plan_test::add_file(out, "pg_tblspc/16384/PG_15_202209061/16385/3000", 8192);
  plan_test::add_file(out, "pg_tblspc/16384/PG_15_202209061/16385/PG_VERSION", 3);
  out.sort();
  return out;
}

using oids = std::set<uint64_t>;

oids zeroed_by(const database_wish& wish) {
  const auto chosen = choose_databases(with_databases(), wish);
  if (!chosen)
    FAIL(chosen.failure().text());
  return chosen->zeroed.oids();
}

errc refusal_of(const database_wish& wish) {
  const auto chosen = choose_databases(with_databases(), wish);
  REQUIRE(!chosen);
  return chosen.failure().code;
}

} // namespace

TEST_CASE("restore databases: what is not included is left out, the system's stay") {
  CHECK(zeroed_by({}).empty());
  CHECK(zeroed_by({.include = {"app"}}) == oids{16386, 16387, 16500});
  CHECK(zeroed_by({.include = {"16385"}}) == oids{16386, 16387, 16500});
  CHECK(zeroed_by({.include = {"app", "16386", "empty one", "16500"}}).empty());
  CHECK(zeroed_by({.exclude = {"app"}}) == oids{16385});
  CHECK(zeroed_by({.exclude = {"app", "16386", "app"}}) == oids{16385, 16386});
  CHECK(zeroed_by({.exclude = {"postgres"}}) == oids{5});
  CHECK(zeroed_by({.include = {"app"}, .exclude = {"5"}}) == oids{5, 16386, 16387, 16500});
}

TEST_CASE("restore databases: what cannot be wished for is refused") {
  CHECK(refusal_of({.include = {"nothing"}}) == errc::db_missing);
  CHECK(refusal_of({.exclude = {"nothing"}}) == errc::db_missing);
  CHECK(refusal_of({.exclude = {"7"}}) == errc::db_missing);
  for (const auto* number : {"0", "016385", "16385 ", "+16385", "4294983681", "-1"})
    CHECK(refusal_of({.include = {number}}) == errc::db_missing);
  for (const auto* own : {"postgres", "template1", "template0", "5", "1"})
    CHECK(refusal_of({.include = {own}}) == errc::db_invalid);
  CHECK(refusal_of({.include = {"app"}, .exclude = {"16385"}}) == errc::db_invalid);
  auto none = plan_test::sample_backup();
  none.databases.clear();
  const auto chosen = choose_databases(none, {.include = {"app"}});
  REQUIRE(!chosen);
  CHECK(chosen.failure().code == errc::format);
}

TEST_CASE("restore databases: a number that means two is refused") {
  auto odd = with_databases();
  odd.databases.push_back({.name = "16386", .oid = 16388});
  const auto two = choose_databases(odd, {.exclude = {"16386"}});
  REQUIRE(!two);
  CHECK(two.failure().code == errc::db_invalid);
  CHECK(two.failure().hint.find("16388") != std::string::npos);
  odd.databases.back() = {.name = "16385", .oid = 16385};
  const auto same = choose_databases(odd, {.exclude = {"16385"}});
  REQUIRE(same);
  CHECK(same->zeroed.oids() == oids{16385});
}

TEST_CASE("restore databases: files of a database, in all tablespaces, but for PG_VERSION") {
  const zeroed_databases app({16385});
  CHECK(app.holds("pg_data/base/16385/2619"));
  CHECK(app.holds("pg_data/base/16385/pg_filenode.map"));
  CHECK(app.holds("pg_data/base/16385/deeper/PG_VERSION"));
  CHECK(app.holds("pg_tblspc/16384/PG_15_202209061/16385/3000"));
  for (const auto* kept :
       {"pg_data/base/16385/PG_VERSION", "pg_tblspc/16384/PG_15_202209061/16385/PG_VERSION",
        "pg_data/base/16386/2619", "pg_data/base/163850/2619", "pg_data/base/016385/2619",
        "pg_data/16385/2619", "pg_data/global/16385", "pg_data/base/16385",
        "pg_tblspc/16385/PG_15_202209061/16384/1", "pg_tblspc/16384/other/16385/1",
        "pg_data/base2/16385/1", "pg_data/base//16385/1"})
    CHECK_MESSAGE(!app.holds(kept), kept);
  CHECK(!zeroed_databases().holds("pg_data/base/16385/2619"));
  CHECK(database_of("pg_data/base/16385/2619") == 16385);
  CHECK(!database_of("pg_data/base/pgsql_tmp/1"));
}

TEST_CASE("restore databases: files that are zeroed are not read, whatever their size") {
  auto backup = with_databases();
  for (auto& file : backup.files)
    if (file.name == "pg_data/base/16385/2619") {
      file.size_bytes = uint64_t{1} << 40;
      file.pages = format::page_check::broken;
    }
  const auto where = map_restore(backup, {.pg_path = "/new"});
  REQUIRE(where);
  const restore_rules rules(backup, *where, recovery_type::standard, 150000,
                            zeroed_databases({16385}));
  size_t unread = 0;
  for (const auto& batch : order_restore(backup, rules))
    for (const auto* file : batch.files)
      if (database_of(file->name) == 16385 && !file->name.ends_with("PG_VERSION")) {
        CHECK(batch.kind == batch_kind::empty);
        ++unread;
      }
  CHECK(unread == 2);
}
