// The slab pool keeps its limit.
// SPDX-License-Identifier: MIT
#include "engine/buffer/slab.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;

TEST_CASE("slab pool: gives out up to its limit and takes memory back") {
  slab_pool pool(2);
  auto first = pool.try_take();
  auto second = pool.try_take();
  REQUIRE(first);
  REQUIRE(second);
  CHECK(pool.try_take() == nullptr);
  const auto* memory = first->room().data();
  first.reset();
  auto third = pool.try_take();
  REQUIRE(third);
  CHECK(third->room().data() == memory);
}
