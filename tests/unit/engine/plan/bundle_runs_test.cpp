// Which parts of a bundle are read for some of its members.
// SPDX-License-Identifier: MIT
#include "engine/plan/bundle_runs.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace pgbraid;
using namespace pgbraid::plan;
using pgbraid::test::between;

TEST_CASE("bundle runs: neighbours are read at once, what lies elsewhere beside them") {
  const std::vector<bundle_member> members = {{10, 5}, {15, 5}, {22, 3}, {100, 50}, {150, 1}};
  const auto runs = runs_of(members, 2, 60);
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].offset_bytes == 10);
  CHECK(runs[0].length_bytes == 15);
  CHECK(runs[0].count == 3);
  CHECK(runs[1].first == 3);
  CHECK(runs[1].length_bytes == 51);
  CHECK(runs_of(members, 1, 60).size() == 3);
  CHECK(runs_of(members, 2, 50).size() == 3);
  CHECK(runs_of(members, 1000, 1000).size() == 1);
  CHECK(runs_of({}, 1, 1).empty());
}

TEST_CASE("bundle runs: of any members, each lies in its run, and no run is too long") {
  test::for_all([] {
    std::vector<bundle_member> members;
    uint64_t offset = 0;
    for (auto count = *between(0, 40); count > 0; --count) {
      offset += *between<uint64_t>(0, 30);
      members.push_back({offset, *between<uint64_t>(0, 40)});
      offset += members.back().length_bytes;
    }
    const auto over = *between<uint64_t>(0, 30);
    const auto most = *between<uint64_t>(1, 200);
    size_t next = 0;
    for (const auto& run : runs_of(members, over, most)) {
      RC_ASSERT(run.first == next);
      RC_ASSERT(run.count > 0U);
      RC_ASSERT((run.count == 1 || run.length_bytes <= most));
      RC_ASSERT(run.offset_bytes == members[next].offset_bytes);
      for (next = run.first; next < run.first + run.count; ++next) {
        RC_ASSERT(members[next].offset_bytes + members[next].length_bytes <=
                  run.offset_bytes + run.length_bytes);
        if (next > run.first)
          RC_ASSERT(members[next].offset_bytes - members[next - 1].offset_bytes -
                        members[next - 1].length_bytes <=
                    over);
      }
      RC_ASSERT(run.offset_bytes + run.length_bytes ==
                members[next - 1].offset_bytes + members[next - 1].length_bytes);
    }
    RC_ASSERT(next == members.size());
  });
}
