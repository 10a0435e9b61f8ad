// Who can read a configuration file.
// SPDX-License-Identifier: MIT
#include "engine/config/readers.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <system_error>

namespace pgbraid::config {

bool readable_by_all(const std::string& path, int file) {
  struct stat about = {};
  if (::fstat(file, &about) != 0 || !S_ISREG(about.st_mode) || !(about.st_mode & S_IROTH))
    return false;
  std::error_code failed;
  auto at = std::filesystem::canonical(path, failed);
  while (!failed && at.has_relative_path()) {
    at = at.parent_path();
    if (::stat(at.c_str(), &about) != 0 || !(about.st_mode & S_IXOTH))
      return false;
  }
  return !failed;
}

} // namespace pgbraid::config
