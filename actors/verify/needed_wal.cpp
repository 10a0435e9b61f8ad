// Looking for the segments of a backup.
// SPDX-License-Identifier: MIT
#include "actors/verify/needed_wal.hpp"

#include "engine/base/log.hpp"

#include <cstddef>
#include <string>

namespace pgbraid::verify {

namespace {

/// So many segments of a backup are looked for at most: its manifest may say anything.
constexpr size_t segments_looked_for = size_t{1} << 20;

} // namespace

result<uint64_t> lacking_wal(repository& in, const format::manifest& of,
                             const read_archives& archives) {
  if (!of.options.online || !of.options.archive_check || !of.archive_start || !of.archive_stop)
    return uint64_t{0};
  const auto& first = *of.archive_start;
  const auto& last = *of.archive_stop;
  const auto id = format::archive_id(of.db_version, of.history_id);
  const auto there = archives.find(id);
  const read_archive nothing;
  const auto& archive = there == archives.end() ? nothing : there->second;
  const auto has_itself = [&](const std::string& segment) {
    return of.find_file("pg_data/pg_wal/" + segment) != nullptr;
  };
  uint64_t out = 0;
  const auto lacks = [&](const std::string& segment, const char* why) {
    log::warn("backup '{}' needs WAL segment {}, which is {}", of.label, segment, why);
    ++out;
  };
  for (const auto& segment : plan::lacking_segments(archive.ranges, first, last,
                                                    archive.segment_bytes, segments_looked_for)) {
    if (has_itself(segment))
      continue;
    // What the list of the archive did not have may have come since.
    auto found = in.find_wal(id, segment);
    if (!found)
      return found.failure();
    if (found->size() != 1)
      lacks(segment, found->empty() ? "not in the archive" : "there more than once");
  }
  for (const auto& segment : archive.damaged)
    if (segment >= first && segment <= last && !has_itself(segment))
      lacks(segment, "damaged");
  return out;
}

} // namespace pgbraid::verify
