// The names WAL segments have while they are being stored.
// SPDX-License-Identifier: MIT
#include "engine/format/unfinished_wal.hpp"

#include "engine/format/repository_path.hpp"

namespace pgbraid::format {

std::optional<wal_entry> parse_unfinished_wal_entry(std::string_view file_name) {
  constexpr size_t own_part_length = 1 + 16;
  if (!file_name.ends_with(temporary_suffix))
    return {};
  file_name.remove_suffix(temporary_suffix.size());
  if (auto entry = parse_wal_entry(file_name))
    return entry;
  if (file_name.size() <= own_part_length)
    return {};
  const auto own_part = file_name.substr(file_name.size() - own_part_length);
  file_name.remove_suffix(own_part_length);
  if (own_part.front() != '.' || own_part.find_first_not_of("0123456789abcdef", 1) != own_part.npos)
    return {};
  return parse_wal_entry(file_name);
}

} // namespace pgbraid::format
