// Dealing a backup: what is bundled, in which order, and that nothing is lost.
// SPDX-License-Identifier: MIT
#include "engine/plan/backup_batches.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace pgbraid::plan;

namespace {

constexpr uint64_t mib = 1 << 20;
constexpr batch_rules bundled{
    .bundle = true, .bundle_limit_bytes = 2 * mib, .bundle_size_bytes = 20 * mib};

std::vector<uint32_t> all_files(const std::vector<batch>& batches) {
  std::vector<uint32_t> out;
  for (const auto& b : batches)
    out.insert(out.end(), b.files.begin(), b.files.end());
  std::ranges::sort(out);
  return out;
}

} // namespace

TEST_CASE("backup batches: large files go alone, the largest first") {
  const std::vector<file_weight> files{{0, 5 * mib, 0, "a"}, {1, 9 * mib, 0, "b"}, {2, 1, 0, "c"}};
  const auto out = deal_backup(files, {});
  REQUIRE(out.size() == 3);
  CHECK(out[0].files == std::vector<uint32_t>{1});
  CHECK(out[1].files == std::vector<uint32_t>{0});
  CHECK(out[2].files == std::vector<uint32_t>{2});
}

TEST_CASE("backup batches: small files travel together, up to 64 files or 4 MiB") {
  std::vector<file_weight> files;
  for (uint32_t i = 0; i < 200; ++i)
    files.push_back({i, i < 100 ? 100 : mib, 0, "f"});
  const auto out = deal_backup(files, {});
  for (const auto& b : out) {
    CHECK(b.files.size() <= small_batch_files);
    CHECK(b.plain_bytes <= small_batch_bytes);
  }
  CHECK(all_files(out).size() == 200);
}

TEST_CASE("backup batches: a bundle ends once it has reached its size") {
  std::vector<file_weight> files;
  for (uint32_t i = 0; i < 45; ++i)
    files.push_back({i, mib, i, "f"});
  const auto out = deal_backup(files, bundled);
  REQUIRE(out.size() == 3);
  CHECK(out[0].plain_bytes == 20 * mib);
  CHECK(out[2].files.size() == 5);
  CHECK(out[0].bundle_id == 1);
  CHECK(out[2].bundle_id == 3);
}

TEST_CASE("backup batches: a bundle ends at a number of files, too") {
  std::vector<file_weight> files;
  for (uint32_t i = 0; i < 2 * bundle_files + 1; ++i)
    files.push_back({.index = i, .size_bytes = 1, .name = "pg_data/base/5/1"});
  const auto out = deal_backup(files, bundled);
  REQUIRE(out.size() == 3);
  CHECK(out[0].files.size() == bundle_files);
  CHECK(out[1].files.size() == bundle_files);
  CHECK(out[2].files.size() == 1);
}

TEST_CASE("backup batches: a bundle holds files of one target, by age and name") {
  const std::vector<file_weight> files{
      {0, 10, 200, "b", 0}, {1, 10, 100, "z", 0}, {2, 10, 200, "a", 0}, {3, 10, 50, "t", 1}};
  const auto out = deal_backup(files, bundled);
  REQUIRE(out.size() == 2);
  CHECK(out[0].files == std::vector<uint32_t>{1, 2, 0});
  CHECK(out[1].files == std::vector<uint32_t>{3});
}

TEST_CASE("backup batches: empty files are stored only without bundles") {
  const std::vector<file_weight> files{{0, 0, 0, "empty"}, {1, 3 * mib, 0, "large"}};
  CHECK(all_files(deal_backup(files, bundled)) == std::vector<uint32_t>{1});
  CHECK(all_files(deal_backup(files, {})) == std::vector<uint32_t>{0, 1});
}
