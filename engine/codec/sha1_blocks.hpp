// The block function of SHA-1 for up to four streams at once, on the processor's SHA rounds.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace pgbraid::codec {

inline constexpr size_t sha1_block_bytes = 64;
inline constexpr size_t sha1_lanes = 4;

using sha1_state = std::array<uint32_t, 5>;

/// Whole blocks of one stream.
struct sha1_lane {
  sha1_state* state = nullptr;
  const std::byte* from = nullptr;
  size_t blocks = 0;
};

/// Advances each state over all its blocks. Needs `has_sha_rounds()`.
void sha1_advance(std::span<const sha1_lane> lanes);

} // namespace pgbraid::codec
