// What the system says of an entry of a directory.
// SPDX-License-Identifier: MIT
#include "storage/driver/posix/entry_look.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

namespace pgbraid::posix {

namespace {

entry_kind kind_of(mode_t mode) {
  if (S_ISREG(mode))
    return entry_kind::file;
  if (S_ISDIR(mode))
    return entry_kind::path;
  return S_ISLNK(mode) ? entry_kind::link : entry_kind::special;
}

entry_info to_info(const struct stat& found) {
  return {.kind = kind_of(found.st_mode),
          .size_bytes = S_ISREG(found.st_mode) ? static_cast<uint64_t>(found.st_size) : 0,
          .mtime_s = found.st_mtim.tv_sec,
          .mode = found.st_mode & 07777,
          .uid = found.st_uid,
          .gid = found.st_gid};
}

// @returns 0 or errno
int read_link(int fd, const char* name, std::string& destination) {
  std::array<char, PATH_MAX> text;
  const auto got = ::readlinkat(fd, name, text.data(), text.size());
  if (got < 0)
    return errno;
  destination.assign(text.data(), static_cast<size_t>(got));
  return 0;
}

} // namespace

int look_at(int fd, const char* name, int flags, entry_info& info) {
  struct stat found = {};
  if (::fstatat(fd, name, &found, flags) != 0)
    return errno;
  info = to_info(found);
  return info.kind == entry_kind::link ? read_link(fd, name, info.link_destination) : 0;
}

} // namespace pgbraid::posix
