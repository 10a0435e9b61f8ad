// Which directories a database may take away during a backup.
// SPDX-License-Identifier: MIT
#include "engine/plan/vanished_paths.hpp"

#include <doctest/doctest.h>

using namespace pgbraid::plan;

namespace {

const catalog_places before = {.databases = {{5, 1663}, {7, 1663}, {9, 16390}},
                               .tablespaces = {16390, 16400}};

} // namespace

TEST_CASE("vanished paths: a dropped database took its directories along") {
  const catalog_places now = {.databases = {{5, 1663}, {9, 16390}}, .tablespaces = {16390, 16400}};
  CHECK(was_dropped("pg_data/base/7", before, now));
  CHECK(was_dropped("pg_data/base/7/odd", before, now));
  CHECK(was_dropped("pg_tblspc/16390/PG_15_202209061/7", before, now));
  CHECK(was_dropped("pg_data/base/8", before, now)); // came and went since
}

TEST_CASE("vanished paths: what a live database or tablespace lacks is lost") {
  for (const auto* path :
       {"pg_data/base/5", "pg_data/base/5/deep", "pg_tblspc/16390/PG_15_202209061/5",
        "pg_tblspc/16390/PG_15_202209061/9", "pg_tblspc/16390/PG_15_202209061", "pg_tblspc/16390"})
    CHECK_FALSE(was_dropped(path, before, before));
}

TEST_CASE("vanished paths: a dropped tablespace took everything in it along") {
  const catalog_places now = {.databases = before.databases, .tablespaces = {16400}};
  CHECK(was_dropped("pg_tblspc/16390", before, now));
  CHECK(was_dropped("pg_tblspc/16390/PG_15_202209061", before, now));
  CHECK(was_dropped("pg_tblspc/16390/PG_15_202209061/5", before, now));
  CHECK_FALSE(was_dropped("pg_tblspc/16400", before, now));
}

TEST_CASE("vanished paths: a database that moved left its directory") {
  auto now = before;
  now.databases[0].tablespace = 16400;
  CHECK(was_dropped("pg_data/base/5", before, now));
  CHECK(was_dropped("pg_tblspc/16390/PG_15_202209061/5", before, now));
  CHECK_FALSE(was_dropped("pg_data/base/7", before, now));
}

TEST_CASE("vanished paths: nothing else is the database's to remove") {
  for (const auto* path :
       {"pg_data", "pg_data/base", "pg_data/global", "pg_data/pg_xact", "pg_data/base/x5",
        "pg_data/base/7x", "pg_data/base/", "pg_tblspc", "pg_tblspc/x", "other"})
    CHECK_FALSE(was_dropped(path, before, {}));
}
