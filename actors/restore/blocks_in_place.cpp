// Comparing a file in its place with a map.
// SPDX-License-Identifier: MIT
#include "actors/restore/blocks_in_place.hpp"

#include "engine/codec/block_checksum.hpp"

#include <algorithm>

namespace pgbraid {

result<std::vector<bool>> blocks_in_place(const format::block_map& map, uint64_t there_bytes,
                                          const place_reader& read) {
  const auto& shape = map.shape;
  std::vector<bool> out(shape.blocks());
  std::vector<std::byte> chunk(std::min<uint64_t>(place_chunk_bytes, shape.block_bytes));
  codec::block_summer sums;
  uint64_t at = 0;
  for (uint64_t block = 0; block < out.size(); ++block) {
    const auto end = at + shape.bytes_of(block);
    if (end > there_bytes)
      break;
    while (at < end) {
      const auto room = byte_span(chunk).first(std::min<uint64_t>(chunk.size(), end - at));
      auto got = read(room, at);
      if (!got)
        return got.failure();
      if (*got != room.size())
        return out; // it is being cut by somebody; what comes will show
      sums.add(room);
      at += room.size();
    }
    out[block] = std::ranges::equal(byte_view(sums.take()).first(shape.checksum_bytes),
                                    map.checksum_of(block));
  }
  return out;
}

} // namespace pgbraid
