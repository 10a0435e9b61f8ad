// Frames of HTTP/2 written by hand, right and wrong ones, with no HTTP/2 library.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgbraid::test {

namespace raw {

enum kind : uint8_t {
  data = 0,
  headers = 1,
  priority = 2,
  reset = 3,
  settings = 4,
  push = 5,
  ping = 6,
  goaway = 7,
  window = 8,
  continuation = 9
};
constexpr uint8_t end_stream = 1;
constexpr uint8_t ack = 1;
constexpr uint8_t end_headers = 4;
constexpr uint8_t padded = 8;

inline const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

inline std::string number(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

inline std::string frame(uint8_t type, uint8_t flags, uint32_t id, std::string_view payload = {}) {
  auto out = number(static_cast<uint32_t>(payload.size())).substr(1);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  return out + number(id) + std::string(payload);
}

/// HPACK: an integer with a prefix of seven bits.
inline std::string length(size_t value) {
  if (value < 127)
    return {static_cast<char>(value)};
  std::string out = {127};
  for (value -= 127; value >= 128; value >>= 7)
    out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}

using fields = std::vector<std::pair<std::string, std::string>>;

/// HPACK: literals that enter no table.
inline std::string block(const fields& all) {
  std::string out;
  for (const auto& [name, value] : all)
    out += '\0' + length(name.size()) + name + length(value.size()) + value;
  return out;
}

inline fields post(const std::string& head = "{}") {
  return {{":method", "POST"},
          {":scheme", "https"},
          {":authority", "x"},
          {":path", "/"},
          {"pgbraid-head", head}};
}

inline std::string request(uint32_t id, const fields& all = post(), uint8_t flags = end_stream) {
  return frame(headers, flags | end_headers, id, block(all));
}

inline std::string hello() {
  return preface + frame(settings, 0, 0);
}

inline std::string repeated(size_t count, const std::string& what) {
  std::string out;
  for (size_t i = 0; i < count; ++i)
    out += what;
  return out;
}

} // namespace raw

} // namespace pgbraid::test
