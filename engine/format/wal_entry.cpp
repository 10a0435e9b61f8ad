// The names WAL segments have in an archive directory.
// SPDX-License-Identifier: MIT
#include "engine/format/wal_entry.hpp"

#include <algorithm>

namespace pgbraid::format {

namespace {

constexpr size_t segment_length = 24;
constexpr size_t checksum_length = 40;
constexpr std::string_view partial_suffix = ".partial";

bool all_of_set(std::string_view text, std::string_view set) {
  return text.find_first_not_of(set) == text.npos;
}

} // namespace

std::optional<wal_entry> parse_wal_entry(std::string_view file_name) {
  wal_entry entry{.file_name = std::string(file_name)};
  if (file_name.size() < segment_length + 1 + checksum_length)
    return {};
  entry.segment = file_name.substr(0, segment_length);
  file_name.remove_prefix(segment_length);
  if (file_name.starts_with(partial_suffix)) {
    entry.partial = true;
    file_name.remove_prefix(partial_suffix.size());
  }
  if (!file_name.starts_with('-') || file_name.size() < 1 + checksum_length)
    return {};
  entry.checksum = file_name.substr(1, checksum_length);
  file_name.remove_prefix(1 + checksum_length);
  if (!all_of_set(entry.segment, "0123456789ABCDEF") ||
      !all_of_set(entry.checksum, "0123456789abcdef"))
    return {};
  const auto type = std::find_if(all_compress_types.begin(), all_compress_types.end(),
                                 [&](auto t) { return compress_extension(t) == file_name; });
  if (type == all_compress_types.end())
    return {};
  entry.compress = *type;
  return entry;
}

std::string wal_entry_name(std::string_view segment, std::string_view checksum,
                           compress_type type) {
  std::string name(segment);
  name += '-';
  name += checksum;
  name += compress_extension(type);
  return name;
}

} // namespace pgbraid::format
