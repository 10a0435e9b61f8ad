// Comparing needed and free space.
// SPDX-License-Identifier: MIT
#include "actors/restore/space_check.hpp"

#include "engine/base/units.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <map>

namespace pgbraid {

namespace {

/// What one file system must take.
struct demand {
  uint64_t bytes = 0;
  size_t root = 0; ///< one of the roots on it
};

/// The file system of a path that need not exist yet.
dev_t device_of(std::string path) {
  struct stat found = {};
  while (::stat(path.c_str(), &found) != 0) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos || path == "/")
      break;
    path.resize(slash == 0 ? 1 : slash);
  }
  return found.st_dev;
}

} // namespace

result<void> check_space(restore_tree& tree, const format::manifest& backup,
                         const plan::restore_mapping& where, const plan::restore_rules& rules) {
  std::vector<uint64_t> bytes_of_root(where.roots().size());
  for (const auto& file : backup.files)
    if (rules.is_restored(file.name) && !rules.is_zeroed(file.name))
      bytes_of_root[where.locate(file.name).root] += file.size_bytes;

  std::map<dev_t, demand> demands;
  for (size_t root = 0; root < bytes_of_root.size(); ++root) {
    const auto on_device =
        demands.try_emplace(device_of(where.roots()[root].path), demand{0, root});
    on_device.first->second.bytes += bytes_of_root[root];
  }
  for (const auto& [device, wanted] : demands) {
    auto free = tree.at(wanted.root).free_bytes();
    if (!free)
      return free.failure();
    if (!*free || **free >= wanted.bytes)
      continue;
    return error{errc::file_write,
                 fmt::format("not enough space to restore to '{}': {} are needed, {} are free, {} "
                             "({} bytes) are missing",
                             where.roots()[wanted.root].path, format_size(wanted.bytes),
                             format_size(**free), format_size(wanted.bytes - **free),
                             wanted.bytes - **free),
                 "Nothing was changed."};
  }
  return success();
}

} // namespace pgbraid
