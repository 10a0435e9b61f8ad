// Any verb with any path of a repository that is opened for one stanza.
// Rules: storage/repository/confined_storage.hpp; engine/format/README.md, sections 1 and 1.2.
// SPDX-License-Identifier: MIT
#include "storage/driver/memory/memory_storage.hpp"
#include "storage/repository/confined_storage.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/property.hpp"
#include "tests/unit/storage/cluster/walk_rig.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

const std::vector<std::string> words = {
    "archive", "backup", "mine", "other", "mine2", "f", "latest", "20261101-120000F", "pg_data"};

std::string any_path() {
  std::string out;
  for (int left = *rc::gen::inRange(0, 5); left > 0; --left)
    out += (out.empty() ? "" : "/") + *rc::gen::elementOf(words);
  return out;
}

enum class lies : uint8_t { inside, above, outside };
lies where(const std::string& path) {
  for (const std::string top : {"archive", "backup"}) {
    if (path.empty() || path == top)
      return lies::above;
    if (path == top + "/mine" || path.starts_with(top + "/mine/"))
      return lies::inside;
  }
  return lies::outside;
}

/// A verb, and how far it may reach.
struct verb {
  std::string name;
  bool above; ///< also what leads to the stanza
  std::function<errc(storage&, const std::string&)> run;
};

template <class T> errc code_of(const result<T>& of) {
  return of ? errc{} : of.failure().code;
}

const std::vector<verb> verbs = {
    {"info", true, [](auto& in, const auto& path) { return code_of(in.info(path)); }},
    {"many infos", true,
     [](auto& in, const auto& path) {
       return code_of(in.many_infos(std::vector<std::string>{"archive/mine", path}));
     }},
    {"list", true, [](auto& in, const auto& path) { return code_of(in.list(path)); }},
    {"list some", true,
     [](auto& in, const auto& path) { return code_of(in.list_some(path, "", 5)); }},
    {"list named", true,
     [](auto& in, const auto& path) { return code_of(in.list_named(path, "f")); }},
    {"read", false, [](auto& in, const auto& path) { return code_of(in.open_read(path)); }},
    {"read small", false,
     [](auto& in, const auto& path) {
       std::vector<small_read> files(2);
       files[0] = {.path = "archive/mine/f", .limit_bytes = 5};
       files[1] = {.path = path, .limit_bytes = 5};
       in.read_small(files, nullptr);
       // The others are read all the same.
       RC_ASSERT(!files[0].failure);
       return files[1].failure ? files[1].failure->code : errc{};
     }},
    {"read small later", false,
     [](auto& in, const auto& path) {
       std::vector<small_read> files(2);
       files[0] = {.path = "archive/mine/f", .limit_bytes = 5};
       files[1] = {.path = path, .limit_bytes = 5};
       const auto read = in.begin_small(std::move(files))->wait(nullptr);
       RC_ASSERT(!read[0].failure);
       return read[1].failure ? read[1].failure->code : errc{};
     }},
    {"write", false, [](auto& in, const auto& path) { return code_of(in.open_write(path)); }},
    {"make path", true, [](auto& in, const auto& path) { return code_of(in.make_path(path)); }},
    {"make many paths", true,
     [](auto& in, const auto& path) {
       return code_of(in.make_many_paths(std::vector<std::string>{"archive", path}));
     }},
    {"remove file", false,
     [](auto& in, const auto& path) { return code_of(in.remove_file(path)); }},
    {"remove files", false,
     [](auto& in, const auto& path) {
       return code_of(in.remove_files(std::vector<std::string>{"archive/mine/none", path}));
     }},
    {"remove tree", false,
     [](auto& in, const auto& path) { return code_of(in.remove_tree(path)); }},
    {"move from", false,
     [](auto& in, const auto& path) { return code_of(in.move(path, "backup/mine/moved")); }},
    {"move to", false,
     [](auto& in, const auto& path) { return code_of(in.move("archive/mine/f", path)); }},
    {"hard link", false,
     [](auto& in, const auto& path) { return code_of(in.make_hardlink("backup/mine/h", path)); }},
    {"hard link at", false,
     [](auto& in, const auto& path) { return code_of(in.make_hardlink(path, "archive/mine/f")); }},
    {"sync", true, [](auto& in, const auto& path) { return code_of(in.sync_path(path)); }},
    {"sync many", true,
     [](auto& in, const auto& path) {
       return code_of(in.sync_many_paths(std::vector<std::string>{"backup/mine", path}));
     }},
    {"attributes", false,
     [](auto& in, const auto& path) { return code_of(in.set_attributes(path, {.mode = 0700})); }},
};

/// A repository of two stanzas, and the same confined to one.
struct rig {
  memory_storage all;
  std::unique_ptr<storage> mine = make_confined_storage(std::make_unique<lent>(all), "mine");

  rig() {
    for (const auto* path : {"archive/mine/f", "archive/other/f", "backup/mine/f", "backup/other/f",
                             "archive/mine2/f", "f"})
      RC_ASSERT(static_cast<bool>(write_all(all, path, path)));
  }
  /// All that does not belong to the stanza.
  std::string others() {
    std::string out;
    for (const auto* path : {"archive/other/f", "backup/other/f", "archive/mine2/f", "f"})
      out += all.content(path).value_or("gone") + ";";
    for (const auto* path : {"", "archive", "backup", "archive/other", "backup/other"})
      for (const auto& one : (*all.list(path)).value_or(std::vector<entry>()))
        if (one.name != "mine")
          out += one.name + "," + std::to_string(one.info.mode) + ";";
    return out;
  }
};

} // namespace

TEST_CASE("confined: no verb reaches further than the stanza, with any path") {
  for_all(
      [] {
        rig on;
        const auto before = on.others();
        for (const auto& one : verbs) {
          const auto path = any_path();
          const auto at = where(path);
          const bool allowed = at == lies::inside || (at == lies::above && one.above);
          hostile("names that leave their directory", allowed ? 0 : 1);
          const auto got = one.run(*on.mine, path);
          RC_LOG() << one.name << " '" << path << "'";
          RC_ASSERT((got == errc::access) == !allowed);
          // What is allowed is what the repository itself says; it may lack it, of course.
          if (!on.all.content("archive/mine/f")) // moved or removed
            RC_ASSERT(static_cast<bool>(write_all(on.all, "archive/mine/f", "again")));
        }
        RC_ASSERT(on.others() == before);
      },
      200);
}

TEST_CASE("confined: of links the two that a repository has are made") {
  for_all(
      [] {
        rig on;
        const std::string full = "20261101-120000F";
        const auto path = *rc::gen::elementOf(std::vector<std::string>{
            "backup/mine/latest", "backup/other/latest", "backup/mine/x", "archive/mine/latest",
            "backup/mine/" + full + "/pg_data/pg_tblspc/16384", "backup/mine/" + full + "/latest",
            "backup/mine/" + full + "/pg_data/pg_tblspc/x"});
        const auto destination = *rc::gen::elementOf(std::vector<std::string>{
            full, full + "_20261102-120000I", "../other", "../other/" + full, "/etc", ".", "..",
            "../../pg_tblspc/16384", "../../pg_tblspc/16385", "../../pg_tblspc/x", ""});
        const bool latest = path == "backup/mine/latest" &&
                            (destination == full || destination == full + "_20261102-120000I");
        const bool space = path == "backup/mine/" + full + "/pg_data/pg_tblspc/16384" &&
                           destination == "../../pg_tblspc/16384";
        hostile("links that lead elsewhere", latest || space ? 0 : 1);
        RC_ASSERT(
            static_cast<bool>(on.all.make_path("backup/mine/" + full + "/pg_data/pg_tblspc")));
        RC_ASSERT(code_of(on.mine->make_symlink(path, destination)) ==
                  (latest || space ? errc{} : errc::access));
      },
      300);
}
