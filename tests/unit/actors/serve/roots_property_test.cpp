// Any path of any root: what a connection may reach, against what the directories say.
// SPDX-License-Identifier: MIT
#include "actors/serve/served_roots.hpp"
#include "actors/serve/service.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/io/scratch.hpp"
#include "tests/unit/property.hpp"
#include "tests/unit/quiet.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::serve;
using namespace pgbraid::test;
namespace fs = std::filesystem;

namespace {

const std::vector<purpose> purposes = {purpose::look, purpose::read, purpose::prepare,
                                       purpose::write};

/// Segments with and without a meaning, joined with slashes at any place.
std::string any_path(const std::vector<std::string>& words) {
  std::string out;
  for (int left = *rc::gen::inRange(0, 6); left > 0; --left)
    out += *rc::gen::elementOf(words) + (*rc::gen::inRange(0, 8) == 0 ? "" : "/");
  if (!out.empty() && out.back() == '/' && *rc::gen::inRange(0, 4) != 0)
    out.pop_back();
  return out;
}

std::vector<std::string> segments(const std::string& path) {
  std::vector<std::string> out(1);
  for (const char c : path)
    if (c == '/')
      out.emplace_back();
    else
      out.back() += c;
  return path.empty() ? std::vector<std::string>() : out;
}

/// The contract of all storages: relative, without empty, `.` or `..` segments, and without NUL.
bool is_plain(const std::string& path) {
  return std::ranges::none_of(segments(path), [](const auto& one) {
    return one.empty() || one == "." || one == ".." || one.find('\0') != one.npos;
  });
}

errc code_of(const result<served_roots::place>& what) {
  return what ? errc{} : what.failure().code;
}

} // namespace

TEST_CASE_FIXTURE(quiet,
                  "served roots: of a repository one stanza is reached, and what leads there") {
  const std::vector<std::string> words = {"archive", "backup",  "mine",    "other", "mine2",
                                          "min",     "..",      ".",       "",      "latest",
                                          "x",       "Archive", "mine/..", "\n"};
  const scratch here;
  for_all(
      [&] {
        const bool limited = *rc::gen::arbitrary<bool>();
        served_roots roots({.repo_path = here / "repo", .stanza = limited ? "mine" : ""});
        const auto path = any_path(words);
        const auto parts = segments(path);
        const auto wanted = *rc::gen::elementOf(purposes);
        hostile("names that leave their directory");
        const auto found = roots.find("repo", path, wanted);
        if (!is_plain(path)) {
          RC_ASSERT(code_of(found) == errc::param_invalid);
          return;
        }
        const bool top = parts.empty() || parts[0] == "archive" || parts[0] == "backup";
        const bool above = parts.size() < 2 && top;
        const bool inside = parts.size() >= 2 && top && parts[1] == "mine";
        const bool harmless = wanted == purpose::look || wanted == purpose::prepare;
        const bool allowed = !limited || inside || (above && harmless);
        RC_ASSERT(static_cast<bool>(found) == allowed);
        if (!found) {
          RC_ASSERT(found.failure().code == errc::access);
          return;
        }
        RC_ASSERT(found->where->root() == here / "repo");
        RC_ASSERT(found->path == path);
        // A list of what lies above shows nobody else.
        const auto shown = !limited || inside ? std::vector<std::string>()
                           : parts.empty()    ? std::vector<std::string>{"archive", "backup"}
                                              : std::vector<std::string>{"mine"};
        RC_ASSERT(found->shown == shown);
      },
      500);
}

TEST_CASE_FIXTURE(quiet, "served roots: nothing is served that was not granted") {
  const scratch here;
  served_roots none({});
  served_roots repo({.repo_path = here / "repo"});
  served_roots pg({.pg_path = here / "pg"});
  for (const auto wanted : purposes) {
    hostile("names that leave their directory", 5);
    CHECK(code_of(none.find("repo", "a", wanted)) == errc::access);
    CHECK(code_of(none.find("pg", "a", wanted)) == errc::access);
    CHECK(code_of(none.find("/", "etc", wanted)) == errc::access);
    CHECK(code_of(repo.find("pg", "a", wanted)) == errc::access);
    CHECK(code_of(pg.find("repo", "a", wanted)) == errc::access);
    // A cluster is only read.
    const bool reads = wanted == purpose::look || wanted == purpose::read;
    CHECK(static_cast<bool>(pg.find("pg", "base/1", wanted)) == reads);
  }
}

namespace {

/// Directories of a host, a cluster among them, with links from anywhere to anywhere.
struct host {
  scratch here;
  const std::vector<std::string> places = {"pg",      "pg/base", "pg/pg_tblspc", "out",     "out/a",
                                           "out/a/b", "out/c",   "secret",       "secret/x"};
  std::vector<std::pair<std::string, std::string>> links = {}; ///< path and absolute destination

  host() {
    for (const auto& one : places)
      fs::create_directories(here / one);
    for (const auto& one : places)
      put(here / (one + "/f"), one);
    const auto count = *rc::gen::inRange(0, 6);
    for (int i = 0; i < count; ++i) {
      const auto from = *rc::gen::elementOf(places) + "/link" + std::to_string(i);
      auto to =
          *rc::gen::elementOf(places) + *rc::gen::element<std::string>("", "/f", "/", "/none");
      const bool relative = *rc::gen::arbitrary<bool>();
      const fs::path said =
          relative ? fs::path(here / to).lexically_relative(fs::path(here / from).parent_path())
                   : fs::path(here / to);
      fs::create_symlink(said, here / from);
      while (to.ends_with('/'))
        to.pop_back();
      links.emplace_back(from, here / to);
    }
  }

  /// Where links lead that lie in the cluster, or where such a link leads.
  std::set<std::string> destinations() const {
    std::set<std::string> out;
    for (bool more = true; more;) {
      more = false;
      for (const auto& [from, to] : links) {
        const auto lies = (fs::path(here / from)).parent_path().string();
        const auto below = [&](const std::string& root) {
          return lies == root || lies.starts_with(root + "/");
        };
        if (below(here / "pg") || std::ranges::any_of(out, below))
          more = out.insert(to).second || more;
      }
    }
    return out;
  }
};

} // namespace

TEST_CASE_FIXTURE(quiet,
                  "served roots: of the host that is read to which a link of the cluster leads") {
  for_all(
      [] {
        const host on;
        const auto known = on.destinations();
        served_roots roots({.pg_path = on.here / "pg"});
        for (int asked = 0; asked < 8; ++asked) {
          auto root = on.here / *rc::gen::elementOf(on.places);
          root += *rc::gen::elementOf(
              std::vector<std::string>{"", "", "", "/", "/.", "/..", "/../secret", "/f"});
          if (*rc::gen::inRange(0, 10) == 0)
            root = *rc::gen::element<std::string>("", "/", "pg/..", "relative", "//etc", "/etc");
          auto path = any_path({"f", "a", "b", "x", "..", "link0", "link1"});
          if (!known.empty() && *rc::gen::arbitrary<bool>()) { // a destination, cut somewhere
            const std::string whole = *rc::gen::elementOf(known);
            auto cut = whole.size();
            for (int up = *rc::gen::inRange(0, 4); up > 0 && cut > on.here.text().size(); --up)
              cut = whole.rfind('/', cut - 1);
            root = whole.substr(0, cut);
            path = cut == whole.size() ? "" : whole.substr(cut + 1);
          }
          hostile("names that leave their directory");
          const auto found = roots.find(root, path, purpose::read);
          if (!is_plain(path)) {
            RC_ASSERT(code_of(found) == errc::param_invalid);
            continue;
          }
          // The destination of a link, or the directory it is in and then only its name.
          const bool plain_root = root.size() > 1 && root[0] == '/' && is_plain(root.substr(1));
          const bool one_name = !path.empty() && path.find('/') == path.npos;
          const bool allowed = plain_root && (known.contains(root) ||
                                              (one_name && known.contains(root + "/" + path)));
          RC_ASSERT(static_cast<bool>(found) == allowed);
          if (!found)
            RC_ASSERT(found.failure().code == errc::access);
          else
            RC_ASSERT(found->where->root() == root);
          RC_ASSERT(code_of(roots.find(root, path, purpose::write)) == errc::access);
        }
      },
      150);
}

TEST_CASE_FIXTURE(quiet, "served roots: what a client says of links opens nothing by itself") {
  const scratch here;
  for (const auto* one : {"pg/base", "out", "secret"})
    fs::create_directories(here / one);
  served_roots roots({.repo_path = here / "repo", .pg_path = here / "pg"});
  hostile("links that lead elsewhere", 2);
  // Only lists of the cluster teach; those of the repository do not.
  roots.saw_link("repo", "backup/mine/latest", here / "secret");
  CHECK(code_of(roots.find(here / "secret", "x", purpose::read)) == errc::access);
  roots.saw_link("pg", "base/link", "../../out");
  CHECK(roots.find(here / "out", "x", purpose::read));
  roots.saw_link("pg", "base/empty", "");
  CHECK(code_of(roots.find(here / "pg/base", "x", purpose::read)) == errc::access);
}
