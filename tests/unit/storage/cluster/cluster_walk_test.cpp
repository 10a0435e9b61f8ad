// Tests of the directory walk; tests/system compares it with the peer on a real cluster.
// SPDX-License-Identifier: MIT
#include "tests/hostile.hpp"
#include "tests/unit/storage/cluster/walk_rig.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

using names = std::vector<std::string>;

} // namespace

TEST_CASE_FIXTURE(walk_rig, "cluster_walk: takes files and leaves run-time files and WAL") {
  CHECK(files() == names{"pg_data/PG_VERSION", "pg_data/base/5/1259"});
  options.online = false;
  CHECK(files() == names{"pg_data/PG_VERSION", "pg_data/base/5/1259",
                         "pg_data/pg_wal/000000010000000000000001"});
}

TEST_CASE_FIXTURE(walk_rig, "cluster_walk: defaults are owner and mode of PGDATA") {
  const auto walked = walk();
  REQUIRE(walked);
  CHECK(walked->path_defaults.mode == 0700);
  CHECK(walked->file_defaults.mode == 0600);
  CHECK(walked->data_target().path == "/db/main");
  REQUIRE(walked->find_path("pg_data/pg_tblspc") != nullptr);
  CHECK(walked->find_path("pg_data/pg_tblspc")->mode == 0750);
  CHECK(walked->find_path("pg_tblspc") == nullptr);
}

TEST_CASE_FIXTURE(walk_rig, "cluster_walk: marks files with page checksums only when asked") {
  CHECK(walk()->find_file("pg_data/base/5/1259")->pages == format::page_check::absent);
  options.checksum_page = true;
  CHECK(walk()->find_file("pg_data/base/5/1259")->pages == format::page_check::valid);
  CHECK(walk()->find_file("pg_data/PG_VERSION")->pages == format::page_check::absent);
}

TEST_CASE_FIXTURE(walk_rig, "cluster_walk: keeps only the init fork of unlogged relations") {
  for (const auto* name : {"16385", "16385.1", "16385_fsm", "16385_init", "163850"})
    put("/db/main", std::string("base/5/") + name, "x");
  put("/db/main", "foreign/16385", "x");
  put("/db/main", "foreign/16385_init", "x");
  CHECK(files() == names{"pg_data/PG_VERSION", "pg_data/base/5/1259", "pg_data/base/5/163850",
                         "pg_data/base/5/16385_init", "pg_data/foreign/16385",
                         "pg_data/foreign/16385_init"});
}

TEST_CASE_FIXTURE(walk_rig, "cluster_walk: users exclude names and contents") {
  put("/db/main", "log/a.log", "x");
  put("/db/main", "junk/b", "x");
  options.exclude = {"log/", "junk"};
  CHECK(files() == names{"pg_data/PG_VERSION", "pg_data/base/5/1259"});
  CHECK(walk()->find_path("pg_data/log") != nullptr);
  CHECK(walk()->find_path("pg_data/junk") == nullptr);
}

TEST_CASE_FIXTURE(walk_rig, "cluster_walk: leaves out what a manifest cannot name") {
  test::hostile("control characters and line feeds", 4);
  put("/db/main", "base/5/line\nfeed", "x");
  put("/db/main", "new\nline/inside", "x");
  put("/db/main", "base/5/a=b[]{}\"\t\r\\", "x");
  put("/other", "file", "x");
  REQUIRE(place("/").make_path("other"));
  link("li\nnk", "/other");
  const auto walked = walk();
  REQUIRE(walked);
  CHECK(walked->files.size() == 3);
  CHECK(walked->find_file("pg_data/base/5/a=b[]{}\"\t\r\\") != nullptr);
  CHECK(walked->links.empty());
  CHECK(walked->targets.size() == 1);
  for (const auto& path : walked->paths)
    CHECK(path.name.find('\n') == std::string_view::npos);
}

TEST_CASE_FIXTURE(walk_rig,
                  "cluster_walk: leaves out what a restore or the end of a backup makes") {
  for (const auto* name :
       {"backup_label", "tablespace_map", "backup.manifest", "global/pg_control.pgbackrest.tmp",
        "global/pg_control.0123456789abcdef.pgbackrest.tmp", "recovery.signal.pgbackrest.tmp"}) {
    test::hostile("names that leave their directory");
    put("/db/main", name, "x");
  }
  put("/db/main", "global/pg_control", "x");
  put("/db/main", "foreign/tablespace_map", "x");
  put("/db/main", "foreign/mine.pgbackrest.tmp", "x");
  for (const bool online : {true, false}) {
    options.online = online;
    auto found = files();
    std::erase_if(found, [](const auto& name) { return name.starts_with("pg_data/pg_wal/"); });
    CHECK(found == names{"pg_data/PG_VERSION", "pg_data/base/5/1259",
                         "pg_data/foreign/mine.pgbackrest.tmp", "pg_data/foreign/tablespace_map",
                         "pg_data/global/pg_control"});
  }
}

TEST_CASE_FIXTURE(walk_rig, "cluster_walk: owners without a name that can be written are numbers") {
  options.owners = {.user = [](uint32_t) { return std::optional<std::string>(""); },
                    .group = [](uint32_t) { return std::optional<std::string>("staff"); }};
  const auto walked = walk();
  REQUIRE(walked);
  CHECK_FALSE(walked->owner_name(walked->files[0].user));
  CHECK(walked->owner_name(walked->files[0].group) == "staff");
}

TEST_CASE_FIXTURE(walk_rig, "cluster_walk: a link to a file among WAL goes where WAL goes") {
  put("/db/etc", "file", "x");
  link("pg_wal/linked", "/db/etc/file");
  CHECK(walk()->links.empty());
  CHECK(walk()->targets.size() == 1);
  options.online = false;
  CHECK(walk()->links.size() == 1);
  CHECK(walk()->find_file("pg_data/pg_wal/linked") != nullptr);
}

TEST_CASE_FIXTURE(walk_rig, "cluster_walk: follows a tablespace into our own directory only") {
  REQUIRE(place("/ts").make_path(std::string(our_directory) + "/5", 0700));
  put("/ts", std::string(our_directory) + "/5/16390", "x");
  put("/ts", "PG_14_202107181/5/1", "x");
  put("/ts", "stray", "x");
  REQUIRE(place("/").make_path("ts", 0700));
  link("pg_tblspc/16384", "/ts");
  options.tablespaces = {{16384, "ts1"}};
  const auto walked = walk();
  REQUIRE(walked);
  CHECK(walked->find_file("pg_tblspc/16384/PG_15_202209061/5/16390") != nullptr);
  CHECK(walked->files.size() == 3);
  REQUIRE(walked->find_target("pg_tblspc/16384") != nullptr);
  CHECK(walked->find_target("pg_tblspc/16384")->tablespace_name == "ts1");
  CHECK(walked->find_link("pg_data/pg_tblspc/16384")->destination == "/ts");
  // The pseudo paths look like what they stand for in PGDATA.
  CHECK(walked->find_path("pg_tblspc")->mode == 0700);
  CHECK(walked->find_path("pg_tblspc/16384")->mode == 0750);
  CHECK(cluster_file_path(*walked, "pg_tblspc/16384/PG_15_202209061/5/16390") ==
        "/ts/PG_15_202209061/5/16390");
  CHECK(cluster_file_path(*walked, "pg_data/base/5/1259") == "/db/main/base/5/1259");

  options.tablespaces.clear();
  CHECK(failure() == errc::db_mismatch);
  options.online = false;
  CHECK(walk()->find_target("pg_tblspc/16384")->tablespace_name == "ts16384");
}

TEST_CASE_FIXTURE(walk_rig, "cluster_walk: follows links of directories and files one level") {
  put("/db/etc", "hba.conf", "abc");
  put("/db/xact", "0000", "x");
  REQUIRE(place("/db").make_path("xact", 0700));
  link("pg_hba.conf", "../etc/hba.conf");
  link("pg_xact", "../xact");
  const auto walked = walk();
  REQUIRE(walked);
  const auto* target = walked->find_target("pg_data/pg_hba.conf");
  REQUIRE(target != nullptr);
  CHECK(target->path == "../etc");
  CHECK(target->file == "hba.conf");
  CHECK(walked->find_file("pg_data/pg_hba.conf")->size_bytes == 3);
  CHECK(walked->find_link("pg_data/pg_hba.conf")->destination == "../etc/hba.conf");
  CHECK(walked->find_target("pg_data/pg_xact")->path == "../xact");
  CHECK(walked->find_file("pg_data/pg_xact/0000") != nullptr);
  CHECK(walked->find_path("pg_data/pg_xact") != nullptr);
  CHECK(cluster_file_path(*walked, "pg_data/pg_hba.conf") == "/db/etc/hba.conf");
  CHECK(cluster_file_path(*walked, "pg_data/pg_xact/0000") == "/db/xact/0000");
}

TEST_CASE_FIXTURE(walk_rig, "cluster_walk: refuses links that lead nowhere, to links, or back") {
  SUBCASE("dangling") {
    link("x", "/nowhere/at-all");
    CHECK(failure() == errc::file_open);
  }
  SUBCASE("to a link") {
    REQUIRE(place("/other").make_path(""));
    REQUIRE(place("/other").make_symlink("hop", "/further"));
    link("x", "/other/hop");
    CHECK(failure() == errc::link_destination);
  }
  SUBCASE("into PGDATA") {
    REQUIRE(place("/db/main/base").make_path("5"));
    link("x", "base/5");
    CHECK(failure() == errc::link_destination);
  }
  SUBCASE("to a directory above PGDATA") {
    REQUIRE(place("/").make_path("db"));
    link("x", "/db");
    CHECK(failure() == errc::link_destination);
  }
  SUBCASE("two to one place") {
    REQUIRE(place("/").make_path("other"));
    put("/other", "f", "x");
    link("x", "/other");
    link("y", "/other");
    CHECK(failure() == errc::link_destination);
  }
  SUBCASE("a directory among the tablespaces") {
    REQUIRE(place("/db/main").make_path("pg_tblspc/16384"));
    CHECK(failure() == errc::link_expected);
  }
  SUBCASE("a file among the tablespaces") {
    put("/db/main", "pg_tblspc/x", "x");
    CHECK(failure() == errc::link_expected);
  }
  SUBCASE("a link inside of a tablespace") {
    REQUIRE(place("/ts").make_path(std::string(our_directory) + "/5", 0700));
    REQUIRE(place("/ts").make_symlink(std::string(our_directory) + "/5/16390", "/elsewhere"));
    REQUIRE(place("/").make_path("ts", 0700));
    link("pg_tblspc/16384", "/ts");
    options.tablespaces = {{16384, "ts1"}};
    CHECK(failure() == errc::link_destination);
  }
  SUBCASE("a tablespace whose number is written in another way") {
    link("pg_tblspc/016384", "/ts");
    options.tablespaces = {{16384, "ts1"}};
    CHECK(failure() == errc::link_expected);
  }
  SUBCASE("a tablespace that is no number") {
    link("pg_tblspc/ts", "/ts");
    CHECK(failure() == errc::link_expected);
  }
}

TEST_CASE_FIXTURE(walk_rig, "cluster_walk: a directory that vanishes meanwhile is no error") {
  place("/db/main")
      .set_hook([this](storage_verb verb, std::string_view path) -> std::optional<error> {
        if (verb == storage_verb::list && path == "base/5")
          CHECK(place("/db/main").remove_tree("base/5"));
        return {};
      });
  std::vector<std::string> gone;
  options.gone_paths = &gone;
  CHECK(files() == names{"pg_data/PG_VERSION"});
  CHECK(gone == names{"pg_data/base/5"}); // whoever asks the catalogs may find it one
}

TEST_CASE_FIXTURE(walk_rig,
                  "cluster_walk: a tablespace of the catalog without its directory is noted") {
  link("pg_tblspc/16384", "/ts");
  REQUIRE(place("/").make_path("ts", 0700));
  put("/ts", "PG_14_202107181/5/1", "x");
  options.tablespaces = {{16384, "space"}};
  std::vector<std::string> gone;
  options.gone_paths = &gone;
  CHECK(files() == names{"pg_data/PG_VERSION", "pg_data/base/5/1259"});
  CHECK(gone == names{std::string("pg_tblspc/16384/") + our_directory});
}
