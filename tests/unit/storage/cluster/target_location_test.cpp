// Tests of where targets lie.
// SPDX-License-Identifier: MIT
#include "storage/cluster/target_location.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using format::manifest_target;
using format::target_type;

namespace {

manifest_target path_link(std::string name, std::string path) {
  return {.name = std::move(name), .type = target_type::link, .path = std::move(path)};
}
manifest_target file_link(std::string name, std::string path, std::string file) {
  auto made = path_link(std::move(name), std::move(path));
  made.file = std::move(file);
  return made;
}
const manifest_target data{.name = "pg_data", .type = target_type::path, .path = "/db/main"};

} // namespace

TEST_CASE("target_location: relative links count from where they are") {
  CHECK(target_location("/db/main", data) == "/db/main");
  CHECK(target_location("/db/main", path_link("pg_data/pg_wal", "/wal/")) == "/wal");
  CHECK(target_location("/db/main", path_link("pg_data/pg_wal", "../wal")) == "/db/wal");
  CHECK(target_location("/db/main", path_link("pg_data/a/b", "../../wal")) == "/db/wal");
  CHECK(target_location("/db/main", path_link("pg_tblspc/1", "../../ts")) == "/db/ts");
  CHECK(target_location("/db/main", file_link("pg_data/a.conf", "../etc", "b.conf")) ==
        "/db/etc/b.conf");
  CHECK(target_location("/db/main", path_link("pg_data/x", "../../../../..")) == "/");
}

TEST_CASE("target_location: tells what is within what") {
  CHECK(is_within("/a/b", "/a/b"));
  CHECK(is_within("/a/b", "/a"));
  CHECK(is_within("/a/b", "/"));
  CHECK(!is_within("/ab", "/a"));
  CHECK(!is_within("/a", "/a/b"));
}

TEST_CASE("target_location: targets must not overlap") {
  const std::vector<manifest_target> others{data, path_link("pg_data/pg_wal", "/wal")};
  CHECK(check_target("/db/main", others, path_link("pg_data/x", "/other")));
  CHECK(check_target("/db/main", others, path_link("pg_data/x", "/wal2")));
  for (const auto* place :
       {"/wal", "/wal/sub", "/", "/db/main", "/db/main/x", "/db", "../main/y"}) {
    const auto checked = check_target("/db/main", others, path_link("pg_data/x", place));
    REQUIRE_MESSAGE(!checked, place);
    CHECK(checked.failure().code == errc::link_destination);
  }
  // Files of one directory may be linked one by one.
  const std::vector<manifest_target> files{data, file_link("pg_data/a", "/etc", "a")};
  CHECK(check_target("/db/main", files, file_link("pg_data/b", "/etc", "b")));
  CHECK(!check_target("/db/main", files, file_link("pg_data/b", "/etc", "a")));
  CHECK(!check_target("/db/main", files, path_link("pg_data/b", "/etc")));
}
