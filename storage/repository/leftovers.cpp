// Files that writers who were killed left behind.
// SPDX-License-Identifier: MIT
#include "storage/repository/leftovers.hpp"

#include "engine/format/repository_path.hpp"

namespace pgbraid {

namespace {

/// Nobody writes a small file for so long, whatever the clocks of two hosts say.
constexpr int64_t left_behind_s = int64_t{24} * 3600;

/// Where small files are written that others find by name.
result<std::vector<std::string>> directories_of(repository& from) {
  const auto history =
      format::backup_path(from.stanza()) + "/" + std::string(format::history_directory);
  std::vector<std::string> all = {format::archive_path(from.stanza()),
                                  format::backup_path(from.stanza())};
  auto ids = from.list_archive_ids();
  if (!ids)
    return ids.failure();
  for (const auto& id : *ids)
    all.push_back(all.front() + "/" + id);
  auto years = from.files().list(history);
  if (!years)
    return years.failure();
  for (const auto& year : years->value_or(std::vector<entry>()))
    if (year.info.kind == entry_kind::path)
      all.push_back(history + "/" + year.name);
  return all;
}

} // namespace

result<std::vector<std::string>> remove_leftovers(repository& from, int64_t now_s) {
  auto directories = directories_of(from);
  if (!directories)
    return directories.failure();
  std::vector<std::string> gone;
  for (const auto& directory : *directories) {
    auto listed = from.files().list(directory);
    if (!listed)
      return listed.failure();
    for (const auto& one : listed->value_or(std::vector<entry>())) {
      if (one.info.kind != entry_kind::file || !one.name.ends_with(format::temporary_suffix) ||
          one.info.mtime_s > now_s - left_behind_s)
        continue;
      gone.push_back(directory + "/" + one.name);
    }
  }
  if (auto done = from.files().remove_files(gone); !done)
    return done.failure();
  return gone;
}

} // namespace pgbraid
