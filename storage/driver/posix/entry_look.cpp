// What the system says of an entry of a directory.
// SPDX-License-Identifier: MIT
#include "storage/driver/posix/entry_look.hpp"

#include "engine/base/path.hpp"
#include "storage/storage_path.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <utility>

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

/// @param failure  0 or errno
result<std::optional<entry_info>> told(const posix_root& root, std::string_view path, int failure,
                                       entry_info&& found) {
  if (is_missing(failure))
    return std::optional<entry_info>();
  if (failure != 0)
    return root.failed("get information about", path, failure,
                       {errc::file_missing, errc::file_open});
  return std::optional(std::move(found));
}

} // namespace

int look_at(int fd, const char* name, int flags, entry_info& info) {
  struct stat found = {};
  if (::fstatat(fd, name, &found, flags) != 0)
    return errno;
  info = to_info(found);
  return info.kind == entry_kind::link ? read_link(fd, name, info.link_destination) : 0;
}

result<std::optional<entry_info>> look_at_path(posix_root& root, std::string_view path) {
  if (auto fine = check_storage_path(path); !fine)
    return fine.failure();
  entry_info found;
  const auto fd = root.open_at(path, O_PATH | O_NOFOLLOW);
  const int failure = fd ? look_at(fd.get(), "", AT_EMPTY_PATH, found) : errno;
  return told(root, path, failure, std::move(found));
}

result<std::vector<std::optional<entry_info>>> look_at_paths(posix_root& root,
                                                             std::span<const std::string> paths) {
  std::vector<std::optional<entry_info>> out;
  out.reserve(paths.size());
  std::optional<std::string_view> opened;
  unique_fd parent;
  int unreached = 0;
  for (const auto& path : paths) {
    if (auto fine = check_storage_path(path); !fine)
      return fine.failure();
    const auto parts = split_path(path);
    if (opened != parts.parent) {
      parent = root.open_at(parts.parent, O_PATH | O_DIRECTORY);
      unreached = parent ? 0 : errno;
      opened = parts.parent;
    }
    entry_info found;
    const int flags = parts.name.empty() ? AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW;
    const auto name = std::string(parts.name);
    const int failure =
        unreached != 0 ? unreached : look_at(parent.get(), name.c_str(), flags, found);
    auto seen = told(root, path, failure, std::move(found));
    if (!seen)
      return seen.failure();
    out.push_back(std::move(*seen));
  }
  return out;
}

} // namespace pgbraid::posix
