// Hexadecimal text.
// SPDX-License-Identifier: MIT
#include "engine/base/bytes.hpp"

namespace pgbraid {

std::string to_hex(byte_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const auto b : bytes) {
    out += digits[std::to_integer<unsigned>(b) >> 4];
    out += digits[std::to_integer<unsigned>(b) & 15];
  }
  return out;
}

} // namespace pgbraid
