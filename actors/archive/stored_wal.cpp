// Whether a segment in an archive is what its name says.
// SPDX-License-Identifier: MIT
#include "actors/archive/stored_wal.hpp"

#include "engine/graph/single_lane.hpp"

#include <algorithm>
#include <string>

namespace pgbraid {

namespace {

/// Reads a whole segment. @return  the checksum of its content
result<std::string> read_whole(const repository& in, const archived_wal& stored, const secret& pass,
                               graph::branch_end& to) {
  auto file = in.files().open_read(stored.path);
  if (!file)
    return file.failure();
  auto lane = graph::single_lane::make(
      graph::restore_graph({.rules = {.compression = stored.entry.compress, .cipher_pass = pass}}));
  if (!lane)
    return lane.failure();
  if (const auto read = lane->run(**file, to); !read)
    return read.failure();
  return to_hex(lane->checksum());
}

error differs(const std::string& actual) {
  return {errc::checksum, "its content has checksum '" + actual + "'"};
}

} // namespace

result<std::optional<error>> damage_of(const repository& in, const archived_wal& stored,
                                       const secret& pass, uint64_t segment_bytes) {
  graph::branch_end nowhere{.limit_bytes = segment_bytes};
  const auto actual = read_whole(in, stored, pass, nowhere);
  if (!actual && actual.failure().code != errc::format && actual.failure().code != errc::crypto)
    return actual.failure();
  if (!actual)
    return std::optional(actual.failure());
  if (*actual == stored.entry.checksum)
    return std::optional<error>();
  return std::optional(differs(*actual));
}

result<std::vector<std::byte>> read_within(const repository& in, const archived_wal& stored,
                                           const secret& pass, uint64_t segment_bytes,
                                           uint64_t offset_bytes, size_t count) {
  std::vector<std::byte> out;
  uint64_t passed_bytes = 0;
  graph::branch_end to{.limit_bytes = segment_bytes};
  to.take = [&](byte_view bytes) -> result<void> {
    const auto skip = passed_bytes < offset_bytes
                          ? std::min<uint64_t>(bytes.size(), offset_bytes - passed_bytes)
                          : 0;
    passed_bytes += bytes.size();
    const auto wanted = bytes.subspan(skip);
    const auto now = wanted.first(std::min(wanted.size(), count - out.size()));
    out.insert(out.end(), now.begin(), now.end());
    return success();
  };
  const auto actual = read_whole(in, stored, pass, to);
  if (!actual)
    return actual.failure();
  if (*actual != stored.entry.checksum)
    return differs(*actual).within("'" + stored.path + "'");
  return out;
}

} // namespace pgbraid
