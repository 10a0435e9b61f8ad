// Pieces shared among files: equal parts, and nothing is lost.
// SPDX-License-Identifier: MIT
#include "engine/buffer/piece_budget.hpp"
#include "tests/unit/property.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <memory>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::test;

TEST_CASE("piece budget: spare pieces are shared out equally among those who want some") {
  piece_budget all(10);
  piece_budget::part none(nullptr);
  CHECK(none.hold(0));
  CHECK_FALSE(none.hold(1));
  piece_budget::part one(&all);
  CHECK(one.hold(10));
  CHECK_FALSE(one.hold(11));
  {
    piece_budget::part two(&all);
    CHECK_FALSE(two.hold(1)); // none is left, but now both count
    CHECK(one.hold(8));
    CHECK_FALSE(one.hold(9));
    CHECK(two.hold(2));
    CHECK_FALSE(two.hold(3));
    CHECK(one.hold(3));
    CHECK(two.hold(5));
    CHECK_FALSE(two.hold(6));
    CHECK(one.hold(5));
    CHECK_FALSE(one.hold(6));
  }
  CHECK(one.hold(10));
  CHECK(one.hold(0));
}

TEST_CASE(
    "piece budget: files share spare pieces, none more than its part, and give them all back") {
  for_all(
      [] {
        const size_t count = *rc::gen::inRange<size_t>(0, 40);
        piece_budget spare(count);
        struct file {
          std::unique_ptr<piece_budget::part> part;
          size_t holds = 0;
        };
        std::vector<file> files;
        for (int steps = *rc::gen::inRange(0, 60); steps > 0; --steps) {
          const size_t which = *rc::gen::inRange<size_t>(0, 6);
          if (which >= files.size()) {
            files.push_back({std::make_unique<piece_budget::part>(&spare)});
            continue;
          }
          auto& one = files[which];
          if (*rc::gen::inRange(0, 6) == 0) {
            files.erase(files.begin() + static_cast<std::ptrdiff_t>(which));
            continue;
          }
          const size_t wanted = *rc::gen::inRange<size_t>(0, 45);
          const bool got = one.part->hold(wanted);
          if (wanted <= one.holds)
            RC_ASSERT(got); // less is always to be had
          if (got)
            one.holds = wanted;
          size_t sum = 0;
          for (const auto& each : files)
            sum += each.holds;
          RC_ASSERT(sum <= count);
        }
        files.clear();
        piece_budget::part all(&spare);
        RC_ASSERT(all.hold(count)); // alone one gets them all
        RC_ASSERT(!all.hold(count + 1));
      },
      300);
  piece_budget::part none(nullptr);
  CHECK_FALSE(none.hold(1));
  CHECK(none.hold(0));
}
