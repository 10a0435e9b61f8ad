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

TEST_CASE("slab: keeps the unconsumed end of its data") {
  slab_pool pool(1);
  auto piece = pool.try_take();
  piece->fill(10);
  piece->keep_last(4);
  CHECK(piece->data().size() == 4);
  CHECK(piece->data().data() == piece->room().data() + 6);
  piece->keep_last(0);
  CHECK(piece->empty());
}
