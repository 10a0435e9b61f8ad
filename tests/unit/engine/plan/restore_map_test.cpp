// Where things go, what is refused, what stays, and in which order files come.
// SPDX-License-Identifier: MIT
#include "engine/plan/manifest_tree.hpp"
#include "engine/plan/restore_clean.hpp"
#include "engine/plan/restore_map.hpp"
#include "engine/plan/restore_order.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/plan/sample_backup.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace pgbraid;
using namespace pgbraid::plan;
using namespace pgbraid::plan_test;

namespace {

std::string place_of(const restore_mapping& where, std::string_view name) {
  return where.absolute(where.locate(name));
}

errc code_of(const result<restore_mapping>& mapped) {
  REQUIRE(!mapped);
  return mapped.failure().code;
}

} // namespace

TEST_CASE("restore map: links are dropped unless wished, tablespaces are kept") {
  const auto backup = sample_backup();
  const auto where = map_restore(backup, {.pg_path = "/new"});
  REQUIRE(where);
  CHECK(place_of(*where, "pg_data/pg_hba.conf") == "/new/pg_hba.conf");
  CHECK(place_of(*where, "pg_data/pg_wal") == "/new/pg_wal");
  CHECK(place_of(*where, "pg_tblspc/16384/PG_15_202209061/5/16390") ==
        "/space/PG_15_202209061/5/16390");
  REQUIRE(where->links().size() == 1);
  CHECK(where->links()[0].destination == "/space");
  CHECK(where->absolute(where->locate_link("pg_data/pg_tblspc/16384")) == "/new/pg_tblspc/16384");
  REQUIRE(where->notes().size() == 3);
  CHECK(where->notes()[0].text == "remap data directory to '/new'");
  CHECK(where->notes()[1].text ==
        "file link 'pg_hba.conf' will be restored as a file at the same location");
  CHECK(where->notes()[1].warn);
}

TEST_CASE("restore map: link-all keeps all links where they lead from the new place") {
  const auto backup = sample_backup();
  const auto where = map_restore(backup, {.pg_path = "/var/new", .links_all = true});
  REQUIRE(where);
  CHECK(place_of(*where, "pg_data/pg_hba.conf") == "/var/conf/hba.conf");
  CHECK(place_of(*where, "pg_data/pg_wal") == "/fast/wal");
  CHECK(where->find_link("pg_data/pg_hba.conf")->destination == "../conf/hba.conf");
  CHECK(where->absolute(where->locate_link("pg_data/pg_wal")) == "/var/new/pg_wal");
}

TEST_CASE("restore map: wishes for tablespaces by name, oid, or all") {
  const auto backup = sample_backup();
  const auto by_name = map_restore(backup, {.pg_path = "/data", .tablespaces = {{"ts1", "/a"}}});
  REQUIRE(by_name);
  CHECK(place_of(*by_name, "pg_tblspc/16384") == "/a");
  CHECK(by_name->notes()[0].text == "map tablespace 'pg_tblspc/16384' to '/a'");
  const auto by_oid = map_restore(backup, {.pg_path = "/data", .tablespaces = {{"16384", "/b"}}});
  CHECK(place_of(*by_oid, "pg_tblspc/16384") == "/b");
  const auto all = map_restore(backup, {.pg_path = "/data", .tablespaces_all = "/all"});
  CHECK(place_of(*all, "pg_tblspc/16384") == "/all/ts1");
  CHECK(code_of(map_restore(
            backup, {.pg_path = "/data", .tablespaces = {{"ts1", "/a"}, {"16384", "/b"}}})) ==
        errc::tablespace_map);
  CHECK(code_of(map_restore(backup, {.pg_path = "/data", .tablespaces = {{"ts9", "/a"}}})) ==
        errc::tablespace_map);
}

TEST_CASE("restore map: link wishes change links and make new ones") {
  const auto backup = sample_backup();
  const auto where =
      map_restore(backup, {.pg_path = "/data",
                           .links = {{"pg_wal", "/w"}, {"base", "/b"}, {"PG_VERSION", "../v/V"}}});
  REQUIRE(where);
  CHECK(place_of(*where, "pg_data/base/5/112") == "/b/5/112");
  CHECK(place_of(*where, "pg_data/PG_VERSION") == "/v/V");
  CHECK(place_of(*where, "pg_data/pg_wal") == "/w");
  const auto refused = [&](const char* link, const char* destination) {
    return code_of(map_restore(backup, {.pg_path = "/data", .links = {{link, destination}}}));
  };
  CHECK(refused("nothing", "/x") == errc::link_map);
  CHECK(refused("pg_tblspc/16384", "/x") == errc::link_map);
  CHECK(refused("PG_VERSION", "name") == errc::link_map);
  CHECK(refused("base", "/data/inside") == errc::link_destination);
  CHECK(refused("base", "/") == errc::link_map);
  CHECK(refused("base", "/space/PG_15_202209061") == errc::link_destination);
}

TEST_CASE("restore map: two places must not be one") {
  const auto backup = sample_backup();
  CHECK(code_of(map_restore(backup, {.pg_path = "/data", .tablespaces = {{"ts1", "/data/ts"}}})) ==
        errc::link_destination);
  CHECK(code_of(map_restore(backup,
                            {.pg_path = "/data", .links = {{"pg_wal", "/x"}, {"base", "/x/y"}}})) ==
        errc::link_destination);
}

TEST_CASE("manifest tree: entries that would leave their target are refused") {
  CHECK(check_manifest_tree(sample_backup()));
  const auto refused = [](auto change) {
    test::hostile("names that leave their directory");
    auto backup = sample_backup();
    change(backup);
    backup.sort();
    const auto checked = check_manifest_tree(backup);
    return !checked && checked.failure().code == errc::format;
  };
  // A link that is no target, with a file behind it.
  CHECK(refused([](auto& backup) {
    add_link(backup, "pg_data/evil", "/etc");
    add_path(backup, "pg_data/evil");
    add_file(backup, "pg_data/evil/passwd", 1);
  }));
  // A file behind a link to a file, behind a tablespace link, and without a directory.
  CHECK(refused([](auto& backup) { add_file(backup, "pg_data/pg_hba.conf/x", 1); }));
  CHECK(refused([](auto& backup) { add_file(backup, "pg_data/pg_tblspc/16384/x", 1); }));
  CHECK(refused([](auto& backup) { add_file(backup, "pg_data/nowhere/x", 1); }));
  // Tablespaces that are no target, and places in a tablespace that belong to others.
  CHECK(refused([](auto& backup) { add_path(backup, "pg_tblspc/1"); }));
  CHECK(refused([](auto& backup) { add_file(backup, "pg_tblspc/16384", 1); }));
  CHECK(refused([](auto& backup) { add_file(backup, "pg_tblspc/16384/x", 1); }));
  CHECK(refused([](auto& backup) { add_path(backup, "pg_tblspc/16384/PG_14_1"); }));
  // One name that is two things, and targets without links.
  CHECK(refused([](auto& backup) { add_file(backup, "pg_data/base", 1); }));
  CHECK(refused([](auto& backup) { backup.links.clear(); }));
  CHECK(refused([](auto& backup) { backup.links[0].destination = "/elsewhere"; }));
}

TEST_CASE("restore rules: only what the backup has stays") {
  const auto backup = sample_backup();
  const auto where = map_restore(backup, {.pg_path = "/data"});
  REQUIRE(where);
  const restore_rules rules(backup, *where, recovery_type::standard, 150000);
  CHECK(rules.stays({"pg_data/PG_VERSION", found_kind::file}));
  CHECK(!rules.stays({"pg_data/PG_VERSION", found_kind::path}));
  CHECK(!rules.stays({"pg_data/PG_VERSION", found_kind::link, "/x"}));
  CHECK(rules.stays({"pg_data/base", found_kind::path}));
  CHECK(rules.stays({"pg_data/backup.manifest", found_kind::file}));
  CHECK(!rules.stays({"pg_data/recovery.signal", found_kind::file}));
  CHECK(!rules.stays({"pg_data/tablespace_map", found_kind::file}));
  CHECK(rules.stays({"pg_data/pg_tblspc/16384", found_kind::link, "/space"}));
  CHECK(!rules.stays({"pg_data/pg_tblspc/16384", found_kind::link, "/old"}));
  CHECK(!rules.stays({"pg_data/pg_wal", found_kind::link, "/fast/wal"})); // not wished: a directory
  CHECK(!rules.is_restored("pg_data/tablespace_map"));
  CHECK(rules.is_restored("pg_data/postgresql.auto.conf"));
}

TEST_CASE("restore rules: preserve keeps the recovery files of the target") {
  const auto backup = sample_backup();
  const auto where = map_restore(backup, {.pg_path = "/data"});
  const restore_rules rules(backup, *where, recovery_type::preserve, 150000);
  CHECK(rules.stays({"pg_data/recovery.signal", found_kind::file}));
  CHECK(rules.may_exist("pg_data/postgresql.auto.conf"));
  CHECK(!rules.is_restored("pg_data/postgresql.auto.conf"));
  CHECK(!rules.stays({"pg_data/recovery.conf", found_kind::file}));
  const restore_rules old(backup, *where, recovery_type::preserve, 110000);
  CHECK(old.stays({"pg_data/recovery.conf", found_kind::file}));
  CHECK(old.is_restored("pg_data/postgresql.auto.conf"));
}

TEST_CASE("restore order: neighbours of a bundle share a batch, nothing is lost") {
  auto backup = sample_backup();
  const auto stored = [&](const char* name, uint32_t bundle, uint64_t offset, uint64_t bytes) {
    auto& file = add_file(backup, name, bytes * 2);
    file.bundle_id = bundle;
    file.bundle_offset_bytes = offset;
    file.repo_size_bytes = bytes;
    file.has_repo_size = true;
  };
  stored("pg_data/base/5/a", 1, 0, 100);
  stored("pg_data/base/5/b", 1, 100, 50);
  stored("pg_data/base/5/c", 1, 200, 50); // after a hole
  stored("pg_data/base/5/d", 2, 250, 50); // another bundle
  add_file(backup, "pg_data/base/5/empty", 0);
  add_file(backup, "pg_data/base/5/large", 5 << 20);
  add_file(backup, "pg_data/base/5/larger", 6 << 20);
  backup.sort();
  const auto where = map_restore(backup, {.pg_path = "/data"});
  REQUIRE(where);
  const restore_rules rules(backup, *where, recovery_type::standard, 150000);
  const auto order = order_restore(backup, rules);
  REQUIRE(order.size() == 7);
  CHECK(order[0].files[0]->name == "pg_data/base/5/larger");
  CHECK(order[1].files[0]->name == "pg_data/base/5/large");
  CHECK(order[2].kind == batch_kind::bundle);
  CHECK(order[2].files.size() == 2);
  CHECK(order[5].kind == batch_kind::small);
  CHECK(order[6].kind == batch_kind::empty);
  std::set<std::string_view> names;
  for (const auto& batch : order)
    for (const auto* file : batch.files)
      CHECK(names.insert(file->name).second);
  CHECK(names.size() == backup.files.size() - 1); // all but tablespace_map
}

TEST_CASE("manifest tree: nothing has the name that pg_control has on the way") {
  test::hostile("names that leave their directory", 3);
  auto with_file = sample_backup();
  add_file(with_file, "pg_data/global/pg_control.pgbackrest.tmp", 8192);
  with_file.sort();
  const auto refused = check_manifest_tree(with_file);
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().code == errc::format);
  CHECK(code_of(map_restore(with_file, {.pg_path = "/data"})) == errc::format);

  auto with_path = sample_backup();
  add_path(with_path, "pg_data/global/pg_control.pgbackrest.tmp");
  with_path.sort();
  CHECK_FALSE(check_manifest_tree(with_path));
  auto with_marker = sample_backup();
  add_path(with_marker, "pg_data/backup.manifest");
  with_marker.sort();
  CHECK_FALSE(check_manifest_tree(with_marker));
}

TEST_CASE("restore map: no link leads to where pg_control is on the way") {
  test::hostile("links that lead elsewhere");
  const auto backup = sample_backup();
  CHECK(code_of(map_restore(backup, {.pg_path = "/data",
                                     .links = {{"global/pg_control", "/fast/control"},
                                               {"PG_VERSION", "/fast/control.pgbackrest.tmp"}}})) ==
        errc::link_destination);
}

TEST_CASE("manifest tree: the directory of a file link may be the root") {
  auto backup = sample_backup();
  for (auto& target : backup.targets)
    if (target.is_file_link())
      target.path = "/";
  for (auto& one : backup.links)
    if (one.name == "pg_data/pg_hba.conf")
      one.destination = "/hba.conf";
  CHECK(check_manifest_tree(backup));
}

TEST_CASE("restore map: any name of a tablespace will do where it becomes no directory") {
  auto backup = sample_backup();
  for (auto& target : backup.targets)
    if (target.is_tablespace())
      target.tablespace_name = "a/b";
  CHECK(map_restore(backup, {.pg_path = "/data"}));
  CHECK(code_of(map_restore(backup, {.pg_path = "/data", .tablespaces_all = "/all"})) ==
        errc::tablespace_map);
}
