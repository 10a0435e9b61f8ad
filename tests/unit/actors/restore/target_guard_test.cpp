// Whose the targets of a restore are, and whose files lie there: every owner, content and link.
// Rules: actors/restore/target_guard.hpp; cli/command/README.md, sections 7.4 to 7.6.
// SPDX-License-Identifier: MIT
#include "actors/restore/target_guard.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/actors/restore/rig.hpp"
#include "tests/unit/storage/cluster/walk_rig.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::restore_test;

namespace {

constexpr uint32_t cluster_uid = 1000;
constexpr uint32_t foreign_uid = 2000;

/// A restore by root (or not) of a cluster that belongs to user 1000.
struct guarded : rig {
  explicit guarded(bool by_root = true) {
    link_hba();
    wish.links_all = true;
    wish.links = {};
    root_ = by_root;
  }
  void prepare() {
    plan();
    const plan::owner_lookup nobody{
        .user_id = [](std::string_view) { return std::optional<uint32_t>(); },
        .group_id = [](std::string_view) { return std::optional<uint32_t>(); },
        .user_name = [](uint32_t) { return std::optional<std::string>(); },
        .group_name = [](uint32_t) { return std::optional<std::string>(); }};
    const uint32_t me = root_ ? 0 : cluster_uid;
    owners.emplace(
        backup, plan::owner_facts{.uid = me, .gid = me, .data_uid = cluster_uid, .data_gid = 1000},
        nobody);
  }
  result<std::vector<std::string>> holders() {
    return check_holders(*tree, *where, *owners, [this](const std::string& path) {
      return std::unique_ptr<storage>(new test::lent(root(path)));
    });
  }
  void make(const std::string& path, uint32_t uid) {
    REQUIRE(root(path).make_path("", 0700));
    REQUIRE(root(path).set_attributes("", {.uid = uid}));
  }
  void file(const std::string& path, const std::string& name, uint32_t uid = 0) {
    REQUIRE(write_all(root(path), name, "x"));
    REQUIRE(root(path).set_attributes(name, {.uid = uid}));
  }

private:
  bool root_ = true;
};

/// One target outside of PGDATA.
struct target {
  std::string path;
  std::string parent;
  bool is_tablespace = false;
};
const std::vector<target> targets = {{"/space", "/", true}, {"/fast/wal", "/fast"}, {"/conf", "/"}};

int code(const result<std::vector<std::string>>& of) {
  return of ? 0 : static_cast<int>(of.failure().code);
}

constexpr int refused = 53;

} // namespace

TEST_CASE("target guard: root fills directories of the cluster's owner, and empty ones") {
  struct row {
    uint32_t owner;
    std::string content; ///< empty: none
    bool link_fits;      ///< may be filled when it is the destination of a link
    bool space_fits;
  };
  const std::vector<row> rows = {
      {cluster_uid, "", true, true},
      {cluster_uid, "base", true, true},
      {foreign_uid, "", true, true},
      {foreign_uid, "something", false, false},
      {foreign_uid, "lost+found", true, true}, // file systems make it in their root
      {foreign_uid, "PG_14_202107181", false, true},
      {0, "", true, true},
      // Root's own directories are nobody's: /etc would do.
      {0, "passwd", false, false},
      {0, "lost+found", true, true},
  };
  for (const auto& at : targets)
    for (const auto& one : rows) {
      CAPTURE(at.path);
      CAPTURE(one.owner);
      CAPTURE(one.content);
      const bool fits = at.is_tablespace ? one.space_fits : one.link_fits;
      for (const bool by_root : {true, false}) {
        guarded with(by_root);
        with.prepare();
        for (const auto& other : targets)
          with.make(other.path, other.path == at.path ? one.owner : cluster_uid);
        if (!one.content.empty())
          with.file(at.path, one.content, one.owner);
        const auto checked = with.holders();
        if (!by_root) { // the system keeps others from it
          CHECK(code(checked) == 0);
          CHECK(checked->empty());
          continue;
        }
        test::hostile("links that lead elsewhere", fits ? 0 : 1);
        REQUIRE(code(checked) == (fits ? 0 : refused));
        if (!fits) {
          CHECK(checked.failure().message.find("'" + at.path + "'") != std::string::npos);
          CHECK(checked.failure().hint.find("Nothing was changed.") != std::string::npos);
          CHECK(checked.failure().hint.find(at.is_tablespace ? "--tablespace-map" : "--link-map") !=
                std::string::npos);
        } else {
          // Who keeps another owner is told of, once.
          CHECK(checked->size() == (one.owner == cluster_uid ? 0 : 1));
        }
      }
    }
}

TEST_CASE("target guard: a place that only the backup names is made among the cluster's own") {
  struct row {
    std::map<std::string, uint32_t> there; ///< owners of what exists
    bool wished;
    int code;
  };
  const std::vector<row> rows = {
      {{{"/fast", cluster_uid}}, false, 0},
      {{{"/fast", foreign_uid}}, false, refused},
      {{{"/fast", 0}}, false, refused},
      {{{"/", 0}}, false, refused},
      {{{"/", cluster_uid}}, false, 0}, // the nearest that exists
      {{{"/", 0}, {"/fast", cluster_uid}}, false, 0},
      {{{"/", cluster_uid}, {"/fast", foreign_uid}}, false, refused},
      // Where the user named it, it is made where he said.
      {{{"/fast", foreign_uid}}, true, 0},
      {{{"/", 0}}, true, 0},
  };
  for (const auto& one : rows) {
    guarded with;
    if (one.wished)
      with.wish.links = {{"pg_wal", "/fast/wal"}};
    with.prepare();
    with.make("/conf", cluster_uid);
    for (const auto& [path, uid] : one.there)
      with.make(path, uid);
    test::hostile("links that lead elsewhere", one.code == 0 ? 0 : 1);
    CHECK(code(with.holders()) == one.code);
  }
}

TEST_CASE("target guard: the file at the end of a link is ours, or not there") {
  for (const uint32_t owner : {cluster_uid, foreign_uid, 0U}) {
    guarded with;
    with.prepare();
    for (const auto& one : targets)
      with.make(one.path, cluster_uid);
    CHECK(code(with.holders()) == 0);
    with.file("/conf", "another", foreign_uid); // is none of the restore's business
    CHECK(code(with.holders()) == 0);
    with.file("/conf", "hba.conf", owner);
    test::hostile("links that lead elsewhere", owner == cluster_uid ? 0 : 1);
    CHECK(code(with.holders()) == (owner == cluster_uid ? 0 : refused));
  }
}

TEST_CASE(
    "target guard: files in a target are foreign unless a link of the old PGDATA leads there") {
  enum class link : uint8_t { none, right, relative, unclean, other, directory };
  for (const link kind :
       {link::none, link::right, link::relative, link::unclean, link::other, link::directory})
    for (const bool occupied : {false, true})
      for (const auto* place : {"/space", "/fast/wal"}) {
        CAPTURE(static_cast<int>(kind));
        CAPTURE(occupied);
        CAPTURE(place);
        const bool space = std::string_view(place) == "/space";
        guarded with;
        with.prepare();
        with.make(place, cluster_uid);
        const std::string below = space ? "PG_15_202209061/5" : "deep";
        REQUIRE(with.root(place).make_path(below)); // directories alone are no loss
        if (occupied)
          with.file(place, below + "/1");
        if (space) // of another version: not what would be cleaned
          with.file(place, "PG_14_202107181/5/1");
        auto& data = with.root("/new");
        const std::string name = space ? "pg_tblspc/16384" : "pg_wal";
        REQUIRE(data.make_path("pg_tblspc"));
        switch (kind) {
        case link::none:
          break;
        case link::right:
          REQUIRE(data.make_symlink(name, place));
          break;
        case link::relative:
          REQUIRE(data.make_symlink(name, (space ? "../.." : "..") + std::string(place)));
          break;
        case link::unclean:
          REQUIRE(data.make_symlink(name, "/./x/.." + std::string(place) + "/"));
          break;
        case link::other:
          REQUIRE(data.make_symlink(name, std::string(place) + "2"));
          break;
        case link::directory:
          REQUIRE(data.make_path(name));
          break;
        }
        const bool leads = kind == link::right || kind == link::relative || kind == link::unclean;
        const auto found = find_foreign_targets(*with.tree, *with.where);
        REQUIRE(found);
        const auto claimed = space ? std::string("/space/PG_15_202209061") : std::string(place);
        CHECK(*found == (occupied && !leads ? std::vector{claimed} : std::vector<std::string>()));
      }
}

TEST_CASE("target guard: the same of the file at the end of a link") {
  for (const std::string leads : {"", "/conf/hba.conf", "../conf/hba.conf", "/conf/other"}) {
    guarded with;
    with.prepare();
    with.make("/conf", cluster_uid);
    with.file("/conf", "other");
    auto& data = with.root("/new");
    REQUIRE(data.make_path(""));
    if (!leads.empty())
      REQUIRE(data.make_symlink("pg_hba.conf", leads));
    CHECK(find_foreign_targets(*with.tree, *with.where)->empty()); // it is not there
    with.file("/conf", "hba.conf");
    const bool fits = leads.ends_with("conf/hba.conf");
    CHECK(*find_foreign_targets(*with.tree, *with.where) ==
          (fits ? std::vector<std::string>() : std::vector<std::string>{"/conf/hba.conf"}));
  }
}
