// Whatever a manifest says and whatever was wished: nothing leaves its target, no two places meet.
// SPDX-License-Identifier: MIT
#include "engine/plan/manifest_tree.hpp"
#include "engine/plan/restore_map.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/plan/sample_backup.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

using namespace pgbraid;
using namespace pgbraid::plan;
using namespace pgbraid::plan_test;
using test::between;

namespace {

/// Few directories, in each other or not, so that places meet.
rc::Gen<std::string> any_place() {
  return rc::gen::element<std::string>("/data", "/data/in", "/database", "/space", "/space/deep",
                                       "/fast/wal", "/fast", "/", "/x/../space", "/ts//a/", "/b",
                                       "/b.pgbackrest.tmp", "../conf/c", "c", "../../..", "base");
}

/// The sample and up to three more tablespaces.
format::manifest any_backup() {
  auto out = sample_backup();
  for (const uint64_t oid : {1U, 16385U, 163U})
    if (*between(0, 1) == 1) {
      const auto name = fmt::format("pg_tblspc/{}", oid);
      const auto place = *any_place();
      out.targets.push_back({.name = name,
                             .type = format::target_type::link,
                             .path = place,
                             .tablespace_id = oid,
                             .tablespace_name = fmt::format("t{}", oid)});
      add_path(out, name);
      add_path(out, name + "/PG_15_202209061");
      add_file(out, name + "/PG_15_202209061/f", 1);
      add_link(out, "pg_data/" + name, out.keep(place));
    }
  out.sort();
  return out;
}

map_wish any_map_wish() {
  map_wish out{.pg_path = *rc::gen::element<std::string>("/data", "/other/", "/space/pg"),
               .links_all = *rc::gen::arbitrary<bool>()};
  for (const auto* name : {"t1", "16385", "ts1", "16384"})
    if (*between(0, 3) == 0)
      out.tablespaces[name] = *any_place();
  if (*between(0, 3) == 0)
    out.tablespaces_all = "/all";
  for (const auto* name :
       {"base", "base/5", "pg_wal", "pg_hba.conf", "PG_VERSION", "global/pg_control"})
    if (*between(0, 4) == 0)
      out.links[name] = *any_place();
  return out;
}

bool is_below(const std::string& path, const std::string& directory) {
  const auto prefix = directory.ends_with('/') ? directory : directory + "/";
  return path == directory || path.starts_with(prefix);
}

std::string normal(const std::string& path) {
  auto out = std::filesystem::path(path).lexically_normal().string();
  return out.size() > 1 && out.ends_with('/') ? out.substr(0, out.size() - 1) : out;
}

/// Calls with each name that is restored to a place: files and directories.
template <class Function> void for_each_name(const format::manifest& of, Function function) {
  for (const auto& file : of.files)
    function(std::string(file.name), false);
  for (const auto& path : of.paths)
    function(std::string(path.name), true);
}

} // namespace

TEST_CASE("restore map model: refusals have the codes of their rules") {
  int mapped = 0;
  test::for_all(
      [&] {
        const auto backup = any_backup();
        const auto where = map_restore(backup, any_map_wish());
        mapped += where ? 1 : 0;
        if (!where)
          RC_ASSERT(std::ranges::count(
                        std::vector{errc::tablespace_map, errc::link_map, errc::link_destination},
                        where.failure().code) == 1);
      },
      120);
  CHECK(mapped >= 12); // Otherwise the properties below say little.
}

TEST_CASE(
    "restore map model: each entry lies below the root of its target, each at its own place") {
  test::for_all(
      [] {
        const auto backup = any_backup();
        const auto where = map_restore(backup, any_map_wish());
        RC_PRE(bool(where));
        std::set<std::string> places;
        for_each_name(backup, [&](const std::string& name, bool) {
          if (name == "pg_tblspc") // In no cluster: engine/format/README.md, section 8.4.
            return;
          const auto place = where->locate(name);
          const auto absolute = where->absolute(place);
          const auto& root = where->roots()[place.root];
          RC_ASSERT(is_below(name, root.name));
          RC_ASSERT(is_below(normal(absolute), root.path));
          RC_ASSERT(("/" + place.path + "/").find("/../") == std::string::npos);
          RC_ASSERT(places.insert(absolute).second);
        });
      },
      120);
}

TEST_CASE("restore map model: no root is in another, and nothing is where pg_control is made") {
  test::for_all(
      [] {
        const auto backup = any_backup();
        const auto where = map_restore(backup, any_map_wish());
        RC_PRE(bool(where));
        for (const auto& a : where->roots())
          for (const auto& b : where->roots())
            RC_ASSERT((&a == &b || !is_below(a.claimed(), b.claimed())));
        const auto control =
            where->absolute(where->locate(control_file_name)) + std::string(control_file_suffix);
        for (const auto& root : where->roots())
          RC_ASSERT(!is_below(root.claimed(), control));
      },
      120);
}

TEST_CASE("restore map model: who follows a link comes to the root that has its name") {
  test::for_all(
      [] {
        const auto backup = any_backup();
        const auto where = map_restore(backup, any_map_wish());
        RC_PRE(bool(where));
        std::map<std::string, const restore_root*> roots;
        for (const auto& root : where->roots())
          roots[root.name] = &root;
        RC_ASSERT(std::ranges::is_sorted(where->links(), {}, &restore_link::name));
        RC_ASSERT(where->links().size() + 1 == where->roots().size());
        for (const auto& link : where->links()) {
          const auto at = where->absolute(where->locate_link(link.name));
          const auto home = at.substr(0, at.rfind('/'));
          const auto led = normal(
              link.destination.starts_with('/') ? link.destination : home + "/" + link.destination);
          const auto tablespace = link.name.starts_with("pg_data/pg_tblspc/");
          const auto* root = roots.at(tablespace ? link.name.substr(8) : link.name);
          RC_ASSERT(led == (link.to_file ? root->claimed() : root->path));
          // A link is made in a directory of the backup, never behind itself.
          RC_ASSERT(where->locate_link(link.name).root !=
                    static_cast<size_t>(root - &where->roots()[0]));
        }
      },
      120);
}

namespace {

/// A manifest whose entries were changed by somebody who wants to get out.
format::manifest hostile_backup() {
  static const std::vector<std::string> names{
      "pg_data/evil",        "pg_data/evil/passwd", "pg_data/base",          "pg_data/pg_wal/x",
      "pg_data/pg_tblspc/1", "pg_tblspc/1",         "pg_tblspc/1/x",         "pg_tblspc/16384/x",
      "pg_data/pg_hba.conf", "pg_data/base/5/x",    "pg_data/pg_hba.conf/x", "pg_data/base/5/112",
      "pg_data/a/b/c",       "pg_data/base/9",      "pg_data/base/5/in"};
  static const std::vector<std::string> places{"/etc", "/space", "/fast/wal", "../conf/hba.conf"};
  auto out = sample_backup();
  for (auto more = *between(1, 2); more > 0; --more) {
    // One name may be several things: a link with its target is as it should be.
    const auto name = *rc::gen::elementOf(names);
    const auto place = *rc::gen::elementOf(places);
    const auto kinds = *between(1, 15);
    const bool tablespace = name.find("pg_tblspc/1") != name.npos;
    if ((kinds & 1) != 0)
      add_file(out, name, 1);
    if ((kinds & 2) != 0)
      add_path(out, name);
    if ((kinds & 4) != 0)
      add_link(out, name, out.keep(place));
    if ((kinds & 8) != 0)
      out.targets.push_back({.name = tablespace ? "pg_tblspc/1" : name,
                             .type = format::target_type::link,
                             .path = place,
                             .tablespace_id = tablespace ? 1U : 0U,
                             .tablespace_name = "evil"});
  }
  out.sort();
  return out;
}

} // namespace

TEST_CASE("restore map model: a tree that is accepted has no way out but its targets") {
  int accepted = 0;
  test::for_all(
      [&] {
        test::hostile("links that lead elsewhere");
        const auto of = hostile_backup();
        if (!check_manifest_tree(of))
          return;
        ++accepted;
        const auto is_link_of_cluster = [&](const std::string& name) {
          return std::ranges::any_of(of.targets, [&](const format::manifest_target& target) {
            return target.type == format::target_type::link &&
                   (target.is_tablespace() ? "pg_data/" + target.name : target.name) == name;
          });
        };
        for (const auto& link : of.links)
          RC_ASSERT(is_link_of_cluster(std::string(link.name)));
        for_each_name(of, [&](const std::string& name, bool is_path) {
          RC_ASSERT((of.find_file(name) != nullptr) + (of.find_path(name) != nullptr) == 1);
          if (!is_path)
            RC_ASSERT(name.find('/') != std::string::npos);
          // All that it lies in is a directory of the backup; a link on the way is to one.
          for (auto slash = name.rfind('/'); slash != std::string::npos;
               slash = slash == 0 ? std::string::npos : name.rfind('/', slash - 1)) {
            const auto above = name.substr(0, slash);
            RC_ASSERT(of.find_path(above) != nullptr);
            RC_ASSERT(!above.starts_with("pg_data/pg_tblspc/"));
          }
        });
      },
      200);
  CHECK(accepted >= 10);
}
