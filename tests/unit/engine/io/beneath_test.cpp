// Any path in any tree: no link is followed, whoever resolves the names.
// SPDX-License-Identifier: MIT
#include "engine/io/beneath.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/io/scratch.hpp"
#include "tests/unit/property.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::test;
using io::path_walk;
namespace fs = std::filesystem;

namespace {

const std::vector<std::string> names = {"a", "b", "c"};

/// Directories, files and links of few names, so that paths often meet something.
void grow(const std::string& root) {
  for (int left = *rc::gen::inRange(0, 12); left > 0; --left) {
    fs::path at = root;
    const int depth = *rc::gen::inRange(0, 3);
    for (int level = 0; level < depth; ++level)
      at /= *rc::gen::elementOf(names);
    std::error_code ignored;
    if (!fs::is_directory(fs::symlink_status(at, ignored)))
      at = root;
    at /= *rc::gen::elementOf(names);
    if (fs::exists(fs::symlink_status(at, ignored)))
      continue;
    switch (*rc::gen::inRange(0, 4)) {
    case 0:
      put(at, "file");
      break;
    case 1:
      fs::create_symlink(*rc::gen::elementOf(std::vector<std::string>{
                             ".", "..", "a", "../b", "/", "/etc/passwd", "nowhere", root}),
                         at);
      break;
    default:
      fs::create_directory(at);
    }
  }
}

/// What opening must come to, found out one name at a time without following anything.
enum class outcome : uint8_t { opened, link, missing, no_directory };
outcome model(const std::string& root, const std::vector<std::string>& path) {
  fs::path at = root;
  for (size_t i = 0; i < path.size(); ++i) {
    at /= path[i];
    struct stat found = {};
    if (::lstat(at.c_str(), &found) != 0)
      return outcome::missing;
    if (S_ISLNK(found.st_mode))
      return outcome::link;
    if (i + 1 < path.size() && !S_ISDIR(found.st_mode))
      return outcome::no_directory;
  }
  return outcome::opened;
}

std::set<int> errors_of(outcome what) {
  switch (what) {
  case outcome::opened:
    return {0};
  case outcome::link:
    return {ELOOP, EXDEV};
  case outcome::missing:
    return {ENOENT};
  case outcome::no_directory:
    return {ENOTDIR};
  }
  return {};
}

} // namespace

TEST_CASE("open beneath: any path in any tree is opened as it lies there, or not at all") {
  for_all(
      [] {
        const scratch here;
        fs::create_directory(here / "root");
        const auto root = here / "root";
        grow(root);
        const io::unique_fd top(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        for (int asked = 0; asked < 10; ++asked) {
          std::vector<std::string> parts;
          std::string path;
          for (int left = *rc::gen::inRange(0, 5); left > 0; --left) {
            parts.push_back(*rc::gen::elementOf(names));
            path += (path.empty() ? "" : "/") + parts.back();
          }
          const auto expected = model(root, parts);
          hostile("links that lead elsewhere", expected == outcome::link ? 1 : 0);
          for (const auto walk : {path_walk::automatic, path_walk::by_segment}) {
            errno = 0;
            const auto opened = io::open_beneath(top.get(), path.c_str(), O_RDONLY, 0, walk);
            const int failed = opened ? 0 : errno;
            RC_ASSERT(errors_of(expected).contains(failed));
            if (!opened)
              continue;
            // The very thing that lies there, and it does not go to children.
            struct stat there = {};
            struct stat got = {};
            RC_ASSERT(::lstat((root + "/" + path).c_str(), &there) == 0);
            RC_ASSERT(::fstat(opened.get(), &got) == 0);
            RC_ASSERT((there.st_ino == got.st_ino && there.st_dev == got.st_dev));
            RC_ASSERT((::fcntl(opened.get(), F_GETFD) & FD_CLOEXEC) != 0);
          }
        }
      },
      60);
}

TEST_CASE("open beneath: nothing is made through a link, and what is made has its mode") {
  for (const auto walk : {path_walk::automatic, path_walk::by_segment}) {
    const scratch here;
    fs::create_directories(here / "root/dir");
    fs::create_directories(here / "outside");
    fs::create_symlink(here / "outside", here / "root/way");
    fs::create_symlink(here / "outside/made", here / "root/name");
    const io::unique_fd top(::open((here / "root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    constexpr int make = O_WRONLY | O_CREAT;
    hostile("links that lead elsewhere", 2);
    CHECK_FALSE(io::open_beneath(top.get(), "way/made", make, 0600, walk));
    CHECK_FALSE(io::open_beneath(top.get(), "name", make, 0600, walk));
    CHECK(fs::is_empty(here / "outside"));
    const auto before = ::umask(0);
    CHECK(io::open_beneath(top.get(), "dir/made", make, 0604, walk));
    ::umask(before);
    CHECK(fs::status(here / "root/dir/made").permissions() == fs::perms(0604));
    // Where the end may be a link, the link itself is meant.
    const auto link =
        io::open_beneath(top.get(), "name", O_PATH | O_NOFOLLOW, 0, path_walk::by_segment);
    REQUIRE(link);
    struct stat found = {};
    REQUIRE(::fstat(link.get(), &found) == 0);
    CHECK(S_ISLNK(found.st_mode));
  }
}
