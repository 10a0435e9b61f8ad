// Tests of the ranges of an archive.
// SPDX-License-Identifier: MIT
#include "engine/plan/wal_ranges.hpp"

#include <doctest/doctest.h>

using namespace pgbraid::plan;

namespace {

constexpr uint32_t mebi = 1 << 20;

std::vector<wal_range> ranges_of(std::initializer_list<const char*> segments, uint32_t bytes) {
  std::vector<wal_range> out;
  for (const auto* one : segments)
    add_segment(out, one, bytes);
  return out;
}

using segment_names = std::vector<std::string>;

} // namespace

TEST_CASE("wal ranges: neighbours are one, over the end of a log, too") {
  CHECK(ranges_of({"0000000100000000000000FE", "0000000100000000000000FF",
                   "000000010000000100000000", "000000010000000100000002"},
                  16 * mebi) ==
        std::vector<wal_range>{{"0000000100000000000000FE", "000000010000000100000000"},
                               {"000000010000000100000002", "000000010000000100000002"}});
  // With small segments a log has more of them; timelines never join.
  CHECK(ranges_of({"0000000100000000000000FF", "000000010000000100000000"}, mebi).size() == 2);
  CHECK(ranges_of({"000000010000000000000001", "000000020000000000000002"}, mebi).size() == 2);
}

TEST_CASE("wal ranges: what is lacking between two segments") {
  const auto ranges = ranges_of(
      {"000000010000000000000001", "000000010000000000000002", "000000010000000000000005"},
      16 * mebi);
  const auto lacking = [&](const char* first, const char* last, size_t limit = 100) {
    return lacking_segments(ranges, first, last, 16 * mebi, limit);
  };
  CHECK(lacking("000000010000000000000001", "000000010000000000000002").empty());
  CHECK(lacking("000000010000000000000002", "000000010000000000000006") ==
        segment_names{"000000010000000000000003", "000000010000000000000004",
                      "000000010000000000000006"});
  CHECK(lacking("000000010000000000000002", "000000010000000000000001").empty());
  CHECK(lacking("000000020000000000000001", "000000020000000000000001").size() == 1);
  CHECK(lacking("000000010000000000000001", "000000020000000000000001").empty());
  CHECK(lacking("nonsense", "000000020000000000000001").empty());
}

TEST_CASE("wal ranges: names that say anything cost no more than was allowed") {
  CHECK(lacking_segments({}, "000000010000000000000000", "00000001FFFFFFFF000000FF", 16 * mebi, 10)
            .size() == 10);
  const std::vector<wal_range> all{{"000000010000000000000000", "00000001FFFFFFFF000000FF"}};
  CHECK(
      lacking_segments(all, "00000001FFFFFFFF000000F0", "00000001FFFFFFFF000000FF", 16 * mebi, 1000)
          .empty());
}
