// Repacking WAL from the archive into a backup.
// SPDX-License-Identifier: MIT
#include "actors/backup/wal_copies.hpp"

#include "actors/backup/made_file.hpp"
#include "engine/base/log.hpp"
#include "engine/base/path.hpp"
#include "engine/codec/packed_size.hpp"
#include "engine/format/repository_path.hpp"
#include "engine/graph/single_lane.hpp"

#include <fmt/format.h>

namespace pgbraid {

namespace {

result<format::manifest_file> copy_segment(repository& repo, const archived_wal& from,
                                           const wal_to_copy& what, const backup_settings& settings,
                                           int64_t mtime_s, format::manifest& into) {
  auto source = repo.files().open_read(
      from.path, {.limit_bytes = codec::packed_limit_bytes(what.segment_bytes)});
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
  return made_file(into, name, what.segment_bytes, checksum, end.arrived_bytes, mtime_s, 0600);
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
