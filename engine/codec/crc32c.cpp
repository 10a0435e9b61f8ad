// CRC-32C (Castagnoli), which pg_control and WAL records carry.
// SPDX-License-Identifier: MIT
#include "engine/codec/crc32c.hpp"

#include <nmmintrin.h>

#include <array>
#include <cstring>

namespace pgbraid::codec {

namespace {

constexpr uint32_t reflected_polynomial = 0x82f63b78;

constexpr std::array<uint32_t, 256> make_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit)
      value = (value >> 1) ^ ((value & 1) != 0 ? reflected_polynomial : 0);
    table[i] = value;
  }
  return table;
}

constexpr auto table = make_table();

uint32_t by_table(uint32_t value, byte_view bytes) {
  for (auto b : bytes)
    value = (value >> 8) ^ table[(value ^ static_cast<uint32_t>(b)) & 0xff];
  return value;
}

__attribute__((target("sse4.2"))) uint32_t by_instruction(uint32_t value, byte_view bytes) {
  uint64_t wide = value;
  while (bytes.size() >= sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    wide = _mm_crc32_u64(wide, word);
    bytes = bytes.subspan(sizeof word);
  }
  value = static_cast<uint32_t>(wide);
  for (auto b : bytes)
    value = _mm_crc32_u8(value, static_cast<uint8_t>(b));
  return value;
}

} // namespace

uint32_t crc32c(byte_view bytes, uint32_t before, bool accelerated) {
  const uint32_t start = ~before;
  return ~(accelerated && has_crc32c() ? by_instruction(start, bytes) : by_table(start, bytes));
}

} // namespace pgbraid::codec
