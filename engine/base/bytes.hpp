// Views of bytes, and conversions between them and text.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace pgbraid {

using byte_view = std::span<const std::byte>;
using byte_span = std::span<std::byte>;

inline byte_view as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string_view as_text(byte_view bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
/// Copies as much as there is and fits, and leaves the rest. @return  how much that was
inline size_t take_front(byte_view& from, byte_span to) {
  const auto count = std::min(from.size(), to.size());
  std::ranges::copy(from.first(count), to.begin());
  from = from.subspan(count);
  return count;
}
/// Lower-case hexadecimal text of `bytes`.
std::string to_hex(byte_view bytes);
void append_hex(std::string& to, byte_view bytes);

} // namespace pgbraid
