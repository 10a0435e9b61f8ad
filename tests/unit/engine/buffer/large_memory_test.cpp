// Tests of memory for whole segments.
// SPDX-License-Identifier: MIT
#include "engine/buffer/large_memory.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace pgbraid;

TEST_CASE("large memory: as large as it was asked for, and writable to its end") {
  CHECK_FALSE(large_memory());
  for (const size_t size : {size_t{1}, size_t{2} << 20, (size_t{16} << 20) + 1}) {
    const large_memory one(size);
    REQUIRE(one);
    REQUIRE(one.room().size() == size);
    std::ranges::fill(one.room(), std::byte{7});
    CHECK(one.room().back() == std::byte{7});
  }
}
