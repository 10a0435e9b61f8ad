// How far an archive is behind, and how large its segments are.
// SPDX-License-Identifier: MIT
#include "engine/plan/archive_lag.hpp"
#include "engine/plan/segment_size.hpp"
#include "tests/hostile.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::plan;

namespace {

constexpr uint32_t mib = uint32_t{1} << 20;
const std::string three = "000000010000000000000003";
const std::string seven = "000000010000000000000007";
const std::string next_log = "000000010000000100000001";

format::backup_info with_backup(const std::string& lsn, const std::string& segment) {
  format::backup_info out;
  out.add_history(77, "15", 0, 0);
  format::backup_summary one{.label = "20261121-223627F"};
  one.history_id = 1;
  one.lsn_start = lsn;
  one.archive_start = segment;
  out.add(one);
  return out;
}

} // namespace

TEST_CASE("lag: none for who has the newest segment, or a later one") {
  CHECK_FALSE(lag_behind(seven, seven, 16 * mib));
  CHECK_FALSE(lag_behind(seven, three, 16 * mib));
  CHECK_FALSE(lag_behind(three, "", 16 * mib));
  CHECK_FALSE(lag_behind("", "", {}));
  CHECK_FALSE(lag_behind("000000020000000000000001", seven, 16 * mib));
}

TEST_CASE("lag: is counted in segments and bytes, as far as is known") {
  CHECK(lag_behind(three, seven, 16 * mib) == archive_lag{seven, 4, 64 * mib});
  CHECK(lag_behind(three, seven, {}) == archive_lag{seven, 4, {}});
  CHECK(lag_behind(three, next_log, 16 * mib) == archive_lag{next_log, 254, 254ull * 16 * mib});
  CHECK(lag_behind(three, next_log, 1024 * mib) == archive_lag{next_log, 2, 2ull * 1024 * mib});
  CHECK(lag_behind(three, next_log, {}) == archive_lag{next_log, {}, {}});
  CHECK(lag_behind("", seven, 16 * mib) == archive_lag{seven, {}, {}});
  // How many lie between two timelines depends on where they parted.
  CHECK(lag_behind(seven, "000000020000000000000008", 16 * mib) ==
        archive_lag{"000000020000000000000008", {}, {}});
}

TEST_CASE("lag: names that no cluster gives make no number") {
  test::hostile("WAL segments", 2);
  const std::string beyond = "0000000100000000FFFFFFFF";
  CHECK(lag_behind(beyond, next_log, 16 * mib) == archive_lag{next_log, {}, {}});
  const auto most = lag_behind(three, "00000001FFFFFFFFFFFFFFFF", mib);
  REQUIRE(most);
  CHECK(most->segments == 0xFFFFFFFFull * 4096 + 0xFFFFFFFFull - 3);
}

TEST_CASE("lag: in words") {
  CHECK(lag_in_words({seven, 4, 64 * mib}) == "4 segment(s) (64MB) behind " + seven);
  CHECK(lag_in_words({seven, 4, {}}) == "4 segment(s) behind " + seven);
  CHECK(lag_in_words({seven, {}, {}}) == "behind " + seven);
}

TEST_CASE("lag: what PostgreSQL has completed, whether it is archived or not") {
  using names = std::vector<std::string>;
  CHECK(newest_completed(names{}).empty());
  CHECK(newest_completed(names{three + ".done", seven + ".ready"}) == seven);
  CHECK(newest_completed(names{seven + ".done", three + ".ready"}) == seven);
  CHECK(newest_completed(names{"00000002.history.ready", seven + ".00000028.backup.done",
                               seven + ".partial.ready", seven, seven + ".ready.tmp", "..ready",
                               three + ".done"}) == three);
}

TEST_CASE("segment size: is what the place of a backup leaves over") {
  CHECK(segment_size_of(with_backup("0/4000028", "000000010000000000000004"), 1) == 16 * mib);
  CHECK(segment_size_of(with_backup("0/4000028", "000000010000000000000040"), 1) == mib);
  CHECK(segment_size_of(with_backup("3/4000028", "000000010000000300000001"), 1) == 64 * mib);
  // Too early to tell, of another cluster, of nobody.
  CHECK_FALSE(segment_size_of(with_backup("0/28", "000000010000000000000000"), 1));
  CHECK_FALSE(segment_size_of(with_backup("0/4000028", "000000010000000000000004"), 2));
  CHECK_FALSE(segment_size_of({}, 1));
}

TEST_CASE("segment size: what cannot be read tells none") {
  test::hostile("manifests and info files", 3);
  CHECK_FALSE(segment_size_of(with_backup("0/4000028", "0000000100000000FFFFFFFF"), 1));
  CHECK_FALSE(segment_size_of(with_backup("0/4000028", "x"), 1));
  CHECK_FALSE(segment_size_of(with_backup("here", "000000010000000000000004"), 1));
}
