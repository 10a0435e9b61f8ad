// Locations of targets.
// SPDX-License-Identifier: MIT
#include "storage/cluster/target_location.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace pgbraid {

namespace {

/// The directory in PGDATA that holds the link a target stands for.
std::string link_directory(std::string_view pgdata, std::string_view name) {
  constexpr std::string_view prefix = "pg_data/";
  std::string directory(pgdata);
  if (!name.starts_with(prefix))
    return directory + "/pg_tblspc";
  name.remove_prefix(prefix.size());
  if (const auto slash = name.rfind('/'); slash != name.npos)
    directory.append("/").append(name.substr(0, slash));
  return directory;
}

} // namespace

std::string absolute_path(std::string_view base, std::string_view destination) {
  const auto joined = std::filesystem::path(base) / std::filesystem::path(destination);
  auto normal = joined.lexically_normal().string();
  while (normal.size() > 1 && normal.back() == '/')
    normal.pop_back();
  return normal;
}

std::string target_location(std::string_view pgdata, const format::manifest_target& target) {
  if (target.type == format::target_type::path)
    return absolute_path(pgdata, target.path);
  const auto directory = absolute_path(link_directory(pgdata, target.name), target.path);
  return target.is_file_link() ? absolute_path(directory, target.file) : directory;
}

bool is_within(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) &&
         (path.size() == directory.size() || directory == "/" || path[directory.size()] == '/');
}

result<void> check_target(std::string_view pgdata,
                          const std::vector<format::manifest_target>& others,
                          const format::manifest_target& added) {
  const auto place = target_location(pgdata, added);
  for (const auto& other : others) {
    const auto taken = target_location(pgdata, other);
    if (!is_within(place, taken) && !is_within(taken, place))
      continue;
    if (other.type == format::target_type::path) {
      return error{errc::link_destination,
                   fmt::format("link '{}' destination '{}' is in PGDATA", added.name, place)};
    }
    return error{
        errc::link_destination,
        fmt::format("link '{}' destination '{}' is the same as, or within, the destination "
                    "'{}' of link '{}', or the other way around",
                    added.name, place, taken, other.name)};
  }
  return success();
}

} // namespace pgbraid
