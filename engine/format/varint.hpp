// Numbers in groups of seven bits, lowest first, as block maps have them.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace pgbraid::format {

/// The most bytes that a number takes.
inline constexpr size_t varint_bytes = 10;

/// Takes a number from the front of `text`; nothing where it does not end, or has more than 64
/// bits.
inline std::optional<uint64_t> take_varint(byte_view& text) {
  uint64_t value = 0;
  for (size_t i = 0; i < varint_bytes && i < text.size(); ++i) {
    const auto group = std::to_integer<uint64_t>(text[i]);
    if (i + 1 == varint_bytes && group > 1)
      return std::nullopt;
    value |= (group & 0x7f) << (7 * i);
    if ((group & 0x80) == 0) {
      text = text.subspan(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

inline void put_varint(std::vector<std::byte>& to, uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    to.push_back(static_cast<std::byte>(value | 0x80));
  to.push_back(static_cast<std::byte>(value));
}

/// Numbers with a sign, small ones of either sign as small numbers without.
constexpr uint64_t to_zigzag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}

constexpr int64_t from_zigzag(uint64_t value) {
  return static_cast<int64_t>((value >> 1) ^ (0 - (value & 1)));
}

} // namespace pgbraid::format
