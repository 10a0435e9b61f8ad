// Which paths a storage accepts.
// SPDX-License-Identifier: MIT
#include "storage/storage_path.hpp"

#include <algorithm>
#include <string>

namespace pgbraid {

namespace {

constexpr size_t path_limit_bytes = 4095;

error refused(std::string_view path, std::string_view why) {
  return {errc::param_invalid, "path '" + std::string(path.substr(0, path.find('\0'))) +
                                   "' is not allowed: " + std::string(why)};
}

} // namespace

result<void> check_storage_path(std::string_view path) {
  if (path.empty())
    return success();
  if (path.size() > path_limit_bytes)
    return refused(path.substr(0, 64), "it is too long");
  if (path.find('\0') != std::string_view::npos)
    return refused(path, "it holds a NUL");
  for (size_t begin = 0; begin <= path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    const auto segment = path.substr(begin, end - begin);
    if (segment.empty())
      return refused(path, "it has an empty segment");
    if (segment == "." || segment == "..")
      return refused(path, "it has a segment '" + std::string(segment) + "'");
    begin = end + 1;
  }
  return success();
}

} // namespace pgbraid
