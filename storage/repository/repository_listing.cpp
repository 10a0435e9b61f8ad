// What of a stanza is on disk: backups, history, archive ids and WAL.
// SPDX-License-Identifier: MIT
#include "engine/format/repository_path.hpp"
#include "storage/repository/file_pair.hpp"
#include "storage/repository/repository.hpp"

#include <algorithm>
#include <array>

namespace pgbraid {

namespace {

constexpr size_t wal_directory_length = 16;

bool only(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == text.npos;
}

bool is_wal_directory(const entry& of) {
  return of.info.kind == entry_kind::path && of.name.size() == wal_directory_length &&
         only(of.name, "0123456789ABCDEF");
}

/// The entries of a path; none when it does not exist.
result<std::vector<entry>> list_or_nothing(storage& files, const std::string& path) {
  auto listed = files.list(path);
  if (!listed)
    return listed.failure();
  return *listed ? std::move(**listed) : std::vector<entry>();
}

struct stored_segment {
  std::string name;
  int64_t stored_s;
};

/// The full segments in one WAL directory, in order of their names.
result<std::vector<stored_segment>> list_segments(storage& files, const std::string& directory) {
  auto listed = list_or_nothing(files, directory);
  if (!listed)
    return listed.failure();
  std::vector<stored_segment> segments;
  for (const auto& one : *listed) {
    const auto wal = format::parse_wal_entry(one.name);
    if (wal && !wal->partial)
      segments.push_back({wal->segment, one.info.mtime_s});
  }
  return segments;
}

} // namespace

result<std::vector<disk_backup>> repository::list_backups() {
  auto listed = list_or_nothing(files_, format::backup_path(stanza()));
  if (!listed)
    return listed.failure();
  std::vector<disk_backup> found;
  std::vector<std::string> manifests; // and their copies
  for (const auto& one : *listed) {
    if (one.info.kind != entry_kind::path || !format::is_label(one.name))
      continue;
    manifests.push_back(format::manifest_path_of(stanza(), one.name));
    manifests.push_back(copy_of(manifests.back()));
    found.push_back({.label = one.name});
  }
  auto there = files_.many_infos(manifests);
  if (!there)
    return there.failure();
  std::vector<disk_backup> out;
  for (size_t i = 0; i < found.size(); ++i) {
    auto& one = found[i];
    one.has_manifest = (*there)[2 * i].has_value();
    one.has_copy = (*there)[2 * i + 1].has_value();
    // Some stores list paths of which everything was removed, and is kept as versions.
    if (!files_.features().paths && !one.has_manifest && !one.has_copy) {
      const auto held = files_.info(format::backup_path(stanza()) + "/" + one.label);
      if (!held)
        return held.failure();
      if (!*held)
        continue;
    }
    out.push_back(std::move(one));
  }
  return out;
}

result<disk_backup> repository::look_at_backup(std::string_view label) {
  const auto manifest = format::manifest_path_of(stanza(), label);
  auto there = files_.many_infos(std::array{manifest, copy_of(manifest)});
  if (!there)
    return there.failure();
  return disk_backup{std::string(label), (*there)[0].has_value(), (*there)[1].has_value()};
}

result<std::vector<std::string>> repository::list_newest_history() {
  const auto path = format::backup_path(stanza()) + "/" + std::string(format::history_directory);
  auto years = list_or_nothing(files_, path);
  if (!years)
    return years.failure();
  const auto newest = std::find_if(years->rbegin(), years->rend(), [](const auto& year) {
    return year.name.size() == 4 && only(year.name, "0123456789");
  });
  std::vector<std::string> labels;
  if (newest == years->rend())
    return labels;
  auto listed = list_or_nothing(files_, path + "/" + newest->name);
  if (!listed)
    return listed.failure();
  for (const auto& one : *listed) {
    std::string_view name = one.name;
    if (!name.ends_with(format::history_suffix))
      continue;
    name.remove_suffix(format::history_suffix.size());
    if (format::is_label(name))
      labels.emplace_back(name);
  }
  return labels;
}

result<std::vector<std::string>> repository::known_labels(const std::vector<disk_backup>& on_disk) {
  auto labels = list_newest_history();
  if (!labels)
    return labels;
  for (const auto& backup : on_disk)
    labels->push_back(backup.label);
  std::sort(labels->begin(), labels->end());
  labels->erase(std::unique(labels->begin(), labels->end()), labels->end());
  return labels;
}

result<std::vector<std::string>> repository::list_archive_ids() {
  auto listed = list_or_nothing(files_, format::archive_path(stanza()));
  if (!listed)
    return listed.failure();
  std::vector<std::pair<uint64_t, std::string>> found;
  for (const auto& one : *listed) {
    const auto parts = format::parse_archive_id(one.name);
    if (parts && one.info.kind == entry_kind::path)
      found.emplace_back(parts->id, one.name);
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> ids;
  for (auto& [number, id] : found)
    ids.push_back(std::move(id));
  return ids;
}

result<std::vector<archived_wal>> repository::find_wal(std::string_view archive_id,
                                                       std::string_view segment) {
  const auto directory = format::wal_directory(stanza(), archive_id, segment);
  // Of a directory with hundreds of segments a bucket tells only these.
  auto listed = files_.list_named(directory, segment);
  if (!listed)
    return listed.failure();
  std::vector<archived_wal> found;
  const bool wants_partial = segment.ends_with(".partial");
  if (!*listed)
    return found;
  for (const auto& one : **listed) {
    auto wal = format::parse_wal_entry(one.name);
    if (wal && wal->partial == wants_partial && segment.starts_with(wal->segment))
      found.push_back({std::move(*wal), directory + "/" + one.name});
  }
  return found;
}

result<std::optional<archived_wal>> repository::single_wal(std::string_view archive_id,
                                                           std::string_view segment) {
  auto found = find_wal(archive_id, segment);
  if (!found)
    return found.failure();
  if (found->empty())
    return std::optional<archived_wal>();
  for (const auto& one : *found) {
    if (one.entry.checksum != found->front().entry.checksum)
      return error{errc::archive_duplicate,
                   "WAL segment '" + std::string(segment) +
                       "' is in the archive twice with different content: '" +
                       found->front().entry.file_name + "' and '" + one.entry.file_name + "'",
                   "Do several clusters archive to this stanza?"};
  }
  return std::optional(std::move(found->front()));
}

result<std::optional<wal_bounds>> repository::wal_range(std::string_view archive_id) {
  const auto path = format::archive_path(stanza()) + "/" + std::string(archive_id);
  auto listed = list_or_nothing(files_, path);
  if (!listed)
    return listed.failure();
  std::erase_if(*listed, [](const auto& one) { return !is_wal_directory(one); });
  wal_bounds bounds;
  for (auto one = listed->begin(); one != listed->end() && bounds.min.empty(); ++one) {
    auto segments = list_segments(files_, path + "/" + one->name);
    if (!segments)
      return segments.failure();
    if (!segments->empty())
      bounds.min = segments->front().name;
  }
  for (auto one = listed->rbegin(); one != listed->rend() && bounds.max.empty(); ++one) {
    auto segments = list_segments(files_, path + "/" + one->name);
    if (!segments)
      return segments.failure();
    if (!segments->empty()) {
      bounds.max = segments->back().name;
      bounds.max_stored_s = segments->back().stored_s;
    }
  }
  if (bounds.min.empty() || bounds.max.empty())
    return std::optional<wal_bounds>();
  return std::optional(std::move(bounds));
}

} // namespace pgbraid
