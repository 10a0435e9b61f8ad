// Whether a segment in an archive is what its name says.
// SPDX-License-Identifier: MIT
#include "actors/archive/stored_wal.hpp"

#include "engine/graph/single_lane.hpp"

namespace pgbraid {

result<std::optional<error>> damage_of(const repository& in, const archived_wal& stored,
                                       const secret& pass, uint64_t segment_bytes) {
  auto file = in.files().open_read(stored.path);
  if (!file)
    return file.failure();
  auto lane = graph::single_lane::make(
      graph::restore_graph({.rules = {.compression = stored.entry.compress, .cipher_pass = pass}}));
  if (!lane)
    return lane.failure();
  graph::branch_end nowhere{.limit_bytes = segment_bytes};
  const auto read = lane->run(**file, nowhere);
  const auto failure = read ? std::nullopt : std::optional(read.failure());
  if (failure && failure->code != errc::format && failure->code != errc::crypto)
    return *failure;
  if (failure)
    return std::optional(*failure);
  const auto actual = to_hex(lane->checksum());
  if (actual == stored.entry.checksum)
    return std::optional<error>();
  return std::optional(error{errc::checksum, "its content has checksum '" + actual + "'"});
}

} // namespace pgbraid
