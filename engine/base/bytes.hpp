// Views of bytes, and conversions between them and text.
// SPDX-License-Identifier: MIT
#pragma once

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
/// Lower-case hexadecimal text of `bytes`.
std::string to_hex(byte_view bytes);

} // namespace pgbraid
