// That a property which does not hold is found out, and how it is told.
// SPDX-License-Identifier: MIT
#include "tests/unit/property.hpp"

#include <doctest/doctest.h>

#include <vector>

using pgbraid::test::counterexample;

namespace {

std::optional<std::string> of(void (*property)(const std::vector<int>&), int cases = 100) {
  return counterexample(rc::detail::toProperty(property), cases);
}

} // namespace

TEST_CASE("property: one that holds has no counterexample") {
  CHECK_FALSE(of([](const std::vector<int>& any) { RC_ASSERT(any.size() == any.size()); }));
}

TEST_CASE("property: one that does not is told with the smallest input and the seed") {
  const auto found = of([](const std::vector<int>& any) { RC_ASSERT(any.size() < 3); });
  REQUIRE(found);
  CHECK(found->find("[0, 0, 0]") != found->npos);
  CHECK(found->find("any.size() < 3") != found->npos);
  CHECK(found->find("PGBRAID_SEED=") != found->npos);
}

TEST_CASE("property: what throws, or never comes to its question, does not hold") {
  CHECK(of([](const std::vector<int>&) { throw 1; }));
  CHECK(of([](const std::vector<int>&) { RC_PRE(false); }));
}

TEST_CASE("property: as many inputs as were asked for, the same each time") {
  static std::vector<std::vector<int>> seen;
  const auto run = [] {
    seen.clear();
    CHECK_FALSE(of([](const std::vector<int>& any) { seen.push_back(any); }, 30));
    return seen;
  };
  const auto first = run();
  CHECK(first.size() == 30);
  CHECK(run() == first);
}
