// Which WAL is fetched before PostgreSQL asks for it.
// SPDX-License-Identifier: MIT
#include "engine/plan/spool_get.hpp"
#include "engine/postgres/wal_name.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::plan;
using names = std::vector<std::string>;

namespace {

constexpr uint32_t mib = 1 << 20;

std::string segment(uint64_t number) {
  return "0000000100000000" + test::hex_digits(number, 8);
}

} // namespace

TEST_CASE("spool get: a queue has two segments at least, and an end") {
  CHECK(queue_segments(0, 16 * mib) == 2);
  CHECK(queue_segments(128 * mib, 16 * mib) == 8);
  CHECK(queue_segments(uint64_t{4} << 50, mib) == 4096);
}

TEST_CASE("spool get: the segment that says more than half is left") {
  CHECK(half_way_segment(segment(1), 4 * mib, mib) == segment(4));
  CHECK(half_way_segment("0000000100000000000000FE", 4 * 16 * mib, 16 * mib) ==
        "000000010000000100000001");
  CHECK(half_way_segment("FFFFFFFFFFFFFFFFFFFFFFFF", 4 * mib, mib).empty());
}

TEST_CASE("spool get: what is not there is fetched, what nobody will ask for goes") {
  const names there{segment(1),
                    segment(2),
                    segment(2) + ".ok",
                    segment(4),
                    segment(4) + ".error",
                    segment(3) + ".ok",
                    "global.error",
                    segment(9),
                    segment(4) + ".pgbackrest.tmp",
                    segment(9) + ".ok"};
  const auto made = plan_queue(segment(2), there, 4 * mib, mib);
  CHECK(made.fetch == names{segment(3), segment(5)});
  CHECK(made.remove == names{segment(1), segment(4) + ".error", segment(3) + ".ok", "global.error",
                             segment(9), segment(4) + ".pgbackrest.tmp", segment(9) + ".ok"});
  CHECK(made.ahead == 1);
  CHECK(made.at_the_end);
}

TEST_CASE("spool get: a refill at half, and at the end of the archive only when nothing is left") {
  const auto left = [](const names& there) { return plan_queue(segment(2), there, 8 * mib, mib); };
  const auto wanted = [&](const names& there) { return wants_refill(left(there), 8 * mib, mib); };
  names all;
  CHECK(wanted(all));
  for (uint64_t i = 2; i < 6; ++i)
    all.push_back(segment(i));
  CHECK(wanted(all));
  all.push_back(segment(6));
  CHECK_FALSE(wanted(all));
  CHECK_FALSE(wanted({segment(2), segment(3) + ".ok"}));
  CHECK(wanted({segment(2), segment(4)}));
  CHECK(wanted({segment(2) + ".ok"}));
}

TEST_CASE("spool get: no segment of the queue is fetched twice or removed") {
  test::for_all([] {
    names there;
    const auto numbers = *rc::gen::container<std::vector<int>>(test::between(0, 12));
    for (const auto one : std::set<int>(numbers.begin(), numbers.end()))
      there.push_back(segment(static_cast<uint64_t>(one)) +
                      *rc::gen::element<std::string>("", "", ".ok", ".error"));
    const auto queue_bytes = static_cast<uint64_t>(*test::between(0, 6)) * mib;
    const auto first = static_cast<uint64_t>(*test::between(0, 6));
    const auto made = plan_queue(segment(first), there, queue_bytes, mib);
    const auto count = queue_segments(queue_bytes, mib);
    size_t kept = 0;
    for (uint64_t i = first; i < first + count; ++i) {
      const bool is_there = std::ranges::count(there, segment(i)) > 0;
      RC_ASSERT(std::ranges::count(made.fetch, segment(i)) == (is_there ? 0 : 1));
      RC_ASSERT(std::ranges::count(made.remove, segment(i)) == 0);
      kept += is_there;
    }
    RC_ASSERT(made.fetch.size() + kept == count);
    RC_ASSERT(std::ranges::is_sorted(made.fetch));
  });
}

TEST_CASE("spool get: names that nobody has have no next") {
  const auto made = plan_queue("FFFFFFFFFFFFFFFFFFFFFFFF", {}, 128 * mib, mib);
  CHECK(made.fetch.size() <= 128);
  for (const auto& name : made.fetch)
    CHECK(postgres::is_segment_name(name));
}

TEST_CASE("spool get: a repository of no use is left aside for half a minute") {
  const int64_t at_ns = 1'000'999'999'999; // 1000 s, and almost one more
  CHECK(is_left_aside(at_ns, 1000));
  CHECK(is_left_aside(at_ns, 1029));
  CHECK_FALSE(is_left_aside(at_ns, 1030));
  CHECK_FALSE(is_left_aside(at_ns, 999)); // The clock was set back.
  CHECK_FALSE(is_left_aside(0, 1000));
}
