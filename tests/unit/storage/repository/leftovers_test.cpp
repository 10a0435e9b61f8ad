// What is removed as left behind, and what is not.
// SPDX-License-Identifier: MIT
#include "storage/driver/memory/memory_storage.hpp"
#include "storage/repository/leftovers.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace pgbraid;

namespace {

constexpr int64_t now_s = 1'800'000'000;
constexpr int64_t day_s = 86400;

void put(storage& files, const std::string& path, int64_t age_s) {
  REQUIRE(write_all(files, path, "x", {.mtime_s = now_s - age_s}));
}

} // namespace

TEST_CASE("leftovers: temporary names of yesterday go, everything else stays") {
  memory_storage files;
  repository repo(files, {.key = 1, .stanza = "demo"});
  CHECK(remove_leftovers(repo, now_s)->empty()); // there is nothing at all

  const std::string suffix = ".0123456789abcdef.pgbackrest.tmp";
  std::vector<std::string> old = {
      "archive/demo/archive.info" + suffix, "archive/demo/15-1/00000002.history.pgbackrest.tmp",
      "backup/demo/backup.info.copy" + suffix,
      "backup/demo/backup.history/2026/20261121-231250F.manifest.gz" + suffix};
  const std::vector<std::string> kept = {
      "archive/demo/archive.info",
      "archive/demo/15-1/00000002.history",
      "archive/demo/15-1/0000000100000000/x" + suffix, // where pushes look
      "archive/other/archive.info" + suffix,
      "backup/demo/20261121-231250F/backup.manifest" + suffix,
      "backup/demo/backup.history/2026/20261121-231250F.manifest.gz"};
  for (const auto& path : old)
    put(files, path, day_s + 1);
  for (const auto& path : kept)
    put(files, path, 10 * day_s);
  put(files, "backup/demo/backup.info" + suffix, day_s - 60); // at work, or so
  auto gone = remove_leftovers(repo, now_s);
  REQUIRE(gone);
  std::ranges::sort(*gone);
  std::ranges::sort(old);
  CHECK(*gone == old);
  for (const auto& path : kept)
    CHECK(files.content(path));
  CHECK(files.content("backup/demo/backup.info" + suffix));
  for (const auto& path : old)
    CHECK_FALSE(files.content(path));
}
