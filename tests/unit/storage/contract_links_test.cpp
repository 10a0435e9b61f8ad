// What every storage driver promises about links.
// SPDX-License-Identifier: MIT
#include "tests/hostile.hpp"
#include "tests/unit/storage/contract.hpp"

using namespace pgbraid;
using namespace pgbraid::test;

TEST_CASE_TEMPLATE("storage: hard links are names of one file", rig, LINKING_RIGS, WRAPPED_RIGS,
                   remote_rig) {
  rig on;
  auto& repo = on.repo;
  REQUIRE(repo.features().hardlinks);
  REQUIRE(write_all(repo, "a/f", "content"));
  REQUIRE(repo.make_path("b"));
  CHECK(repo.make_hardlink("b/f", "a/f"));
  CHECK(read(repo, "b/f") == "content");
  CHECK(code_of(repo.make_hardlink("b/f", "a/f")) == errc::file_exists);
  CHECK(code_of(repo.make_hardlink("b/g", "a/none")) == errc::file_missing);
  // A new backup that writes over one name must not change the other.
  REQUIRE(write_all(repo, "b/f", "new", {.how = publish::in_place}));
  CHECK(read(repo, "a/f") == "content");
  REQUIRE(repo.remove_file("a/f"));
  CHECK(read(repo, "b/f") == "new");
}

TEST_CASE_TEMPLATE("storage: links are made, once and where there is a path", rig, LINKING_RIGS,
                   WRAPPED_RIGS) {
  rig on;
  REQUIRE(on.repo.make_path("p"));
  REQUIRE(on.repo.make_symlink("p/loop", "loop"));
  CHECK(code_of(on.repo.make_symlink("p/loop", "again")) == errc::file_exists);
  CHECK(code_of(on.repo.make_symlink("none/loop", "again")) == errc::path_missing);
}

TEST_CASE_TEMPLATE("storage: no link is passed, wherever it leads", rig, PATH_RIGS) {
  rig on;
  auto& repo = on.repo;
  REQUIRE(repo.make_path("p"));
  plant(on, "p/absolute", "/etc");
  plant(on, "p/up", "../../../../../../../../../../etc");
  plant(on, "p/file", "/etc/passwd");
  plant(on, "p/loop", "loop");
  REQUIRE(write_all(repo, "victim/passwd", "x"));
  plant(on, "p/beside", "../victim");
  plant(on, "p/below", "dir");
  REQUIRE(write_all(repo, "p/dir/passwd", "y"));

  const auto stopped = [](const auto& outcome) {
    hostile("links that lead elsewhere");
    return code_of(outcome) == errc::link_destination;
  };
  for (const auto* way : {"p/absolute", "p/up", "p/beside", "p/below"}) {
    CAPTURE(way);
    const auto below = std::string(way) + "/passwd";
    CHECK(stopped(repo.info(below)));
    CHECK(stopped(repo.many_infos(std::array{std::string("p"), below})));
    CHECK(stopped(repo.list(way)));
    CHECK(stopped(repo.open_read(below)));
    CHECK(stopped(repo.open_write(below)));
    CHECK(stopped(repo.make_path(below)));
    CHECK(stopped(repo.make_many_paths(std::array{std::string("p/q"), below})));
    CHECK_FALSE(repo.make_many_paths(std::array<std::string, 2>{way, below}));
    CHECK(stopped(repo.remove_file(below)));
    CHECK(stopped(repo.remove_files(std::array{std::string("p/none"), below})));
    CHECK(stopped(repo.remove_tree(below)));
    CHECK(stopped(repo.move(below, "p/mine")));
    CHECK_FALSE(repo.make_symlink(below + "x", "y"));
    if (repo.features().hardlinks)
      CHECK(stopped(repo.make_hardlink("p/mine", below)));
    CHECK(stopped(repo.sync_path(way)));
    CHECK(stopped(repo.set_attributes(below, {.mode = 0777})));
    std::vector<small_read> files = {{.path = below, .limit_bytes = 10}};
    repo.read_small(files, on.engine);
    REQUIRE(files[0].failure);
    CHECK(files[0].failure->code == errc::link_destination);
  }
  CHECK(read(repo, "victim/passwd") == "x");
  CHECK(names_of(repo, "victim") == names{"passwd"});
  CHECK(names_of(repo, "p/dir") == names{"passwd"});
  CHECK(stopped(repo.open_read("p/file")));
  CHECK(stopped(repo.open_write("p/file", {.how = publish::in_place})));
  CHECK(stopped(repo.info("p/loop/x")));
  CHECK(info_of(repo, "p/absolute").kind == entry_kind::link);
  REQUIRE(write_all(repo, "p/file", "ours")); // atomic: the link is replaced
  CHECK(read(repo, "p/file") == "ours");
}
