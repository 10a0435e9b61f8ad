// The checksum of a PostgreSQL data page.
// Algorithm: engine/format/README.md, section 12.
// SPDX-License-Identifier: MIT
#include "engine/codec/page_checksum.hpp"

#include <immintrin.h>

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

using row_words = std::array<uint32_t, lane_count>;

row_words read_row(const std::byte* from) {
  row_words row;
  std::memcpy(row.data(), from, row_bytes);
  return row;
}

/// The first row of a page; its third word holds pd_checksum in the low half, which counts as 0.
row_words read_first_row(const std::byte* page) {
  auto row = read_row(page);
  row[2] &= 0xffff0000;
  return row;
}

uint32_t fold(const row_words& lanes) {
  uint32_t all = 0;
  for (auto lane : lanes)
    all ^= lane;
  return all;
}

void mix(row_words& lanes, const row_words& row) {
  for (size_t i = 0; i < lane_count; ++i) {
    const uint32_t mixed = lanes[i] ^ row[i];
    lanes[i] = (mixed * prime) ^ (mixed >> 17);
  }
}

/// The sum over a page before its number is mixed in.
uint32_t sum_plain(const std::byte* page, size_t page_bytes) {
  auto lanes = seeds;
  mix(lanes, read_first_row(page));
  for (size_t at = row_bytes; at < page_bytes; at += row_bytes)
    mix(lanes, read_row(page + at));
  mix(lanes, {});
  mix(lanes, {});
  return fold(lanes);
}

// The compiler keeps arrays of 32 lanes in memory, so the vectors are spelled out.
#pragma GCC push_options
#pragma GCC target("avx2")

inline __attribute__((always_inline)) __m256i mix(__m256i lanes, const std::byte* from) {
  const auto row = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  const auto mixed = _mm256_xor_si256(lanes, row);
  return _mm256_xor_si256(_mm256_mullo_epi32(mixed, _mm256_set1_epi32(prime)),
                          _mm256_srli_epi32(mixed, 17));
}

uint32_t sum_avx2(const std::byte* page, size_t page_bytes) {
  auto lanes = seeds;
  const auto first = read_first_row(page);
  auto* const vectors = reinterpret_cast<__m256i*>(lanes.data());
  auto a = _mm256_loadu_si256(vectors);
  auto b = _mm256_loadu_si256(vectors + 1);
  auto c = _mm256_loadu_si256(vectors + 2);
  auto d = _mm256_loadu_si256(vectors + 3);
  const auto add = [&](const std::byte* row) __attribute__((always_inline)) {
    a = mix(a, row);
    b = mix(b, row + 32);
    c = mix(c, row + 64);
    d = mix(d, row + 96);
  };
  add(std::as_bytes(std::span(first)).data());
  for (size_t at = row_bytes; at < page_bytes; at += row_bytes)
    add(page + at);
  const row_words zeros{};
  add(std::as_bytes(std::span(zeros)).data());
  add(std::as_bytes(std::span(zeros)).data());
  _mm256_storeu_si256(vectors, a);
  _mm256_storeu_si256(vectors + 1, b);
  _mm256_storeu_si256(vectors + 2, c);
  _mm256_storeu_si256(vectors + 3, d);
  return fold(lanes);
}

#pragma GCC pop_options

} // namespace

uint16_t page_checksum(byte_view page, uint32_t number, bool vectors) {
  assert(page.size() >= row_bytes && page.size() % row_bytes == 0);
  const auto all = vectors && has_avx2() ? sum_avx2(page.data(), page.size())
                                         : sum_plain(page.data(), page.size());
  return static_cast<uint16_t>((all ^ number) % 65535 + 1);
}

} // namespace pgbraid::codec
