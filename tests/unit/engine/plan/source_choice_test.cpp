// Which host is read next.
// SPDX-License-Identifier: MIT
#include "engine/plan/source_choice.hpp"

#include <doctest/doctest.h>

#include <array>
#include <vector>

using namespace pgbraid::plan;

namespace {

constexpr uint64_t mib = uint64_t{1} << 20;

} // namespace

TEST_CASE("source choice: nobody to ask") {
  CHECK_FALSE(choose_source({}, 1));
  const std::array lost{source_load{.usable = false}};
  CHECK_FALSE(choose_source(lost, 1));
}

TEST_CASE("source choice: without measurements work is spread evenly") {
  std::vector<source_load> from(3);
  for (size_t i = 0; i < 3; ++i) {
    CHECK(choose_source(from, mib) == i);
    from[i].in_flight_bytes += mib;
  }
  CHECK(choose_source(from, mib) == 0u);
}

TEST_CASE("source choice: one that is lost gets nothing") {
  const std::array from{source_load{.usable = false}, source_load{.in_flight_bytes = 100 * mib}};
  CHECK(choose_source(from, mib) == 1u);
}

TEST_CASE("source choice: shares follow the speed") {
  // 30 and 10 MiB/s, measured.
  std::vector<source_load> from{{.done_bytes = 300 * mib, .busy_s = 10},
                                {.done_bytes = 100 * mib, .busy_s = 10}};
  std::array<unsigned, 2> given{};
  for (int i = 0; i < 400; ++i) {
    const auto next = choose_source(from, mib);
    REQUIRE(next);
    ++given[*next];
    from[*next].in_flight_bytes += mib;
  }
  CHECK(given[0] == 300);
  CHECK(given[1] == 100);
}

TEST_CASE("source choice: an unknown speed counts as the average of the known ones") {
  const std::array from{
      source_load{.in_flight_bytes = 10 * mib, .done_bytes = 100 * mib, .busy_s = 1},
      source_load{.in_flight_bytes = 9 * mib}};
  CHECK(choose_source(from, mib) == 1u);
}

TEST_CASE("source choice: among equals the one that delivered least") {
  const std::array from{source_load{.done_bytes = 20, .busy_s = 1}, source_load{.done_bytes = 10}};
  CHECK(choose_source(from, 0) == 1u);
}
