// One sync of a file system.
// SPDX-License-Identifier: MIT
#include "engine/io/file_system_sync.hpp"

#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>

namespace pgbraid::io {

namespace {

// linux/magic.h, which has no name for xfs.
constexpr std::array<uint32_t, 4> known_file_systems = {
    0x0000ef53, // ext2 to ext4
    0x58465342, // xfs
    0x9123683e, // btrfs
    0x01021994, // tmpfs
};

bool kernel_tells_failures() {
  struct utsname system = {};
  if (::uname(&system) != 0)
    return false;
  const std::string_view release(system.release);
  unsigned major = 0;
  unsigned minor = 0;
  const auto* const end = release.data() + release.size();
  const auto [dot, failed] = std::from_chars(release.data(), end, major);
  if (failed != std::errc() || dot == end || *dot != '.')
    return false;
  if (std::from_chars(dot + 1, end, minor).ec != std::errc())
    return false;
  return major > 5 || (major == 5 && minor >= 8);
}

} // namespace

std::optional<file_system_sync> file_system_sync::begin(unique_fd directory) {
  struct statfs system = {};
  struct stat found = {};
  if (!directory || ::fstatfs(directory.get(), &system) != 0 ||
      ::fstat(directory.get(), &found) != 0)
    return std::nullopt;
  const auto kind = static_cast<uint32_t>(system.f_type);
  if (std::ranges::find(known_file_systems, kind) == known_file_systems.end() ||
      !kernel_tells_failures())
    return std::nullopt;
  return file_system_sync(std::move(directory), found.st_dev);
}

int file_system_sync::finish() const {
  return ::syncfs(directory_.get()) == 0 ? 0 : errno;
}

} // namespace pgbraid::io
