// Sizes and times.
// SPDX-License-Identifier: MIT
#include "engine/base/units.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;

TEST_CASE("units: sizes with and without a unit, powers of 1024") {
  CHECK(parse_size("0") == 0);
  CHECK(parse_size("16384") == 16384);
  CHECK(parse_size("5b") == 5);
  CHECK(parse_size("16KiB") == 16384);
  CHECK(parse_size("16k") == 16384);
  CHECK(parse_size("2Mb") == 2097152);
  CHECK(parse_size("1GIB") == 1073741824);
  CHECK(parse_size("3t") == 3298534883328);
  CHECK(parse_size("4PiB") == 4503599627370496);
}

TEST_CASE("units: what is no size") {
  for (const auto* text : {"", "k", "1.5k", "0x10", "-1", "+1", "1 k", " 1", "1kk", "1bib", "1e",
                           "9223372036854775808", "9000PiB", "99999999999999999999"})
    CHECK_MESSAGE(!parse_size(text), text);
}

TEST_CASE("units: times in milliseconds") {
  CHECK(parse_time_ms("30") == 30'000);
  CHECK(parse_time_ms("30s") == 30'000);
  CHECK(parse_time_ms("100MS") == 100);
  CHECK(parse_time_ms("2m") == 120'000);
  CHECK(parse_time_ms("1h") == 3'600'000);
  CHECK(parse_time_ms("1d") == 86'400'000);
  CHECK(parse_time_ms("1w") == 604'800'000);
  for (const auto* text : {"", "0.5", "s", "-1", "1y", "1 s", "9223372036854775807"})
    CHECK_MESSAGE(!parse_time_ms(text), text);
}

TEST_CASE("units: an age in its largest unit, rounded down") {
  CHECK(format_age(-5) == "0s");
  CHECK(format_age(0) == "0s");
  CHECK(format_age(59) == "59s");
  CHECK(format_age(60) == "1m");
  CHECK(format_age(7199) == "1h");
  CHECK(format_age(86400) == "1d");
  CHECK(format_age(86400 * 30) == "30d");
}

TEST_CASE("units: sizes as the peer prints them") {
  // 47201156 and 8677837 bytes are shown as 45MB and 8.3MB in cli/command/README.md, section 9.
  CHECK(format_size(47201156) == "45MB");
  CHECK(format_size(8677837) == "8.3MB");
  CHECK(format_size(0) == "0B");
  CHECK(format_size(1023) == "1023B");
  CHECK(format_size(1024) == "1KB");
  CHECK(format_size(2560) == "2.5KB");
  CHECK(format_size(1024 * 1024) == "1MB");
  CHECK(format_size(uint64_t{3} << 29) == "1.5GB");
  // What pgBackRest 2.60.0 prints of such sizes.
  constexpr uint64_t mega = 1 << 20;
  CHECK(format_size(1075) == "1KB");
  CHECK(format_size(1076) == "1.1KB");
  CHECK(format_size(1280) == "1.3KB");
  CHECK(format_size(mega - 1) == "1024KB");
  CHECK(format_size(22 * mega + 33000) == "22MB");
  CHECK(format_size(23 * mega - 52429) == "22.9MB");
  CHECK(format_size(23 * mega - 52428) == "23MB");
  CHECK(format_size(23 * mega - 33000) == "23MB");
  CHECK(format_size((uint64_t{1} << 30) - 1) == "1024MB");
  CHECK(format_size((uint64_t{1} << 40) + (1 << 28)) == "1024.3GB");
  CHECK(format_size(uint64_t{1} << 60) == "1073741824GB");
}

TEST_CASE("units: exact forms read back as the same value") {
  for (const uint64_t size : {0U, 1U, 1023U, 1024U, 16384U, 20971520U, 1073741824U})
    CHECK(parse_size(format_size_exact(size)) == size);
  for (const int64_t time : {0, 1, 100, 1000, 15000, 60000, 1860000, 604800000})
    CHECK(parse_time_ms(format_time_exact(time)) == time);
  CHECK(format_size_exact(1048576) == "1MiB");
  CHECK(format_time_exact(60'000) == "1m");
}
