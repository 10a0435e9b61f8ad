// Following one link.
// SPDX-License-Identifier: MIT
#include "storage/serve/copied_place.hpp"

#include "storage/cluster/target_location.hpp"

namespace pgbraid::serve {

namespace {

std::string_view parent_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? std::string_view() : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

} // namespace

result<served_roots::place> find_copied(served_roots& roots, std::string_view pg_path,
                                        std::string_view through, std::string_view path) {
  if (through.empty())
    return roots.find("pg", path, purpose::read);
  auto link = roots.find("pg", through, purpose::look);
  if (!link)
    return link.failure();
  auto info = link->where->info(link->path);
  if (!info)
    return info.failure();
  if (!*info || (*info)->kind != entry_kind::link)
    return error{errc::link_expected, "'" + std::string(through) + "' is no link on this host"};
  const auto& destination = (*info)->link_destination;
  roots.saw_link("pg", through, destination);
  const auto base = std::string(pg_path) + "/" + std::string(parent_of(through));
  const auto target = absolute_path(base, destination);
  if (!path.empty())
    return roots.find(target, path, purpose::read);
  const auto directory = parent_of(target);
  return roots.find(directory.empty() ? "/" : directory, name_of(target), purpose::read);
}

} // namespace pgbraid::serve
