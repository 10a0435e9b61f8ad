// AES-256-CBC encryption of whole blocks for up to eight streams at once, on AES-NI.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace pgbraid::codec {

inline constexpr size_t aes_block_bytes = 16;
inline constexpr size_t aes_lanes = 8;

using aes_block = std::array<std::byte, aes_block_bytes>;

/// Key and chaining value of one stream; wiped at its end.
struct aes_state {
  alignas(16) std::array<aes_block, 15> round_keys{};
  alignas(16) aes_block chain{};

  aes_state() = default;
  aes_state(const aes_state&) = delete;
  aes_state& operator=(const aes_state&) = delete;
  ~aes_state();
  /// Expands a 256-bit key. Needs `has_aes_rounds()`.
  void set_key(std::span<const std::byte, 32> key, std::span<const std::byte, 16> iv);
};

/// Whole blocks of one stream; `from` and `to` do not overlap, unless they are equal.
struct aes_lane {
  aes_state* state = nullptr;
  const std::byte* from = nullptr;
  std::byte* to = nullptr;
  size_t blocks = 0;
};

/// Encrypts all blocks of all lanes. Needs `has_aes_rounds()`.
void aes_advance(std::span<const aes_lane> lanes);

} // namespace pgbraid::codec
