// Following one link.
// SPDX-License-Identifier: MIT
#include "actors/serve/copy_place.hpp"

#include "storage/cluster/target_location.hpp"
#include "storage/storage_path.hpp"

namespace pgbraid::serve {

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
  const auto base = std::string(pg_path) + "/" + std::string(split_path(through).parent);
  const auto target = absolute_path(base, destination);
  if (!path.empty())
    return roots.find(target, path, purpose::read);
  const auto [directory, name] = split_path(target);
  return roots.find(directory.empty() ? "/" : directory, name, purpose::read);
}

} // namespace pgbraid::serve
