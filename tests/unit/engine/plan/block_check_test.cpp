// Blocks that no restore could read are refused before anything is changed.
// SPDX-License-Identifier: MIT
#include "engine/plan/block_check.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/plan/sample_backup.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::plan;
using namespace pgbraid::plan_test;

namespace {

format::manifest_file& in_blocks(format::manifest& to) {
  auto& file = add_file(to, "pg_data/base/5/1259", 3 * 8192);
  file.repo_size_bytes = 400;
  file.has_repo_size = true;
  to.set_rare(file, {.block_map_size_bytes = 40, .block_size_bytes = 8192});
  return file;
}

errc code_of(const format::manifest& of) {
  const auto checked = check_blocks(of, {});
  REQUIRE_FALSE(checked);
  CHECK(checked.failure().hint.find("Nothing was changed.") != std::string::npos);
  return checked.failure().code;
}

} // namespace

TEST_CASE("block check: files in blocks are restored, those of 2.44 and 2.45 are not") {
  auto backup = sample_backup();
  backup.writer_version = "2.45";
  CHECK(check_blocks(backup, {}));
  in_blocks(backup);
  CHECK(code_of(backup) == errc::feature_not_supported);
  backup.writer_version = "2.44";
  CHECK(code_of(backup) == errc::feature_not_supported);
  backup.writer_version = "2.46";
  CHECK(check_blocks(backup, {}));
}

TEST_CASE("block check: neither are those that refer to blocks of 2.45") {
  auto backup = sample_backup();
  backup.writer_version = "2.60.0";
  in_blocks(backup);
  backup.references = {"20260101-000000F", backup.label};
  format::backup_info listed;
  listed.backups = {{.label = "20260101-000000F", .writer_version = "2.45"}};
  CHECK(check_blocks(backup, listed)); // it has no blocks
  listed.backups[0].map_size_bytes = 100;
  const auto checked = check_blocks(backup, listed);
  REQUIRE_FALSE(checked);
  CHECK(checked.failure().code == errc::feature_not_supported);
  CHECK(checked.failure().message.find("20260101-000000F") != std::string::npos);
}

TEST_CASE("block check: maps that cannot be") {
  test::hostile("manifests and info files", 3);
  auto backup = sample_backup();
  auto& file = in_blocks(backup);
  backup.set_rare(file, {.block_map_size_bytes = 40, .block_size_bytes = 0});
  CHECK(code_of(backup) == errc::format);
  backup.set_rare(file, {.block_map_size_bytes = 401, .block_size_bytes = 8192});
  CHECK(code_of(backup) == errc::format);
  file.repo_size_bytes = uint64_t{1} << 40;
  backup.set_rare(file, {.block_map_size_bytes = file.repo_size_bytes, .block_size_bytes = 8192});
  CHECK(code_of(backup) == errc::format);
}
