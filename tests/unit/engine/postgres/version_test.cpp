// Tests of the table of PostgreSQL releases.
// SPDX-License-Identifier: MIT
#include "engine/postgres/version.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::postgres;

TEST_CASE("version: names and numbers belong together") {
  CHECK(version_name(90600) == "9.6");
  CHECK(version_name(100000) == "10");
  CHECK(version_name(180000) == "18");
  CHECK(major_version(150004) == 150000);
  CHECK(major_version(90624) == 90600);
  for (const auto& known : known_releases()) {
    CHECK(version_name(known.version) == known.name);
    CHECK(*parse_version(known.name) == known.version);
  }
}

TEST_CASE("version: an unknown one is refused as not supported") {
  for (const auto* name : {"9.5", "19", "", "15.2", "fifteen"}) {
    const auto parsed = parse_version(name);
    REQUIRE(!parsed);
    CHECK(parsed.failure().code == errc::version_not_supported);
  }
}

TEST_CASE("version: control and catalog version together tell the release") {
  // 13 to 16 share a control version.
  CHECK(find_release_by_control(1300, 202007201)->version == 130000);
  CHECK(find_release_by_control(1300, 202209061)->version == 150000);
  CHECK(find_release_by_control(1300, 202307071)->version == 160000);
  CHECK(find_release_by_control(1300, 202406281) == nullptr);
  CHECK(find_release_by_wal_magic(0xD110)->version == 150000);
  CHECK(find_release_by_wal_magic(0xFFFF) == nullptr);
}

TEST_CASE("version: 10 renamed directories") {
  CHECK(wal_directory(90600) == "pg_xlog");
  CHECK(wal_directory(100000) == "pg_wal");
  CHECK(transaction_directory(90600) == "pg_clog");
  CHECK(transaction_directory(180000) == "pg_xact");
  CHECK(tablespace_directory(150000, 202209061) == "PG_15_202209061");
  CHECK(tablespace_directory(90600, 201608131) == "PG_9.6_201608131");
}
