// Checksums of blocks: known values, and pieces of any size.
// SPDX-License-Identifier: MIT
#include "engine/codec/block_checksum.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace pgbraid;

TEST_CASE("block checksum: what xxhsum says, big-endian") {
  // `printf '' | xxhsum -H128`, `printf abc | xxhsum -H128`
  CHECK(to_hex(codec::block_sum_of({})) == "99aa06d3014798d86001c324468d497f");
  CHECK(to_hex(codec::block_sum_of(as_bytes("abc"))) == "06b05ab6733a618578af5f94892f3950");
}

TEST_CASE("block checksum: blocks in pieces have the sums of whole ones") {
  test::for_all([](const std::vector<uint8_t>& first, const std::vector<uint8_t>& second) {
    codec::block_summer sums;
    for (const auto* of : {&first, &second}) {
      const auto all = std::as_bytes(std::span(*of));
      for (auto left = all; !left.empty();) {
        const auto piece = *test::between<size_t>(1, left.size());
        sums.add(left.first(piece));
        left = left.subspan(piece);
      }
      RC_ASSERT(sums.take() == codec::block_sum_of(all));
    }
  });
}
