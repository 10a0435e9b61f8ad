// No storage driver claims what it cannot.
// SPDX-License-Identifier: MIT
#include "tests/unit/storage/contract.hpp"

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

/// What an object store can, with paths and versions.
storage_features of_a_store() {
  auto can = object_rig().repo.features();
  can.paths = can.versions = true;
  return can;
}

/// The memory driver in its place, as it is in tests of the works.
struct store_rig {
  memory_storage driver{"/store", of_a_store()};
  storage& repo = driver;
  io::io_engine* engine = nullptr;
};

/// The same behind another host, which has no words for some of it.
struct remote_store_rig {
  served_host there{{.repo_path = "/store", .open_repo = [](const std::string& root) {
                       return std::make_shared<memory_storage>(root, of_a_store());
                     }}};
  std::unique_ptr<storage> driver = remote::make_remote_storage(there.connect(), "repo", "/store");
  storage& repo = *driver;
  io::io_engine* engine = nullptr;
};

template <class T> bool refused(const result<T>& what) {
  return code_of(what) == errc::feature_not_supported;
}

std::string all_of(result<std::unique_ptr<io::reader>> file) {
  REQUIRE(file);
  std::string room(100, '\0');
  const auto got = (*file)->read(std::as_writable_bytes(std::span(room)));
  REQUIRE(got);
  return room.substr(0, *got);
}

} // namespace

#define CLAIMING_RIGS ALL_RIGS, store_rig, remote_store_rig

TEST_CASE_TEMPLATE("storage claims: links", rig, CLAIMING_RIGS) {
  rig on;
  auto& repo = on.repo;
  const auto can = repo.features();
  const std::string label = "20260102-030405F";
  REQUIRE(write_all(repo, "backup/demo/f", "x"));
  const auto made = repo.make_symlink("backup/demo/latest", label);
  if (can.symlinks)
    CHECK(info_of(repo, "backup/demo/latest").link_destination == label);
  else
    CHECK((refused(made) && !exists(repo, "backup/demo/latest")));
  const auto named = repo.make_hardlink("backup/demo/g", "backup/demo/f");
  if (can.hardlinks)
    CHECK(read(repo, "backup/demo/g") == "x");
  else
    CHECK((refused(named) && !exists(repo, "backup/demo/g")));
}

TEST_CASE_TEMPLATE("storage claims: renaming", rig, CLAIMING_RIGS) {
  rig on;
  auto& repo = on.repo;
  REQUIRE(write_all(repo, "a/f", "new"));
  REQUIRE(write_all(repo, "a/g", "old"));
  const auto moved = repo.move("a/f", "a/g");
  if (repo.features().rename)
    CHECK((moved && !exists(repo, "a/f") && read(repo, "a/g") == "new"));
  else
    CHECK((refused(moved) && read(repo, "a/f") == "new" && read(repo, "a/g") == "old"));
}

TEST_CASE_TEMPLATE("storage claims: paths without files", rig, CLAIMING_RIGS) {
  rig on;
  REQUIRE(on.repo.make_path("p/empty"));
  if (!on.repo.features().paths) {
    CHECK_FALSE(exists(on.repo, "p/empty"));
    CHECK_FALSE(exists(on.repo, "p"));
    return;
  }
  CHECK(info_of(on.repo, "p/empty").kind == entry_kind::path);
  CHECK(names_of(on.repo, "p") == names{"empty"});
}

TEST_CASE_TEMPLATE("storage claims: versions", rig, CLAIMING_RIGS) {
  rig on;
  auto& repo = on.repo;
  REQUIRE(write_all(repo, "a/f", "first"));
  REQUIRE(write_all(repo, "a/f", "second", {.how = publish::in_place}));
  REQUIRE(repo.remove_file("a/f"));
  const auto kept = repo.versions("a/f");
  if (!repo.features().versions) {
    CHECK(refused(kept));
    CHECK(refused(repo.open_version("a/f", "1")));
    return;
  }
  REQUIRE(kept);
  REQUIRE(kept->size() == 2);
  CHECK((*kept)[0].size_bytes == 5);
  CHECK(all_of(repo.open_version("a/f", (*kept)[0].id)) == "first");
  CHECK(all_of(repo.open_version("a/f", (*kept)[1].id, {.offset_bytes = 2})) == "cond");
  CHECK(code_of(repo.open_version("a/f", "no such")) == errc::file_missing);
  CHECK(repo.versions("a/none")->empty());
}

TEST_CASE_TEMPLATE("storage claims: a file in parts is seen once it is whole", rig, CLAIMING_RIGS) {
  rig on;
  auto& repo = on.repo;
  for (const auto how : {publish::in_place, publish::atomic}) {
    auto file = repo.open_write("a/f", {.how = how});
    REQUIRE(file);
    REQUIRE((*file)->write(as_bytes("x")));
    const bool seen = exists(repo, "a") && !names_of(repo, "a").empty();
    CHECK(seen == (repo.features().part_bytes == 0));
    REQUIRE(io::commit(**file));
    CHECK(names_of(repo, "a") == names{"f"});
    REQUIRE(repo.remove_file("a/f"));
  }
}

TEST_CASE_TEMPLATE("storage claims: the list of a tree is that of its paths", rig, CLAIMING_RIGS) {
  rig on;
  auto& repo = on.repo;
  for (const auto* path : {"t/b/f", "t/b.c", "t/a/b/c/d", "t/z", "other/f"})
    REQUIRE(write_all(repo, path, path));
  REQUIRE(repo.make_path("t/empty"));
  auto all = repo.list_tree("t");
  REQUIRE(all);
  REQUIRE(*all);
  names seen;
  for (const auto& one : **all) {
    seen.push_back(one.name);
    const auto alone = info_of(repo, "t/" + one.name);
    CHECK(one.info.kind == alone.kind);
    CHECK(one.info.size_bytes == alone.size_bytes);
  }
  // "b.c" comes before "b/f": sorted by the bytes of the whole name.
  names expected = {"a", "a/b", "a/b/c", "a/b/c/d", "b", "b.c", "b/f", "empty", "z"};
  if (!repo.features().paths)
    std::erase(expected, "empty");
  CHECK(seen == expected);
  CHECK_FALSE(repo.list_tree("none")->has_value());
  if (repo.features().paths)
    CHECK(repo.list_tree("t/empty")->value().empty());
  CHECK(lists_nothing(repo, repo.list_tree("t/z")));
  CHECK(code_of(repo.list_tree("t/../t")) == errc::param_invalid);
  CHECK(repo.list_tree("")->value().size() == expected.size() + 3);
}

TEST_CASE("storage claims: who syncs paths") {
  CHECK(posix_rig().repo.features().path_sync);        // fsync of a directory
  CHECK_FALSE(cifs_rig().repo.features().path_sync);   // many shares refuse it
  CHECK_FALSE(sftp_rig().repo.features().path_sync);   // the protocol has no request for it
  CHECK(remote_rig().repo.features().path_sync);       // as what is behind
  CHECK_FALSE(object_rig().repo.features().path_sync); // an object is there for good
  CHECK_FALSE(remote_object_rig().repo.features().path_sync);
  CHECK_FALSE(remote_store_rig().repo.features().path_sync);
  store_rig none;
  REQUIRE(none.repo.make_path("p"));
  CHECK(none.repo.sync_many_paths(std::array{std::string("p")}));
}
