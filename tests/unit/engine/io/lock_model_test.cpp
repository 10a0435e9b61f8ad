// Many commands and their locks, step by step against a model.
// Rules: cli/command/README.md, section 1.4; engine/format/README.md, section 14.
// SPDX-License-Identifier: MIT
#include "engine/io/lock_file.hpp"
#include "engine/io/temporary_name.hpp"
#include "engine/io/trusted_directory.hpp"
#include "tests/unit/engine/io/scratch.hpp"
#include "tests/unit/property.hpp"

#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::test;
using io::lock_set;
namespace fs = std::filesystem;

namespace {

/// Commands by their exec-id, and which files each has.
struct model {
  scratch here;
  struct command {
    std::string exec_id;
    lock_set locks;
    std::set<std::string> own = {}; ///< files that it made and removes
    bool any = false;
  };
  std::vector<command> commands = {};
  std::map<std::string, std::string> holders = {}; ///< file to exec-id
  std::multiset<std::string> shared = {};          ///< held files of old versions
  const std::string path = here / "lock";

  static std::string content_of(const std::string& exec_id) {
    return "{\"execId\":\"" + exec_id + "\",\"pid\":" + exec_id.substr(0, exec_id.find('-')) + "}";
  }

  /// @param exec_id  of a command that is new, or of one that is there (a part of it)
  void acquire(const std::string& exec_id, const std::string& type, std::set<unsigned> keys) {
    std::vector<unsigned> wanted(keys.begin(), keys.end());
    std::set<std::string> files;
    for (const auto key : wanted)
      files.insert("demo-" + type + "-" + std::to_string(key) + ".lock");
    const bool free = std::ranges::all_of(files, [&](const auto& file) {
      return !holders.contains(file) || holders.at(file) == exec_id;
    });
    auto got = lock_set::acquire({.lock_path = path,
                                  .stanza = "demo",
                                  .type = type,
                                  .repo_keys = wanted,
                                  .exec_id = exec_id,
                                  .content = content_of(exec_id)});
    RC_ASSERT(static_cast<bool>(got) == free);
    if (!got) {
      RC_ASSERT(got.failure().code == errc::lock_acquire);
      // The hint names one of those that have what was wanted.
      const bool named = std::ranges::any_of(holders, [&](const auto& one) {
        const auto pid = one.second.substr(0, one.second.find('-'));
        return files.contains(one.first) &&
               got.failure().hint.find("process " + pid + ")") != std::string::npos;
      });
      RC_ASSERT(named);
      check();
      return;
    }
    command made{.exec_id = exec_id, .locks = std::move(*got)};
    for (const auto& file : files)
      if (holders.try_emplace(file, exec_id).second)
        made.own.insert(file);
    made.own.insert("demo-" + type + ".lock");
    shared.insert("demo-" + type + ".lock");
    commands.push_back(std::move(made));
    check();
  }

  void release(size_t which) {
    if (commands.empty())
      return;
    const auto at = commands.begin() + static_cast<std::ptrdiff_t>(which % commands.size());
    RC_ASSERT(static_cast<bool>(at->locks.check_held()));
    for (const auto& file : at->own)
      if (shared.contains(file))
        shared.erase(shared.find(file));
      else
        holders.erase(file);
    at->locks.release();
    commands.erase(at);
    check();
  }

  void check() {
    for (const std::string type : {"archive", "backup"})
      for (unsigned key = 1; key <= 3; ++key) {
        const auto file = "demo-" + type + "-" + std::to_string(key) + ".lock";
        const auto seen = io::lock_holder(path, "demo", type, key);
        RC_ASSERT(static_cast<bool>(seen));
        RC_ASSERT(seen->has_value() == holders.contains(file));
        if (*seen)
          RC_ASSERT(**seen == content_of(holders.at(file)));
        // A lock that is let go leaves no file.
        RC_ASSERT(fs::exists(path + "/" + file) == holders.contains(file));
      }
    for (const std::string type : {"archive", "backup"})
      RC_ASSERT(fs::exists(path + "/demo-" + type + ".lock") ==
                shared.contains("demo-" + type + ".lock"));
  }
};

} // namespace

TEST_CASE("lock: commands hold what they took, all or nothing, until they let it go") {
  for_all(
      [] {
        model all;
        for (int steps = *rc::gen::inRange(1, 25); steps > 0; --steps) {
          if (*rc::gen::inRange(0, 3) == 0) {
            all.release(*rc::gen::inRange<size_t>(0, 100));
            continue;
          }
          const auto who = std::to_string(*rc::gen::inRange(11, 15)) + "-0a1b2c3d";
          all.acquire(
              who, *rc::gen::element<std::string>("archive", "backup"),
              *rc::gen::nonEmpty(rc::gen::container<std::set<unsigned>>(rc::gen::inRange(1U, 4U))));
        }
        while (!all.commands.empty())
          all.release(0);
        RC_ASSERT((!fs::exists(all.path) || fs::is_empty(all.path)));
      },
      60);
}

TEST_CASE("lock: what a peer of any version holds is respected, what it left behind is not") {
  struct content {
    std::string text;
    std::optional<std::string> pid;
  };
  // Section 14: JSON since 2.39, before that the pid and the id, each on a line; empty while it is
  // rewritten.
  const std::vector<content> all = {
      {R"({"execId":"20362-55177406","pctCplt":3970,"pid":20362,"sz":13537950,"szCplt":5373952})",
       "20362"},
      {R"({"execId":"7-00000000","pid":7})", "7"},
      {"20362\n20362-55177406\n", "20362"},
      {"20362\n", "20362"},
      {"", {}},
      {"{", {}},
      {R"({"pid":"20362"})", {}},
      {"\xff\xfe", {}},
      {std::string(100'000, '{'), {}}};
  for (const auto& [text, pid] : all)
    for (const bool held : {true, false}) {
      const scratch here;
      REQUIRE(fs::create_directory(here / "lock"));
      fs::permissions(here / "lock", fs::perms(0750));
      const auto file = here / "lock/demo-backup-1.lock";
      put(file, text);
      const io::unique_fd peer(::open(file.c_str(), O_RDWR | O_CLOEXEC));
      if (held)
        REQUIRE(::flock(peer.get(), LOCK_EX | LOCK_NB) == 0);
      const auto got = lock_set::acquire({.lock_path = here / "lock",
                                          .stanza = "demo",
                                          .type = "backup",
                                          .repo_keys = {1},
                                          .exec_id = "5-0a1b2c3d",
                                          .content = "ours"});
      REQUIRE(static_cast<bool>(got) == !held);
      if (!held) {
        CHECK(get(file) == "ours");
        continue;
      }
      CHECK(got.failure().code == errc::lock_acquire);
      CHECK((got.failure().hint.find("process") != std::string::npos) == pid.has_value());
      if (pid)
        CHECK(got.failure().hint.find("(process " + *pid + ")") != std::string::npos);
      CHECK(get(file) == text); // theirs
    }
}

TEST_CASE("trusted directory: ours or root's, and not for everybody to write") {
  const scratch here;
  for (unsigned mode = 0; mode < 01000; mode += 1) {
    const bool usable = (mode & 0500) == 0500;
    if (!usable)
      continue;
    const auto path = here / "d";
    fs::create_directory(path);
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    const auto trusted = io::check_directory_trust(path, "log path");
    REQUIRE(static_cast<bool>(trusted) == ((mode & 0002) == 0));
    if (!trusted) {
      CHECK(trusted.failure().code == errc::file_mode);
      CHECK(trusted.failure().message.starts_with("log path"));
    }
  }
  CHECK(io::check_directory_trust(here / "missing", "log path"));
}

TEST_CASE("temporary names: sixteen digits that are another one's never") {
  std::set<std::string> seen;
  const std::regex form(R"(backup\.info\.[0-9a-f]{16}\.pgbackrest\.tmp)");
  for (int i = 0; i < 1000; ++i) {
    const auto name = io::own_temporary_name("backup.info");
    REQUIRE(std::regex_match(name, form));
    seen.insert(name);
  }
  CHECK(seen.size() == 1000);
}
