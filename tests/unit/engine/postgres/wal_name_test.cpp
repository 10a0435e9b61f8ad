// Tests of WAL file names and locations.
// SPDX-License-Identifier: MIT
#include "engine/postgres/wal_name.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::postgres;

namespace {
constexpr uint32_t mib = 1 << 20;
}

TEST_CASE("wal_name: locations are read and written as PostgreSQL does") {
  CHECK(*parse_lsn("16/B374D848") == 0x16B374D848);
  CHECK(*parse_lsn("0/0") == 0);
  CHECK(format_lsn(0x4000028) == "0/4000028");
  CHECK(format_lsn(0xFFFFFFFFFFFFFFFF) == "FFFFFFFF/FFFFFFFF");
  for (const auto* text :
       {"", "/", "1", "1/", "/1", "1/1x", "100000000/1", "1/100000000", "-1/1", " 1/1", "1/1/1"})
    CHECK(!parse_lsn(text));
}

TEST_CASE("wal_name: tells the kinds of file apart") {
  CHECK(is_segment_name("000000010000000000000004"));
  CHECK(!is_segment_name("00000001000000000000000a"));
  CHECK(!is_segment_name("00000001000000000000000"));
  CHECK(!is_segment_name("000000010000000000000004.partial"));
  CHECK(is_segment_or_partial_name("000000010000000000000004.partial"));
  CHECK(!is_segment_or_partial_name(".partial"));
  CHECK(is_history_name("00000002.history"));
  CHECK(!is_history_name("2.history"));
  CHECK(is_backup_history_name("000000010000000000000004.00000028.backup"));
  CHECK(!is_backup_history_name("000000010000000000000004.0028.backup"));
  CHECK(timeline_of("0000000A.history") == 10);
}

TEST_CASE("wal_name: segments follow from locations and sizes") {
  // Facts from pg_walfile_name of servers with these segment sizes.
  CHECK(segment_name(1, 0x4000028, 16 * mib) == "000000010000000000000004");
  CHECK(segment_name(1, 0xD00028, mib) == "00000001000000000000000D");
  CHECK(segment_name(3, 0x1FFFFFFFF, 16 * mib) == "0000000300000001000000FF");
  CHECK(segment_name(3, 0x1FFFFFFFF, mib) == "000000030000000100000FFF");
  CHECK(segment_name(1, 0x1C0000000, 1024 * mib) == "000000010000000100000003");
  CHECK(*segment_start("000000010000000100000003", 1024 * mib) == 0x1C0000000);
  CHECK(!segment_start("00000001.history", mib));
}

TEST_CASE("wal_name: neighbours roll over with the segment size") {
  CHECK(next_segment("0000000100000000000000FF", 16 * mib) == "000000010000000100000000");
  CHECK(next_segment("0000000100000000000000FF", mib) == "000000010000000000000100");
  CHECK(next_segment("000000010000000000000FFF", mib) == "000000010000000100000000");
  CHECK(next_segment("000000010000000000000003", 1024 * mib) == "000000010000000100000000");
  CHECK(prior_segment("000000010000000100000000", 16 * mib) == "0000000100000000000000FF");
  CHECK(prior_segment("000000010000000000000000", 16 * mib) == "000000010000000000000000");
}

TEST_CASE("wal_name: ranges include both ends") {
  const auto size = 16 * mib;
  CHECK(segments_between(1, 0x4000028, 0x4000100, size) ==
        std::vector<std::string>{"000000010000000000000004"});
  CHECK(segments_between(1, 0x4000028, 0x6000001, size) ==
        std::vector<std::string>{"000000010000000000000004", "000000010000000000000005",
                                 "000000010000000000000006"});
  CHECK(segments_between(1, 0x4000028, 0x5000000, size).size() == 1);
  CHECK(segments_between(1, 0x4000000, 0x4000000, size).size() == 1);
  CHECK(segments_between(1, 0x5000000, 0x4000000, size).empty());
  CHECK(segments_between(1, 0, UINT64_MAX, mib).empty());
}
