// A restore that dies at any of its changes: never a cluster that starts, and the next one ends it.
// Rules: cli/command/README.md, sections 7.4, 7.6 and 7.8.
// SPDX-License-Identifier: MIT
#include "tests/unit/actors/restore/rig.hpp"
#include "tests/unit/quiet.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

using namespace pgbraid;
using pgbraid::test::quiet;
using namespace pgbraid::restore_test;

namespace {

const std::string control(8192, 'c');

/// All roots of a restore lose their power together at the n-th change; 0: never.
class all_off {
public:
  all_off(rig& of, unsigned nth) : of_(of), nth_(nth) {
    for (const auto* path : {"/new", "/space", "/fast/wal", "/conf"})
      of_.root(path).set_hook([this](memory_verb verb, std::string_view) -> std::optional<error> {
        if (changes(verb) && ++seen_ >= nth_ && nth_ > 0)
          return error{errc::file_write, "the power is gone"};
        return {};
      });
  }
  ~all_off() {
    for (auto& [path, root] : of_.roots)
      root->set_hook({});
  }
  all_off(const all_off&) = delete;
  all_off& operator=(const all_off&) = delete;
  bool happened() const { return nth_ > 0 && seen_ >= nth_; }

private:
  static bool changes(memory_verb verb) {
    using enum memory_verb;
    constexpr std::array all = {open_write, write, sync, publish,   make_path,
                                remove,     move,  link, sync_path, set_attributes};
    return std::ranges::find(all, verb) != all.end();
  }
  rig& of_;
  const unsigned nth_;
  unsigned seen_ = 0;
};

/// A backup with files everywhere, and what its files hold.
struct place : rig {
  std::map<std::string, std::string> expected; ///< absolute path to content

  place() {
    link_hba();
    expected["/conf/hba.conf"] = "hba";
    backup.options.online = false;
    wish.links_all = true;
    take("pg_data/PG_VERSION", "/new/PG_VERSION", "15\n");
    take("pg_data/base/5/112", "/new/base/5/112", content_of(20'000, 'a'));
    take("pg_data/base/5/113", "/new/base/5/113", "");
    take("pg_data/pg_wal/x", "/fast/wal/x", "wal");
    take("pg_tblspc/16384/PG_15_202209061/5/16390", "/space/PG_15_202209061/5/16390",
         content_of(9000, 'b'));
    take("pg_data/global/pg_control", "/new/global/pg_control", control);
  }
  void take(const std::string& name, const std::string& path, const std::string& content) {
    add(name, content);
    expected[path] = content;
  }

  /// The steps of the command, in their order. @param again  with delta
  result<void> whole(bool again) {
    delta = again;
    plan();
    if (auto fits = tree->check(again); !fits)
      return fits;
    if (auto clean = tree->clean(again); !clean)
      return clean;
    if (auto built = tree->build_data(); !built)
      return built;
    if (auto marked = write_marker(*tree, backup, *owners); !marked)
      return marked;
    if (auto built = tree->build(); !built)
      return built;
    if (auto copied = copy(); !copied)
      return copied;
    const plan::recovery_files recovery{.settings_file = "postgresql.auto.conf",
                                        .settings = "restore_command = 'x'\n",
                                        .signal_file = "recovery.signal"};
    if (auto written = write_recovery_files(*tree, recovery, backup, *owners, "T"); !written)
      return written;
    if (auto gone = remove_marker(*tree); !gone)
      return gone;
    if (auto synced = tree->sync(false); !synced)
      return synced;
    return place_control_file(*tree, *where, backup, *owners);
  }

  std::optional<std::string> content(const std::string& path) {
    for (const auto* at : {"/new", "/space", "/fast/wal", "/conf"})
      if (path.starts_with(std::string(at) + "/"))
        return root(at).content(path.substr(std::string_view(at).size() + 1));
    return {};
  }
  bool is_whole() {
    return std::ranges::all_of(expected,
                               [&](const auto& one) { return content(one.first) == one.second; });
  }
  bool starts() { return content("/new/global/pg_control").has_value(); }
  /// All that lies in the roots, by absolute path.
  std::vector<std::string> everything() {
    std::vector<std::string> all;
    for (auto& [path, root] : roots)
      collect(*root, "", path, all);
    std::ranges::sort(all);
    return all;
  }

private:
  static void collect(memory_storage& in, const std::string& path, const std::string& shown,
                      std::vector<std::string>& all) {
    const auto listed = in.list(path);
    REQUIRE(listed);
    for (const auto& one : listed->value_or(std::vector<entry>())) {
      const auto name = path.empty() ? one.name : path + "/" + one.name;
      all.push_back(shown + "/" + one.name);
      if (one.info.kind == entry_kind::path)
        collect(in, name, shown + "/" + one.name, all);
    }
  }
};

} // namespace

TEST_CASE_FIXTURE(quiet, "restore: cut off at any change it cannot be started, and delta ends it") {
  place good;
  REQUIRE(good.whole(false));
  REQUIRE(good.is_whole());
  const auto all = good.everything();
  for (unsigned nth = 1;; ++nth) {
    CAPTURE(nth);
    REQUIRE(nth < 500);
    place at;
    bool cut = false;
    {
      const all_off power(at, nth);
      static_cast<void>(at.whole(false));
      cut = power.happened();
    }
    // pg_control is the last thing that comes.
    if (at.starts())
      CHECK(at.is_whole());
    const bool marked = at.content("/new/backup.manifest").has_value();
    // Whatever is there is known as half a restore by its mark, or needs none.
    if (!at.starts() && at.content("/new/PG_VERSION") && !at.content("/new/recovery.signal"))
      CHECK(marked);
    REQUIRE(at.whole(true));
    CHECK(at.is_whole());
    CHECK(at.everything() == all);
    if (!cut)
      break;
  }
}

TEST_CASE_FIXTURE(quiet,
                  "restore: over an old cluster the old pg_control goes before anything else") {
  for (unsigned nth = 1;; ++nth) {
    CAPTURE(nth);
    REQUIRE(nth < 500);
    place at;
    REQUIRE(at.whole(false));
    // The cluster went on: other files, other content, another control file.
    auto& data = at.root("/new");
    REQUIRE(write_all(data, "global/pg_control", "newer", {.mode = 0600}));
    REQUIRE(write_all(data, "base/5/112", "newer", {.mode = 0600}));
    REQUIRE(write_all(data, "base/5/999", "newer", {.mode = 0600}));
    REQUIRE(data.remove_file("base/5/113"));
    bool cut = false;
    {
      const all_off power(at, nth);
      static_cast<void>(at.whole(true));
      cut = power.happened();
    }
    const auto now = at.content("/new/global/pg_control");
    if (now == "newer") { // nothing was changed
      CHECK(at.content("/new/base/5/112") == "newer");
      CHECK(at.content("/new/base/5/999") == "newer");
      CHECK_FALSE(at.content("/new/base/5/113"));
    } else if (now) {
      CHECK(at.is_whole());
      CHECK_FALSE(at.content("/new/base/5/999"));
    }
    if (!cut)
      break;
  }
}
