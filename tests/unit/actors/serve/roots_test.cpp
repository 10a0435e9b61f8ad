// Tests of how far a connection reaches: stanzas of a repository, links of a cluster.
// SPDX-License-Identifier: MIT
#include "tests/hostile.hpp"
#include "tests/unit/actors/serve/served_host.hpp"
#include "tests/unit/engine/io/scratch.hpp"

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

template <class T> errc code_of(const result<T>& what) {
  REQUIRE_FALSE(what);
  return what.failure().code;
}

/// Whether what leads elsewhere is denied.
template <class T> bool denied(const result<T>& what) {
  hostile("names that leave their directory");
  return code_of(what) == errc::access;
}

struct stanza_rig {
  scratch here;
  served_host there{{.repo_path = here / "repo", .stanza = "mine"}};
  std::unique_ptr<storage> repo =
      remote::make_remote_storage(there.connect(), "repo", "there:repo");

  stanza_rig() {
    for (const auto* path : {"archive/mine", "archive/other", "backup/mine", "backup/other"}) {
      std::filesystem::create_directories(here / (std::string("repo/") + path));
      put(here / (std::string("repo/") + path + "/f"), path);
    }
    put(here / "repo/top", "x");
  }
};

/// A cluster with a tablespace, a linked directory, a linked file, and things it does not link to.
struct cluster_rig {
  scratch here;
  served_host there{{.pg_path = here / "pg"}};

  cluster_rig() {
    for (const auto* path : {"pg/pg_tblspc", "pg/base/1", "ts/PG_15", "logs/deep", "files", "else"})
      std::filesystem::create_directories(here / path);
    put(here / "ts/PG_15/1", "tablespace");
    put(here / "logs/deep/log", "log");
    put(here / "files/conf", "conf");
    put(here / "files/secret", "secret");
    put(here / "else/f", "else");
    std::filesystem::create_symlink(here / "ts", here / "pg/pg_tblspc/16384");
    std::filesystem::create_symlink("../../../logs", here / "pg/base/1/logs");
    std::filesystem::create_symlink(here / "files/conf", here / "pg/postgresql.conf");
    std::filesystem::create_symlink(here / "else", here / "ts/PG_15/way");
  }
  std::unique_ptr<storage> at(const std::string& root) {
    return remote::make_remote_storage(there.connect(), root, root);
  }
};

} // namespace

TEST_CASE("serve: a connection for one stanza sees no other") {
  stanza_rig r;
  auto& repo = *r.repo;
  CHECK(*read_all(repo, "archive/mine/f", 100) == "archive/mine");
  REQUIRE(write_all(repo, "backup/mine/new/f", "x"));
  CHECK(get(r.here / "repo/backup/mine/new/f") == "x");
  for (const auto* other : {"archive/other", "backup/other", "archive/mine2", "top"}) {
    CAPTURE(other);
    const auto file = std::string(other) + "/f";
    CHECK(denied(repo.info(file)));
    CHECK(denied(repo.list(other)));
    CHECK(denied(repo.open_read(file)));
    CHECK(denied(repo.open_write(file)));
    CHECK(denied(repo.remove_tree(other)));
    CHECK(denied(repo.make_path(file)));
    CHECK(denied(repo.move("backup/mine/f", file)));
    CHECK(denied(repo.move(file, "backup/mine/g")));
    CHECK(denied(repo.make_hardlink("backup/mine/g", file)));
    std::vector<small_read> files = {{.path = "archive/mine/f", .limit_bytes = 100},
                                     {.path = file, .limit_bytes = 100},
                                     {.path = "backup/mine/f", .limit_bytes = 100}};
    repo.read_small(files, nullptr);
    CHECK(as_text(files[0].content) == "archive/mine");
    REQUIRE(files[1].failure);
    CHECK(files[1].failure->code == errc::access);
    CHECK(as_text(files[2].content) == "backup/mine");
  }
}

TEST_CASE("serve: what leads to a stanza can be looked at, not changed") {
  stanza_rig r;
  auto& repo = *r.repo;
  const auto names = [&](std::string_view path) {
    std::vector<std::string> out;
    const auto all = repo.list(path);
    REQUIRE(all);
    for (const auto& one : **all)
      out.push_back(one.name);
    return out;
  };
  CHECK(names("") == std::vector<std::string>{"archive", "backup"});
  CHECK(names("backup") == std::vector<std::string>{"mine"});
  CHECK((*repo.info("archive"))->kind == entry_kind::path);
  CHECK(repo.sync_path("backup"));
  CHECK(repo.make_path("archive"));
  CHECK(repo.features().symlinks);
  CHECK(repo.free_bytes());
  for (const auto* path : {"", "archive", "backup"}) {
    CHECK(denied(repo.remove_tree(path)));
    CHECK(denied(repo.set_attributes(path, {.mode = 0777})));
  }
  CHECK(denied(repo.move("backup", "archive/mine/b")));
  CHECK(denied(repo.open_write("backup")));
  CHECK(repo.remove_tree("backup/mine"));
  CHECK_FALSE(std::filesystem::exists(r.here / "repo/backup/mine"));
}

TEST_CASE("serve: clients cannot choose modes and owners") {
  stanza_rig r;
  auto& repo = *r.repo;
  for (const uint32_t mode : {06755U, 0777U, 0U, 0600U}) {
    hostile("modes, owners and directories of others");
    REQUIRE(write_all(repo, "backup/mine/d/f", "x",
                      {.mode = mode, .path_mode = mode | 0700, .uid = 4711, .gid = 4711}));
    REQUIRE(repo.make_path("backup/mine/e", mode | 0700));
    REQUIRE(repo.set_attributes("backup/mine/d/f", {.mode = mode, .uid = 4711, .gid = 4711}));
    const auto file = **repo.info("backup/mine/d/f");
    CHECK(file.mode == 0640);
    CHECK(file.uid == ::geteuid());
    CHECK(file.gid == ::getegid());
    CHECK((**repo.info("backup/mine/d")).mode == 0750);
    CHECK((**repo.info("backup/mine/e")).mode == 0750);
    REQUIRE(repo.remove_tree("backup/mine/d"));
    REQUIRE(repo.remove_tree("backup/mine/e"));
  }
}

TEST_CASE("serve: only the links of a repository are made, and none is passed") {
  stanza_rig r;
  auto& repo = *r.repo;
  const std::string label = "20260101-000000F";
  REQUIRE(repo.make_path("backup/mine/" + label + "/pg_data/pg_tblspc"));
  REQUIRE(repo.make_path("backup/mine/a"));
  const std::pair<std::string, std::string> good[] = {
      {"latest", label},
      {"latest.pgbackrest.tmp", label},
      {label + "/pg_data/pg_tblspc/16384", "../../pg_tblspc/16384"}};
  for (const auto& [path, destination] : good) {
    CAPTURE(path);
    CHECK(repo.make_symlink("backup/mine/" + path, destination));
    CHECK(code_of(repo.list("backup/mine/" + path)) == errc::link_destination);
    REQUIRE(repo.remove_file("backup/mine/" + path));
  }
  const std::pair<std::string, std::string> bad[] = {
      {"backup/mine/way", "../other"},
      {"backup/mine/way", label},
      {"backup/mine/latest", "../other"},
      {"backup/mine/latest", "../other/" + label},
      {"backup/mine/latest", "/etc"},
      {"backup/mine/latest", ""},
      {"backup/mine/a/latest", label},
      {"archive/mine/latest", label},
      {"archive/mine/15-1", "../other/15-1"},
      {"backup/mine/" + label + "/pg_data/pg_tblspc/16384", "../../../../other"},
      {"backup/mine/" + label + "/pg_data/pg_tblspc/16384", "../../pg_tblspc/16385"},
      {"backup/mine/" + label + "/pg_data/pg_tblspc/x", "../../pg_tblspc/x"},
      {"backup/mine/" + label + "/pg_data/16384", "../../pg_tblspc/16384"},
      {"backup/mine/" + label + "/pg_tblspc", "../../other"}};
  for (const auto& [path, destination] : bad) {
    hostile("links that lead elsewhere");
    CAPTURE(path);
    CAPTURE(destination);
    CHECK(code_of(repo.make_symlink(path, destination)) == errc::access);
    CHECK_FALSE((*repo.info(path)).has_value());
  }
  CHECK(get(r.here / "repo/backup/other/f") == "backup/other");
}

TEST_CASE("serve: links that somebody else made lead to no other stanza") {
  stanza_rig r;
  auto& repo = *r.repo;
  std::filesystem::create_symlink("../other", r.here / "repo/backup/mine/way");
  std::filesystem::create_directories(r.here / "repo/archive/third");
  std::filesystem::remove_all(r.here / "repo/archive/mine");
  std::filesystem::create_symlink("other", r.here / "repo/archive/mine"); // the whole stanza
  for (const auto* file : {"backup/mine/way/f", "archive/mine/f"}) {
    hostile("links that lead elsewhere", 4);
    CAPTURE(file);
    CHECK(code_of(repo.open_read(file)) == errc::link_destination);
    CHECK(code_of(repo.open_write(file)) == errc::link_destination);
    CHECK(code_of(repo.remove_file(file)) == errc::link_destination);
    CHECK(code_of(repo.remove_tree(file)) == errc::link_destination);
  }
  CHECK(get(r.here / "repo/backup/other/f") == "backup/other");
  CHECK(get(r.here / "repo/archive/other/f") == "archive/other");
}

TEST_CASE("serve: destinations of links that were listed can be read") {
  cluster_rig r;
  auto host = r.there.connect(0);
  const auto at = [&](const std::string& root) {
    return remote::make_remote_storage(host, root, root);
  };
  REQUIRE(at("pg")->list("pg_tblspc"));
  CHECK(*read_all(*at(r.here / "ts"), "PG_15/1", 100) == "tablespace");
  REQUIRE(at("pg")->list("base/1"));
  CHECK(*read_all(*at(r.here / "logs"), "deep/log", 100) == "log");
  REQUIRE(at("pg")->info("postgresql.conf"));
  CHECK(*read_all(*at(r.here / "files"), "conf", 100) == "conf");
  CHECK(code_of(at(r.here / "ts")->open_write("PG_15/1")) == errc::access);
}

TEST_CASE("serve: a connection that was told of nothing looks for itself") {
  cluster_rig r;
  CHECK(*read_all(*r.at(r.here / "ts"), "PG_15/1", 100) == "tablespace");
  CHECK(*read_all(*r.at(r.here / "logs"), "deep/log", 100) == "log");
  CHECK(*read_all(*r.at(r.here / "files"), "conf", 100) == "conf");
  CHECK(*read_all(*r.at(r.here / "else"), "f", 100) == "else"); // a link in a tablespace
}

TEST_CASE("serve: nothing else of the host can be read") {
  cluster_rig r;
  CHECK(denied(r.at(r.here / "files")->open_read("secret")));
  CHECK(denied(r.at(r.here / "files")->list("")));
  CHECK(denied(r.at(r.here.text())->list("")));
  CHECK(denied(r.at(r.here.text())->open_read("ts/PG_15/1")));
  CHECK(denied(r.at(r.here / "ts/PG_15")->open_read("1")));
  CHECK(denied(r.at("/")->list("etc")));
  CHECK(denied(r.at("/etc")->open_read("passwd")));
  // The directory of a destination shows that one name.
  const auto info = r.at(r.here.text())->info("ts");
  REQUIRE(info);
  CHECK((*info)->kind == entry_kind::path);
}
