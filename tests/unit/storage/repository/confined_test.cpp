// Tests of a repository that is opened for one stanza.
// SPDX-License-Identifier: MIT
#include "storage/driver/memory/memory_storage.hpp"
#include "storage/driver/posix/posix_storage.hpp"
#include "storage/repository/confined_storage.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/io/scratch.hpp"

#include <doctest/doctest.h>

#include <array>
#include <filesystem>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

template <class T> errc code_of(const result<T>& what) {
  REQUIRE_FALSE(what);
  return what.failure().code;
}

struct rig {
  scratch here;
  std::unique_ptr<storage> all = make_posix_storage(here / "repo");
  std::unique_ptr<storage> mine = make_confined_storage(make_posix_storage(here / "repo"), "mine");

  rig() {
    for (const auto* path : {"archive/mine/f", "archive/other/f", "backup/other/f", "top"})
      REQUIRE(write_all(*all, path, path));
  }
};

} // namespace

TEST_CASE("confined: what belongs to the stanza works as ever") {
  rig r;
  auto& repo = *r.mine;
  CHECK(repo.root() == r.all->root());
  CHECK(*read_all(repo, "archive/mine/f", 100) == "archive/mine/f");
  REQUIRE(write_all(repo, "backup/mine/d/f", "x"));
  CHECK(repo.move("backup/mine/d/f", "backup/mine/d/g"));
  CHECK(repo.make_hardlink("backup/mine/d/h", "backup/mine/d/g"));
  CHECK(repo.make_symlink("backup/mine/latest", "20260101-000000F"));
  CHECK(repo.sync_many_paths(std::array<std::string, 2>{"backup", "backup/mine/d"}));
  CHECK((*repo.list(""))->size() == 3);
  CHECK((*repo.info("backup"))->kind == entry_kind::path);
  CHECK(repo.make_path("archive"));
  CHECK(repo.remove_tree("backup/mine"));
}

TEST_CASE("confined: nothing else is touched, or read") {
  rig r;
  auto& repo = *r.mine;
  const auto denied = [](const auto& outcome) {
    hostile("names that leave their directory");
    return code_of(outcome) == errc::access;
  };
  for (const std::string other : {"archive/other/f", "backup/other/f", "top", "backup/mine2/f"}) {
    CAPTURE(other);
    CHECK(denied(repo.info(other)));
    CHECK(denied(repo.many_infos(std::array<std::string, 2>{"backup", other})));
    CHECK(denied(repo.list(other)));
    CHECK(denied(repo.open_read(other)));
    CHECK(denied(repo.open_write(other)));
    CHECK(denied(repo.make_path(other)));
    CHECK(denied(repo.make_many_paths(std::array<std::string, 2>{"backup", other})));
    CHECK(denied(repo.remove_file(other)));
    CHECK(denied(repo.remove_files(std::array<std::string, 2>{"archive/mine/none", other})));
    CHECK(denied(repo.remove_tree(other)));
    CHECK(denied(repo.move(other, "backup/mine/f")));
    CHECK(denied(repo.move("archive/mine/f", other)));
    CHECK(denied(repo.make_symlink(other, "20260101-000000F")));
    CHECK(denied(repo.make_hardlink("backup/mine/f", other)));
    CHECK(denied(repo.sync_path(other)));
    CHECK(denied(repo.set_attributes(other, {.mode = 0777})));
    std::vector<small_read> files = {{.path = "archive/mine/f", .limit_bytes = 100},
                                     {.path = other, .limit_bytes = 100}};
    repo.read_small(files, nullptr);
    CHECK_FALSE(files[0].failure);
    REQUIRE(files[1].failure);
    CHECK(files[1].failure->code == errc::access);
    const auto later = repo.begin_small(files)->wait(nullptr);
    CHECK_FALSE(later[0].failure);
    REQUIRE(later[1].failure);
    CHECK(later[1].failure->code == errc::access);
    CHECK(denied(repo.list_named(other, "f")));
  }
  for (const auto* above : {"", "archive", "backup"}) {
    CHECK(denied(repo.remove_tree(above)));
    CHECK(denied(repo.set_attributes(above, {.mode = 0777})));
  }
  CHECK(denied(repo.make_symlink("backup/mine/way", "../other")));
  CHECK(get(r.here / "repo/backup/other/f") == "backup/other/f");
}

TEST_CASE("confined: links of a hostile client lead a local command nowhere") {
  hostile("links that lead elsewhere", 4);
  rig r;
  REQUIRE(r.all->make_path("backup/mine"));
  std::filesystem::create_symlink("../other", r.here / "repo/backup/mine/20260101-000000F");
  std::filesystem::create_symlink("../other", r.here / "repo/archive/mine/15-1");
  REQUIRE(write_all(*r.all, "archive/other/0000000100000000/w", "wal"));
  CHECK(code_of(r.mine->remove_tree("archive/mine/15-1/0000000100000000")) ==
        errc::link_destination);
  CHECK(code_of(r.mine->remove_file("backup/mine/20260101-000000F/f")) == errc::link_destination);
  CHECK(code_of(r.mine->list("archive/mine/15-1")) == errc::link_destination);
  CHECK(r.mine->remove_tree("backup/mine/20260101-000000F")); // the link itself goes
  CHECK(get(r.here / "repo/backup/other/f") == "backup/other/f");
  CHECK(get(r.here / "repo/archive/other/0000000100000000/w") == "wal");
}
