// A walk that holds one descriptor per level and never resolves more than one name.
// SPDX-License-Identifier: MIT
#include "storage/driver/posix/tree_removal.hpp"

#include "engine/io/unique_fd.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid {

namespace {

constexpr int depth_limit = 256;

int remove_level(int directory_fd, int depth);

// Names are collected first: what readdir gives while names vanish is not defined.
int names_in(int directory_fd, std::vector<std::string>& names) {
  const int copy = ::openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* open = copy < 0 ? nullptr : ::fdopendir(copy);
  if (open == nullptr) {
    const int failed = errno;
    if (copy >= 0)
      ::close(copy);
    return failed;
  }
  errno = 0;
  while (const auto* found = ::readdir(open)) {
    const std::string_view name = found->d_name;
    if (name != "." && name != "..")
      names.emplace_back(name);
    errno = 0;
  }
  const int failed = errno;
  ::closedir(open);
  return failed;
}

int remove_one(int directory_fd, const char* name, int depth) {
  if (::unlinkat(directory_fd, name, 0) == 0 || errno == ENOENT)
    return 0;
  if (errno != EISDIR && errno != EPERM)
    return errno;
  const int unlink_failed = errno;
  const io::unique_fd below(
      ::openat(directory_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!below)
    return errno == ENOTDIR || errno == ELOOP ? unlink_failed : errno;
  if (const int failed = remove_level(below.get(), depth + 1); failed != 0)
    return failed;
  return ::unlinkat(directory_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : errno;
}

int remove_level(int directory_fd, int depth) {
  if (depth > depth_limit)
    return ELOOP;
  std::vector<std::string> names;
  if (const int failed = names_in(directory_fd, names); failed != 0)
    return failed;
  for (const auto& name : names)
    if (const int failed = remove_one(directory_fd, name.c_str(), depth); failed != 0)
      return failed;
  return 0;
}

} // namespace

int remove_below(int directory_fd, const char* name) {
  return remove_one(directory_fd, name, 0);
}

int remove_content(int directory_fd) {
  return remove_level(directory_fd, 0);
}

} // namespace pgbraid
