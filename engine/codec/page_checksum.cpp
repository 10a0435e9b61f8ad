// The checksum of a PostgreSQL data page.
// Algorithm: shared/spec/repository-format.md, section 10.
// SPDX-License-Identifier: MIT
#include "engine/codec/page_checksum.hpp"

#include <array>
#include <cassert>
#include <cstring>

namespace pgbraid::codec {

namespace {

constexpr size_t lane_count = 32;
constexpr size_t row_bytes = lane_count * sizeof(uint32_t);
constexpr uint32_t prime = 16777619;

constexpr std::array<uint32_t, lane_count> seeds{
    0x5b1f36e9, 0xb8525960, 0x02ab50aa, 0x1de66d2a, 0x79ff467a, 0x9bb9f8a3, 0x217e7cd2, 0x83e13d2c,
    0xf8d4474f, 0xe39eb970, 0x42c6ae16, 0x993216fa, 0x7b093b5d, 0x98daff3c, 0xf718902a, 0x0b1c9cdb,
    0xe58f764b, 0x187636bc, 0x5d7b3bb1, 0xe73de7de, 0x92bec979, 0xcca6c0b2, 0x304a0979, 0x85aa43d4,
    0x783125bb, 0x6ca8eaa2, 0xe407eac6, 0x4b5cfc3e, 0x9fbf8c76, 0x15ca20be, 0xf2ca9fd3, 0x959bd756};

using words = std::array<uint32_t, lane_count>;

inline __attribute__((always_inline)) void mix(words& lanes, const words& row) {
  for (size_t i = 0; i < lane_count; ++i) {
    const uint32_t mixed = lanes[i] ^ row[i];
    lanes[i] = (mixed * prime) ^ (mixed >> 17);
  }
}

inline __attribute__((always_inline)) words read_row(const std::byte* from) {
  words row;
  std::memcpy(row.data(), from, row_bytes);
  return row;
}

/// The sum over a page before its number is mixed in; for the compiler to vectorise.
inline __attribute__((always_inline)) uint32_t sum(const std::byte* page, size_t page_bytes) {
  words lanes = seeds;
  auto first = read_row(page);
  // The third word holds pd_checksum in its low half.
  first[2] &= 0xffff0000;
  mix(lanes, first);
  for (size_t at = row_bytes; at < page_bytes; at += row_bytes)
    mix(lanes, read_row(page + at));
  mix(lanes, words{});
  mix(lanes, words{});
  uint32_t all = 0;
  for (auto lane : lanes)
    all ^= lane;
  return all;
}

__attribute__((target("avx2"), optimize("O3"))) uint32_t sum_avx2(const std::byte* page,
                                                                  size_t page_bytes) {
  return sum(page, page_bytes);
}

uint32_t sum_plain(const std::byte* page, size_t page_bytes) {
  return sum(page, page_bytes);
}

} // namespace

uint16_t page_checksum(byte_view page, uint32_t number, bool vectors) {
  assert(page.size() >= row_bytes && page.size() % row_bytes == 0);
  const auto all = vectors && has_avx2() ? sum_avx2(page.data(), page.size())
                                         : sum_plain(page.data(), page.size());
  return static_cast<uint16_t>((all ^ number) % 65535 + 1);
}

} // namespace pgbraid::codec
