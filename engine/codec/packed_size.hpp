// How large a file becomes at most when it is packed.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace pgbraid::codec {

/// More than this is not stored of a file with so many bytes, whatever packs it: what cannot be
/// packed at all grows by less, headers, salt and frames included.
constexpr uint64_t packed_limit_bytes(uint64_t plain_bytes) {
  constexpr uint64_t frames_bytes = uint64_t{64} << 10;
  const uint64_t packing_bytes = plain_bytes / 8 + frames_bytes;
  return plain_bytes > UINT64_MAX - packing_bytes ? UINT64_MAX : plain_bytes + packing_bytes;
}

} // namespace pgbraid::codec
