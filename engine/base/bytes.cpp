// Hexadecimal text.
// SPDX-License-Identifier: MIT
#include "engine/base/bytes.hpp"

namespace pgbraid {

std::string to_hex(byte_view bytes) {
  std::string out;
  append_hex(out, bytes);
  return out;
}

void append_hex(std::string& to, byte_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  auto at = to.size();
  to.resize(at + bytes.size() * 2);
  for (const auto b : bytes) {
    to[at++] = digits[std::to_integer<unsigned>(b) >> 4];
    to[at++] = digits[std::to_integer<unsigned>(b) & 15];
  }
}

} // namespace pgbraid
