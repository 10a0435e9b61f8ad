// Tests of paths as users type them, and of what opens a file.
// SPDX-License-Identifier: MIT
#include "engine/format/repository_file.hpp"
#include "tests/hostile.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace pgbraid;
using format::opened_by;

TEST_CASE("repository file: a path is relative, or absolute and inside") {
  const std::string root = "/var/lib/pgbackrest";
  const auto path = [&](const std::string& text) { return *format::typed_path(text, root); };
  CHECK(path("") == "");
  CHECK(path("backup/demo/") == "backup/demo");
  CHECK(path("./backup/./x") == "backup/x");
  CHECK(path("..x/y..") == "..x/y..");
  CHECK(path(root) == "");
  CHECK(path(root + "/") == "");
  CHECK(path(root + "/archive/a b") == "archive/a b");
  CHECK(*format::typed_path("/backup", "/") == "backup");
  CHECK(*format::typed_path("/", "/") == "");
  for (const auto& wrong :
       {std::string("a//b"), std::string("//"), std::string("/"), std::string("/tmp"), root + "2/x",
        std::string(".."), std::string("a/../../b"), root + "/../x", std::string("a/..")}) {
    test::hostile("names that leave their directory");
    const auto refused = format::typed_path(wrong, root);
    REQUIRE_FALSE(refused);
    CHECK(refused.failure().code == errc::param_invalid);
  }
}

TEST_CASE("repository file: the passphrase of which level opens it") {
  const std::string made = "backup/demo/20260101-000000F_20260102-000000I";
  const auto pass = [](const std::string& path) { return format::place_of(path).pass; };
  CHECK(pass("archive/demo/archive.info") == opened_by::repository);
  CHECK(pass("archive/demo/archive.info.copy") == opened_by::repository);
  CHECK(pass("backup/demo/backup.info") == opened_by::repository);
  CHECK(pass("archive/demo/15-1/00000002.history") == opened_by::archive);
  CHECK(pass("backup/demo/backup.history/2026/20260101-000000F.manifest.gz") == opened_by::backups);
  CHECK(pass(made + "/backup.manifest") == opened_by::backups);
  CHECK(pass(made + "/backup.manifest.copy") == opened_by::backups);
  CHECK(pass(made + "/backup.manifest.x") == opened_by::manifest);
  CHECK(pass(made + "/bundle/1") == opened_by::manifest);
  for (const auto* nothing :
       {"", "archive", "backup/demo", "x/demo/backup.info", "backup/demo/other/x",
        "backup/demo/20260101-000000F", "archive.info"})
    CHECK(pass(nothing) == opened_by::nothing);
  const auto data = made + "/pg_data/PG_VERSION";
  CHECK(format::place_of(data).stanza == "demo");
  CHECK(format::place_of(data).label == "20260101-000000F_20260102-000000I");
}
