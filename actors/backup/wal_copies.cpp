// Repacking WAL from the archive into a backup.
// SPDX-License-Identifier: MIT
#include "actors/backup/wal_copies.hpp"

#include "engine/base/log.hpp"
#include "engine/base/path.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/graph/single_lane.hpp"

#include <fmt/format.h>

#include <cassert>

namespace pgbraid {

namespace {

/// What packing may add to a segment.
constexpr uint64_t packing_bytes = 64 << 10;

format::manifest_file entry_of(format::manifest& into, const std::string& name,
                               const codec::sha1_digest& checksum, uint64_t plain_bytes,
                               uint64_t stored_bytes, int64_t mtime_s) {
  const auto* root = into.find_path("pg_data");
  assert(root); // the walk always adds it
  format::manifest_file file;
  file.name = into.keep(name);
  file.size_bytes = file.original_size_bytes = plain_bytes;
  file.checksum = checksum;
  file.has_checksum = true;
  file.repo_size_bytes = stored_bytes;
  file.has_repo_size = stored_bytes != plain_bytes;
  file.mtime_s = mtime_s;
  file.user = root->user;
  file.group = root->group;
  file.mode = root->mode & 0600;
  return file;
}

result<format::manifest_file> copy_segment(repository& repo, const archived_wal& from,
                                           const wal_to_copy& what, const backup_settings& settings,
                                           int64_t mtime_s, format::manifest& into) {
  const uint64_t limit = what.segment_bytes;
  auto source =
      repo.files().open_read(from.path, {.limit_bytes = limit + limit / 8 + packing_bytes});
  if (!source)
    return source.failure();
  const auto name = "pg_data/pg_wal/" + from.entry.segment;
  const auto path = format::data_file_path(repo.stanza(), into.label, name, settings.compression);
  auto target = repo.files().open_write(path, {.how = publish::in_place, .make_parents = false});
  if (!target)
    return target.failure();
  auto lane = graph::single_lane::make(
      graph::repack_graph({.compression = from.entry.compress, .cipher_pass = what.pass},
                          copy_rules_of(settings, into.cipher_pass).file));
  if (!lane)
    return lane.failure();
  auto end = graph::write_to(**target, UINT64_MAX);
  auto plain_bytes = lane->run(**source, end);
  if (!plain_bytes)
    return plain_bytes.failure().within(fmt::format("'{}'", from.path));
  const auto checksum = lane->checksum();
  if (to_hex(checksum) != from.entry.checksum)
    return error{errc::checksum, fmt::format("'{}' is damaged: its content has checksum '{}'",
                                             from.path, to_hex(checksum))};
  if (auto stored = io::commit(**target); !stored)
    return stored.failure();
  return entry_of(into, name, checksum, what.segment_bytes, end.arrived_bytes, mtime_s);
}

} // namespace

result<void> copy_wal(repository& repo, const wal_to_copy& what, const backup_settings& settings,
                      int64_t mtime_s, format::manifest& into) {
  const auto directory = format::label_path(repo.stanza(), into.label) + "/pg_data/pg_wal";
  if (repo.files().features().paths)
    if (auto made = repo.files().make_path(directory); !made)
      return made;
  for (const auto& segment : what.segments) {
    auto found = repo.single_wal(what.archive_id, segment);
    if (!found)
      return found.failure();
    if (!*found)
      return error{errc::archive_timeout,
                   fmt::format("WAL segment {} was archived and is gone again", segment)};
    log::detail("copy segment {} to backup", segment);
    auto copied = copy_segment(repo, **found, what, settings, mtime_s, into);
    if (!copied)
      return copied.failure();
    into.files.push_back(*copied);
  }
  into.sort();
  const std::vector<std::string> changed = {directory, std::string(split_path(directory).parent),
                                            format::label_path(repo.stanza(), into.label)};
  return repo.files().sync_many_paths(changed);
}

} // namespace pgbraid
