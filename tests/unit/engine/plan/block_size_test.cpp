// Sizes of blocks, as the peer was seen to choose them.
// SPDX-License-Identifier: MIT
#include "engine/plan/block_size.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::plan;

namespace {

constexpr uint64_t kib = 1024;
constexpr uint64_t mib = 1024 * kib;

} // namespace

TEST_CASE("block size: by the size of the file, each bound and one byte less") {
  const auto by = peer_block_rules();
  struct row {
    uint64_t from;
    uint32_t kib_of_block;
  };
  uint32_t before = 0;
  for (const auto& [from, blocks] :
       {row{16 * kib, 8}, row{11 * mib, 16}, row{43 * mib, 24}, row{96 * mib, 32},
        row{146 * mib, 40}, row{228 * mib, 48}, row{329 * mib, 56}, row{448 * mib, 64},
        row{585 * mib, 72}, row{740 * mib, 80}, row{914 * mib, 88}}) {
    CHECK(choose_blocks(by, from - 1, 0).block_bytes == before);
    before = blocks * 1024;
    CHECK(choose_blocks(by, from, 0).block_bytes == before);
  }
  CHECK(choose_blocks(by, 0, 0) == block_choice{});
  CHECK(choose_blocks(by, UINT64_MAX, 0).block_bytes == 88 * kib);
}

TEST_CASE("block size: by age, which may make blocks larger than the file") {
  const auto by = peer_block_rules();
  const auto of_age = [&](int64_t age_s) { return choose_blocks(by, 16 * kib, age_s).block_bytes; };
  CHECK(of_age(-100) == 8 * kib);
  CHECK(of_age(604700) == 8 * kib);
  CHECK(of_age(604900) == 16 * kib);
  CHECK(of_age(1209500) == 16 * kib);
  CHECK(of_age(1209700) == 32 * kib);
  CHECK(of_age(2419100) == 32 * kib);
  CHECK(of_age(2419300) == 0);
}

TEST_CASE("block size: bytes of a checksum") {
  auto by = peer_block_rules();
  by.ages.clear();
  struct row {
    uint64_t block;
    int bytes;
  };
  for (const auto& [block, bytes] :
       {row{8 * kib, 6}, row{24 * kib, 6}, row{32 * kib, 7}, row{120 * kib, 7}, row{128 * kib, 8},
        row{512 * kib, 9}, row{1 * mib, 10}, row{2 * mib, 11}, row{4 * mib, 12},
        row{64 * mib, 12}}) {
    by.sizes = {{0, block}};
    CHECK(choose_blocks(by, mib, 0).checksum_bytes == bytes);
  }
}

TEST_CASE("block size: super blocks are whole blocks, larger in a full backup") {
  const auto by = peer_block_rules();
  using format::backup_type;
  CHECK(super_block_bytes(by, backup_type::full, 8 * kib) == 1 * mib);
  CHECK(super_block_bytes(by, backup_type::diff, 8 * kib) == 256 * kib);
  CHECK(super_block_bytes(by, backup_type::incr, 88 * kib) == 264 * kib);
  CHECK(super_block_bytes(by, backup_type::full, 24 * kib) == 1032 * kib);
  CHECK(super_block_bytes(by, backup_type::incr, 352 * kib) == 352 * kib);
}

TEST_CASE("block size: factors that do not fit choose no blocks") {
  const block_rules by{.sizes = {{0, 1u << 31}}, .ages = {{1, 4}}};
  CHECK(choose_blocks(by, mib, 0).block_bytes == 1u << 31);
  CHECK(choose_blocks(by, mib, 86400) == block_choice{});
}
