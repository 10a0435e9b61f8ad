// Walks of generated clusters, held against the table of engine/format/README.md, section 8.5.
// SPDX-License-Identifier: MIT
#include "storage/cluster/cluster_files.hpp"
#include "tests/unit/property.hpp"
#include "tests/unit/quiet.hpp"
#include "tests/unit/storage/cluster/walk_rig.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

/// Files of a cluster by their names in a manifest, with their content.
using tree = std::map<std::string, std::string>;

const std::vector<std::string> directories = {"",
                                              "global",
                                              "base/5",
                                              "base/16384",
                                              "base/5/deeper",
                                              "pg_wal",
                                              "pg_wal/archive_status",
                                              "pg_wal/summaries",
                                              "pg_notify",
                                              "pg_replslot/slot",
                                              "pg_xact",
                                              "pg_stat_tmp",
                                              "own/directory",
                                              "base"};
const std::vector<std::string> names = {"16385",
                                        "16385.1",
                                        "16385_fsm",
                                        "16385_vm.2",
                                        "16385_init",
                                        "16386",
                                        "16386_init",
                                        "t3_16385",
                                        "t12_77.1",
                                        "t3_16385_fsm",
                                        "t_16385",
                                        "163a5",
                                        "pg_internal.init",
                                        "pg_internal.init.4",
                                        "pg_internal.inits",
                                        "pgsql_tmp3.1",
                                        "pgsql_tmp",
                                        "pg_control",
                                        "postmaster.pid",
                                        "postmaster.opts",
                                        "backup_label",
                                        "backup_label.old",
                                        "recovery.signal",
                                        "standby.signal",
                                        "recovery.conf",
                                        "recovery.done",
                                        "backup_manifest",
                                        "backup_manifest.tmp",
                                        "postgresql.auto.conf.tmp",
                                        "postgresql.conf",
                                        "tablespace_map",
                                        "backup.manifest",
                                        "global.pgbackrest.tmp",
                                        "PG_VERSION",
                                        "000000010000000000000001",
                                        "a b=c",
                                        "t\xc3\xa4",
                                        "\xff",
                                        "line\nfeed"};

/// Remembers: there are few names, and regular expressions are slow.
bool matches(const std::string& text, const std::string& pattern) {
  static std::map<std::pair<std::string, std::string>, bool> known;
  static std::map<std::string, std::regex> made;
  const auto [at, fresh] = known.try_emplace({text, pattern});
  if (fresh)
    at->second = std::regex_match(text, made.try_emplace(pattern, pattern).first->second);
  return at->second;
}

bool holds_relations(const std::string& path) {
  return matches(path, "pg_data/(global|base/[0-9]+)") ||
         matches(path, "pg_tblspc/[0-9]+/PG_15_202209061/[0-9]+");
}

/// Whether the table leaves a file out, but for unlogged relations.
bool is_left_out(const std::string& path, const std::string& name, uint32_t version, bool online) {
  const bool relations = holds_relations(path);
  const std::string full = path + "/" + name;
  if (name.find('\n') != name.npos)
    return true; // section 4.1: a key cannot hold it
  if (matches(full, "pg_data/pg_(dynshmem|notify|replslot|serial|snapshots|stat_tmp|subtrans)/"
                    "[^]*"))
    return true;
  if (online && (matches(full, "pg_data/pg_wal/[^/]*") ||
                 matches(full, "pg_data/pg_wal/archive_status/[^]*")))
    return true;
  // No segment of the path begins with it.
  if (matches(full, "([^]*/)?pgsql_tmp[^]*"))
    return true;
  if (relations && matches(name, "pg_internal\\.init(\\.[0-9]+)?"))
    return true;
  if (relations && matches(name, "t[0-9]+_[0-9]+(_(fsm|vm|init))?(\\.[0-9]+)?"))
    return true;
  if ((path == "pg_data" || path == "pg_data/global") && matches(name, "[^]*\\.pgbackrest\\.tmp"))
    return true;
  if (path != "pg_data")
    return false;
  if (matches(name, "postmaster\\.(pid|opts)|backup_label(\\.old)?|postgresql\\.auto\\.conf\\.tmp|"
                    "tablespace_map|backup\\.manifest"))
    return true;
  if (version >= 120000 && matches(name, "(recovery|standby)\\.signal"))
    return true;
  if (version < 120000 && matches(name, "recovery\\.(conf|done)"))
    return true;
  return version >= 130000 && matches(name, "backup_manifest(\\.tmp)?");
}

/// Relations with an init fork keep nothing else.
void leave_unlogged(tree& from) {
  const auto all = from;
  for (const auto& [full, content] : all) {
    const auto slash = full.rfind('/');
    const auto path = full.substr(0, slash);
    const auto name = full.substr(slash + 1);
    if (holds_relations(path) && matches(name, "[0-9]+(_(fsm|vm))?(\\.[0-9]+)?") &&
        all.contains(path + "/" + name.substr(0, name.find_first_of("_.")) + "_init"))
      from.erase(full);
  }
}

rc::Gen<std::vector<std::pair<std::string, std::string>>> some_files() {
  return rc::gen::container<std::vector<std::pair<std::string, std::string>>>(
      rc::gen::pair(rc::gen::elementOf(directories), rc::gen::elementOf(names)));
}

/// A cluster with generated files: in PGDATA, a tablespace, and behind links.
struct generated {
  walk_rig on;
  tree all; ///< but for what cannot be named

  explicit generated(uint32_t version, bool online) {
    on.options.version = version;
    on.options.online = online;
    on.options.tablespaces = {{16390, "fast"}};
    all = {{"pg_data/PG_VERSION", "15\n"}, {"pg_data/base/5/1259", "x"}};
    if (!online)
      all["pg_data/pg_wal/000000010000000000000001"] = "x";
  }
  void put(const std::string& root, const std::string& path, const std::string& name,
           const std::string& parent) {
    const auto at = path.empty() ? name : path + "/" + name;
    const auto content = parent + "/" + name;
    on.put(root, at, content);
    if (!is_left_out(parent, name, on.options.version, on.options.online))
      all[content] = content;
    else if (parent != "pg_data/pg_wal")
      all.erase(content);
  }
  tree expected() const {
    auto out = all;
    leave_unlogged(out);
    return out;
  }
  storage_opener opener() {
    return [this](const std::string& path) -> result<std::unique_ptr<storage>> {
      return std::unique_ptr<storage>(new lent(on.place(path)));
    };
  }
};

std::string below(const std::string& parent, const std::string& path) {
  return path.empty() ? parent : parent + "/" + path;
}

std::set<std::string> keys_of(const tree& of) {
  std::set<std::string> out;
  for (const auto& [name, content] : of)
    out.insert(name);
  return out;
}

std::set<std::string> files_of(const format::manifest& of) {
  std::set<std::string> out;
  for (const auto& file : of.files)
    out.emplace(file.name);
  return out;
}

} // namespace

TEST_CASE_FIXTURE(quiet, "cluster_walk: of any files those go into a backup that the format says") {
  for_all([] {
    const auto version = *rc::gen::elementOf(std::vector<uint32_t>{110000, 120000, 130000, 170000});
    generated cluster(version, *rc::gen::arbitrary<bool>());
    for (const auto& [path, name] : *some_files())
      cluster.put("/db/main", path, name, below("pg_data", path));
    const auto walked = cluster.on.walk();
    RC_ASSERT(static_cast<bool>(walked));
    RC_ASSERT(files_of(*walked) == keys_of(cluster.expected()));
    // Every file lies in a path of the manifest, and all is in order.
    for (const auto& file : walked->files)
      RC_ASSERT(walked->find_path(file.name.substr(0, file.name.rfind('/'))) != nullptr);
    RC_ASSERT(std::ranges::is_sorted(walked->files, {}, &format::manifest_file::name));
    RC_ASSERT(std::ranges::is_sorted(walked->paths, {}, &format::manifest_path::name));
  });
}

TEST_CASE_FIXTURE(
    quiet, "cluster_walk: what lies behind tablespaces and links is found again by its name") {
  for_all([] {
    generated cluster(150000, *rc::gen::arbitrary<bool>());
    const std::string space = "/fast/space";
    cluster.on.link("pg_tblspc/16390",
                    *rc::gen::elementOf(std::vector<std::string>{space, "../../../fast/space"}));
    cluster.on.link("pg_stat", "/links/statistics");
    cluster.on.put("/", "fast/space", "a name that is there");
    REQUIRE(cluster.on.place("/fast").make_path("space"));
    REQUIRE(cluster.on.place("/links").make_path("statistics"));
    REQUIRE(cluster.on.place(space).make_path(our_directory));
    REQUIRE(cluster.on.place("/links/statistics").make_path(""));
    const std::string own = "pg_tblspc/16390/" + std::string(our_directory);
    for (const auto& [path, name] : *some_files())
      switch (*rc::gen::inRange(0, 4)) {
      case 0:
        cluster.put("/db/main", path, name, below("pg_data", path));
        break;
      case 1:
        cluster.put(space, std::string(our_directory) + "/16384", name, own + "/16384");
        break;
      case 2:
        cluster.put("/links/statistics", "x", name, "pg_data/pg_stat/x");
        break;
      default: // of another version: not ours
        cluster.on.put(space, "PG_14_202107181/16384/" + name, "other");
      }
    const auto walked = cluster.on.walk();
    RC_ASSERT(static_cast<bool>(walked));
    const auto expected = cluster.expected();
    RC_ASSERT(files_of(*walked) == keys_of(expected));

    const auto files = cluster_files::open(*walked, cluster.opener());
    RC_ASSERT(static_cast<bool>(files));
    for (const auto& [name, content] : expected) {
      const auto found = files->find(name);
      RC_ASSERT(found.in != nullptr);
      RC_ASSERT(*read_all(*found.in, found.path, 1000) == content);
      RC_ASSERT(cluster_file_path(*walked, name) == found.in->root() + "/" + found.path);
      const auto place = files->place(name);
      const bool in_data = name.starts_with("pg_data/") && !name.starts_with("pg_data/pg_stat/");
      RC_ASSERT(place.through == (in_data                         ? ""
                                  : name.starts_with("pg_tblspc") ? "pg_tblspc/16390"
                                                                  : "pg_stat"));
      RC_ASSERT((files->queue_of(name) == 0) == name.starts_with("pg_data/"));
    }
  });
}

TEST_CASE_FIXTURE(quiet, "cluster_walk: whatever vanishes while it walks, the rest is taken") {
  for_all([] {
    generated cluster(150000, true);
    std::vector<std::string> gone;
    cluster.on.options.gone_paths = &gone;
    for (const auto& [path, name] : *some_files())
      cluster.put("/db/main", path, name, below("pg_data", path));
    const auto victim = *rc::gen::elementOf(directories);
    RC_PRE(!victim.empty());
    const auto nth = *rc::gen::inRange(1, 12);
    auto& data = cluster.on.place("/db/main");
    int lists = 0;
    data.set_hook([&](memory_verb verb, std::string_view) -> std::optional<error> {
      if (verb == memory_verb::list && ++lists == nth)
        RC_ASSERT(static_cast<bool>(data.remove_tree(victim)));
      return {};
    });
    const auto walked = cluster.on.walk();
    data.set_hook({});
    RC_ASSERT(static_cast<bool>(walked));
    const auto found = files_of(*walked);
    auto expected = keys_of(cluster.expected());
    // All that is not below the victim is there, and nothing that never was.
    RC_ASSERT(std::ranges::includes(expected, found));
    const auto prefix = "pg_data/" + victim;
    for (const auto& name : expected)
      RC_ASSERT((found.contains(name) || name.starts_with(prefix + "/")));
    // It was listed before, or was not there any more when its parent was, or is told.
    for (const auto& name : gone)
      RC_ASSERT((name == prefix || name.starts_with(prefix + "/")));
    if (!gone.empty())
      RC_ASSERT(walked->find_path(gone.front()) != nullptr);
  });
}

TEST_CASE_FIXTURE(quiet,
                  "cluster_walk: users exclude names and contents below PGDATA, and nothing else") {
  for_all([] {
    generated cluster(150000, false);
    for (const auto& [path, name] : *some_files())
      cluster.put("/db/main", path, name, below("pg_data", path));
    auto expected = keys_of(cluster.expected());
    for (const auto& [path, name] :
         *rc::gen::container<std::vector<std::pair<std::string, std::string>>>(
             3, rc::gen::pair(rc::gen::elementOf(directories), rc::gen::elementOf(names)))) {
      std::string wanted;
      switch (*rc::gen::inRange(0, 3)) {
      case 0: // a file
        wanted = path.empty() ? name : path + "/" + name;
        std::erase_if(expected, [&](const auto& one) { return one == "pg_data/" + wanted; });
        break;
      case 1: // a path with all in it
        wanted = path;
        break;
      default: // what is in it
        wanted = path + "/";
      }
      cluster.on.options.exclude.push_back(wanted);
      if (!path.empty() && !wanted.ends_with(name))
        std::erase_if(expected,
                      [&](const auto& one) { return one.starts_with("pg_data/" + path + "/"); });
    }
    const auto walked = cluster.on.walk();
    RC_ASSERT(static_cast<bool>(walked));
    RC_ASSERT(files_of(*walked) == expected);
  });
}
