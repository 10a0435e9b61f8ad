// Sizes of blocks.
// SPDX-License-Identifier: MIT
#include "engine/plan/block_size.hpp"

#include <algorithm>
#include <limits>

namespace pgbraid::plan {

namespace {

constexpr uint64_t kib = 1024;
constexpr uint64_t mib = 1024 * kib;
constexpr int64_t day_s = 24 * 60 * 60;
constexpr uint64_t least_checksum_bytes = 6;

/// The last row whose bound is reached.
uint64_t look_up(const block_table& in, uint64_t key, uint64_t otherwise) {
  const auto after = std::ranges::upper_bound(in, key, {}, &block_row::from);
  return after == in.begin() ? otherwise : std::prev(after)->value;
}

} // namespace

block_rules peer_block_rules() {
  return {.sizes = {{16 * kib, 8 * kib},
                    {11 * mib, 16 * kib},
                    {43 * mib, 24 * kib},
                    {96 * mib, 32 * kib},
                    {146 * mib, 40 * kib},
                    {228 * mib, 48 * kib},
                    {329 * mib, 56 * kib},
                    {448 * mib, 64 * kib},
                    {585 * mib, 72 * kib},
                    {740 * mib, 80 * kib},
                    {914 * mib, 88 * kib}},
          .ages = {{7, 2}, {14, 4}, {28, 0}},
          .checksum_sizes = {{32 * kib, 7},
                             {128 * kib, 8},
                             {512 * kib, 9},
                             {1 * mib, 10},
                             {2 * mib, 11},
                             {4 * mib, 12}},
          .super_bytes = 256 * kib,
          .full_super_bytes = 1 * mib};
}

block_choice choose_blocks(const block_rules& by, uint64_t file_bytes, int64_t age_s) {
  const auto size = look_up(by.sizes, file_bytes, 0);
  const auto factor = age_s < 0 ? 1 : look_up(by.ages, static_cast<uint64_t>(age_s / day_s), 1);
  if (size == 0 || factor == 0 || factor > std::numeric_limits<uint32_t>::max() / size)
    return {};
  const auto block = size * factor;
  return {.block_bytes = static_cast<uint32_t>(block),
          .checksum_bytes =
              static_cast<uint8_t>(look_up(by.checksum_sizes, block, least_checksum_bytes))};
}

uint64_t super_block_bytes(const block_rules& by, format::backup_type type, uint64_t block_bytes) {
  const auto wanted = type == format::backup_type::full ? by.full_super_bytes : by.super_bytes;
  return std::max<uint64_t>(1, (wanted + block_bytes - 1) / block_bytes) * block_bytes;
}

} // namespace pgbraid::plan
