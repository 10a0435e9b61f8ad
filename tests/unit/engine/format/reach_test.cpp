// Tests of what belongs to a stanza, and of the links that a repository has.
// SPDX-License-Identifier: MIT
#include "engine/format/repository_reach.hpp"
#include "tests/hostile.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace pgbraid;
using format::reach;

TEST_CASE("reach: two directories belong to a stanza") {
  for (const auto* inside : {"archive/a", "backup/a", "archive/a/archive.info", "backup/a/x/y/z"})
    CHECK(format::reach_of(inside, "a") == reach::inside);
  for (const auto* above : {"", "archive", "backup"})
    CHECK(format::reach_of(above, "a") == reach::above);
  for (const auto* outside : {"archive/b", "backup/aa", "backup/A", "archive/ab/a", "a",
                              "a/archive", "backups/a", "archive2", "top", "backup/ a"}) {
    test::hostile("names that leave their directory");
    CHECK(format::reach_of(outside, "a") == reach::outside);
  }
}

TEST_CASE("reach: a repository has links of two shapes") {
  const std::string full = "20260101-000000F";
  const std::string incr = full + "_20260102-000000I";
  const auto refused = [](const std::string& path, const std::string& destination) {
    test::hostile("links that lead elsewhere");
    return !format::is_repository_link(path, destination);
  };
  CHECK(format::is_repository_link("backup/a/latest", full));
  CHECK(format::is_repository_link("backup/a/latest", incr));
  CHECK(format::is_repository_link("backup/a/latest.pgbackrest.tmp", full));
  CHECK(
      format::is_repository_link("backup/a/" + incr + "/pg_data/pg_tblspc/1", "../../pg_tblspc/1"));
  CHECK(refused("backup/a/latest", "../" + full));
  CHECK(refused("backup/a/latest", full + "/"));
  CHECK(refused("backup/a/x/latest", full));
  CHECK(refused("backup/latest", full));
  CHECK(refused("archive/a/latest", full));
  CHECK(refused("latest", full));
  CHECK(refused("backup/a/x/pg_data/pg_tblspc/1", "../../pg_tblspc/1"));
  CHECK(refused("backup/a/" + full + "/pg_data/pg_tblspc/1", "../../pg_tblspc/2"));
  CHECK(refused("backup/a/" + full + "/pg_data/pg_tblspc/1/2", "../../pg_tblspc/1/2"));
  CHECK(refused("backup/a/" + full + "/pg_data/pg_tblspc/", "../../pg_tblspc/"));
}

TEST_CASE("reach: info files are those of a stanza") {
  for (const auto* yes : {"archive/a/archive.info", "archive/a/archive.info.copy",
                          "backup/a/backup.info", "backup/a/backup.info.copy"})
    CHECK(format::is_info_path(yes));
  for (const auto* no :
       {"archive/a/backup.info", "backup/a/archive.info", "backup/a/x/backup.info", "backup.info",
        "backup/backup.info", "backup//backup.info", "", "backup/a/backup.info.copy.copy",
        "archive/a/archive.info.pgbackrest.tmp", "backup/a/20260101-000000F/backup.manifest"}) {
    test::hostile("names that leave their directory");
    CHECK_FALSE(format::is_info_path(no));
  }
}
