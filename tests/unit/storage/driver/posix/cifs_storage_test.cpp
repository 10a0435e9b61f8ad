// What is not asked of a share: links, and syncs of paths.
// SPDX-License-Identifier: MIT
#include "tests/unit/storage/rigs.hpp"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

std::atomic<unsigned> files_synced = 0;
std::atomic<unsigned> paths_synced = 0;

/// Everything that syncs paths when it can.
void use(storage& repo, const std::string& text) {
  REQUIRE(repo.make_path("a/b"));
  REQUIRE(write_all(repo, "c/d/f", text));
  REQUIRE(write_all(repo, "c/g", text, {.how = publish::in_place}));
  REQUIRE(repo.move("c/g", "c/h"));
  REQUIRE(repo.sync_path("c"));
  REQUIRE(repo.sync_many_paths(std::array{std::string("a"), std::string("a/b")}));
}

} // namespace

/// Stands before that of the C library, and counts.
extern "C" int fsync(int fd) {
  struct stat found = {};
  if (::fstat(fd, &found) == 0)
    ++(S_ISDIR(found.st_mode) ? paths_synced : files_synced);
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

TEST_CASE("cifs storage: files are synced, paths are not") {
  const scratch here;
  files_synced = paths_synced = 0;
  use(*make_posix_storage(here / "disk/repo"), "x");
  CHECK(files_synced == 2);
  CHECK(paths_synced > 4); // so this is how it is seen
  files_synced = paths_synced = 0;
  use(*make_cifs_storage(here / "share/repo"), "y");
  CHECK(files_synced == 2);
  CHECK(paths_synced == 0);
  CHECK(get(here / "share/repo/c/d/f") == "y");
}

TEST_CASE("cifs storage: each file is synced by itself, whatever would do for all of them") {
  const scratch here;
  const auto share = make_cifs_storage(here / "repo");
  REQUIRE(share->make_path(""));
  CHECK_FALSE(share->may_sync_later());
  files_synced = 0;
  REQUIRE(write_all(*share, "f", "x", {.sync_later = true}));
  CHECK(files_synced == 1);
  CHECK(share->sync_files());
}
