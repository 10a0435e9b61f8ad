// Text from outside, made safe for a log and a terminal.
// SPDX-License-Identifier: MIT
#include "engine/base/printable.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace pgbraid {

namespace {

uint32_t byte_at(std::string_view text, size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

/// How many bytes a UTF-8 sequence with this first byte has; 0 when none begins so.
size_t announced_length(uint32_t first) {
  if (first < 0x80)
    return 1;
  if (first >= 0xC2 && first <= 0xDF)
    return 2;
  if (first >= 0xE0 && first <= 0xEF)
    return 3;
  return first >= 0xF0 && first <= 0xF4 ? 4 : 0;
}

/// Characters that take no place or turn the text around: what is read is not what is there.
bool unseen(uint32_t code) {
  return code == 0xAD || (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF;
}

/// Control characters (C0, DEL, C1), what nobody sees, surrogates, what is beyond Unicode or longer
/// than it needs.
bool refused(uint32_t code, size_t length) {
  constexpr std::array<uint32_t, 5> smallest = {0, 0, 0x80, 0x800, 0x10000};
  if (code < smallest[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
    return true;
  return (code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7F && code < 0xA0) ||
         unseen(code);
}

/// Bytes of the printable character at `at`; 0 when there is none.
size_t character_length(std::string_view text, size_t at) {
  const auto first = byte_at(text, at);
  const auto length = announced_length(first);
  if (length == 0 || length > text.size() - at)
    return 0;
  auto code = length == 1 ? first : first & (0x7Fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte_at(text, at + i) & 0xC0) != 0x80)
      return 0;
    code = code << 6 | (byte_at(text, at + i) & 0x3F);
  }
  return refused(code, length) ? 0 : length;
}

/// Whether the two bytes at `at` are one of the control characters U+0080 to U+009F.
bool is_c1(std::string_view text, size_t at) {
  return byte_at(text, at) == 0xC2 && (byte_at(text, at + 1) & 0xE0) == 0x80;
}

} // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    if (const auto length = character_length(text, at); length > 0) {
      out.append(text, at, length);
      at += length;
    } else {
      out += fmt::format("\\x{:02x}", byte_at(text, at++));
    }
  }
  return out;
}

std::string printable_line(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '\n' || c == '\t')
      out += fmt::format("\\x{:02x}", c);
    else
      out += c;
  }
  return out;
}

std::string printable_json(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (size_t at = 0; at < json.size();) {
    const auto byte = byte_at(json, at);
    if (const auto length = character_length(json, at); length > 0) {
      out.append(json, at, length);
      at += length;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\u{:04x}", byte);
      ++at;
    } else if (is_c1(json, at)) {
      out += fmt::format("\\u{:04x}", byte_at(json, at + 1));
      at += 2;
    } else {
      out += fmt::format("\\\\x{:02x}", byte);
      ++at;
    }
  }
  return out;
}

} // namespace pgbraid
