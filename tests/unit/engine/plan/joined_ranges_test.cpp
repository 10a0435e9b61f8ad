// What several files want of bundles, brought together.
// SPDX-License-Identifier: MIT
#include "engine/plan/joined_ranges.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace pgbraid;
using namespace pgbraid::plan;
using pgbraid::test::between;

namespace {

constexpr uint64_t no_limit = UINT64_MAX;
using ranges = std::vector<block_range>;

} // namespace

TEST_CASE("joined ranges: in the order of the bundle, gaps read along") {
  const ranges wanted = {{0, 2, 500, 10}, {0, 1, 60, 20}, {0, 1, 0, 50}, {0, 1, 300, 5},
                         {1, 1, 50, 10},  {1, 1, 40, 10}, {0, 2, 510, 1}};
  CHECK(joined_ranges(wanted, 10, no_limit) ==
        ranges{{0, 1, 0, 80}, {0, 1, 300, 5}, {0, 2, 500, 11}, {1, 1, 40, 20}});
  CHECK(joined_ranges(wanted, 9, no_limit) ==
        ranges{{0, 1, 0, 50}, {0, 1, 60, 20}, {0, 1, 300, 5}, {0, 2, 500, 11}, {1, 1, 40, 20}});
  CHECK(joined_ranges(wanted, 220, no_limit).front() == block_range{0, 1, 0, 305});
  CHECK(joined_ranges({}, 10, no_limit).empty());
}

TEST_CASE("joined ranges: what is too much is left to the files, what still fits is not") {
  const ranges wanted = {
      {0, 1, 0, 50}, {0, 1, 50, 50}, {0, 1, 100, 50}, {0, 2, 0, 10}, {0, 2, 10, 10}};
  CHECK(joined_ranges(wanted, 0, 170) == ranges{{0, 1, 0, 150}, {0, 2, 0, 20}});
  CHECK(joined_ranges(wanted, 0, 149) == ranges{{0, 1, 0, 100}, {0, 2, 0, 20}});
  CHECK(joined_ranges(wanted, 0, 110) == ranges{{0, 1, 0, 100}, {0, 2, 0, 10}});
  CHECK(joined_ranges(wanted, 0, 9).empty());
}

TEST_CASE("joined ranges: the one that holds another") {
  const ranges joined = {{0, 1, 100, 50}, {0, 1, 200, 50}, {1, 1, 0, 10}};
  CHECK(holding(joined, {0, 1, 100, 50}) == &joined[0]);
  CHECK(holding(joined, {0, 1, 249, 1}) == &joined[1]);
  CHECK(holding(joined, {0, 1, 249, 2}) == nullptr);
  CHECK(holding(joined, {0, 1, 99, 2}) == nullptr);
  CHECK(holding(joined, {0, 2, 100, 50}) == nullptr);
  CHECK(holding(joined, {1, 1, 0, 10}) == &joined[2]);
  CHECK(holding({}, {1, 1, 0, 10}) == nullptr);
}

TEST_CASE("joined ranges: of any, all are apart, within the limit, and have what they join") {
  test::for_all([] {
    ranges wanted;
    for (auto count = *between(0, 30); count > 0; --count)
      wanted.push_back({*between<uint32_t>(0, 1), *between<uint64_t>(1, 2),
                        *between<uint64_t>(0, 300), *between<uint64_t>(1, 40)});
    const auto gap = *between<uint64_t>(0, 20);
    const auto limit = *between<uint64_t>(0, 600);
    const auto joined = joined_ranges(wanted, gap, limit);
    uint64_t bytes = 0;
    for (const auto& one : joined) {
      bytes += one.length_bytes;
      RC_ASSERT(std::ranges::count_if(wanted, [&](const block_range& file) {
                  return holding(joined, file) == &one;
                }) >= 1);
    }
    RC_ASSERT(bytes <= limit);
    const auto all = joined_ranges(wanted, gap, no_limit);
    for (size_t i = 1; i < all.size(); ++i)
      if (all[i].reference == all[i - 1].reference && all[i].bundle_id == all[i - 1].bundle_id)
        RC_ASSERT(all[i].offset_bytes > all[i - 1].offset_bytes + all[i - 1].length_bytes + gap);
    for (const auto& one : wanted)
      RC_ASSERT(holding(all, one) != nullptr);
  });
}
