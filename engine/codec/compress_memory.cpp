// What compression takes in memory, by type and level.
// SPDX-License-Identifier: MIT
#include "engine/codec/compress_memory.hpp"

#include "engine/codec/framed.hpp"

namespace pgbraid::codec {

namespace {

constexpr size_t kib = size_t{1} << 10;
constexpr size_t mib = size_t{1} << 20;
/// A frame that found no room waits in its stream.
constexpr size_t frame_bytes = frame_piece_bytes + 32 * kib;

/// Windows and tables never grow beyond what one piece needs, whatever the level would like.
size_t zst_tables(int level) {
  if (level <= 2 && level != 0) // 0 is the standard level
    return mib;
  if (level <= 6)
    return 4 * mib;
  if (level <= 8)
    return 7 * mib;
  return level <= 12 ? 13 * mib : 18 * mib;
}

} // namespace

compress_memory memory_of(compress_type type, int level) {
  switch (type) {
  case compress_type::none:
    break;
  case compress_type::gz: // zlib's most; ISA-L takes a little more than that
    return {.stream_bytes = 448 * kib};
  case compress_type::lz4:
    return {.kernel_bytes = 512 * kib, .stream_bytes = frame_bytes};
  case compress_type::zst:
    return {.kernel_bytes = zst_tables(level), .stream_bytes = frame_bytes};
  case compress_type::bz2: // 400 KB, and eight times the block of 100 KB for each level
    return {.stream_bytes = 448 * kib + 800 * kib * static_cast<size_t>(level)};
  }
  return {};
}

} // namespace pgbraid::codec
