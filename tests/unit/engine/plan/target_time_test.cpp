// Target times against the calendar of the standard library, which the reader does not use.
// SPDX-License-Identifier: MIT
#include "engine/plan/target_time.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <ctime>

using namespace pgbraid;
using namespace pgbraid::plan;
using test::between;

namespace {

/// Sets the local zone for one test.
class zone {
public:
  explicit zone(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~zone() {
    ::unsetenv("TZ");
    ::tzset();
  }
};

/// A time as it is written, and the seconds it stands for were it in UTC.
struct written {
  int year = *between(1970, 9999);
  int month = *between(1, 12);
  int day = *between(1, 31);
  int hour = *between(0, 23);
  int minute = *between(0, 59);
  int second = *between(0, 59);

  std::string text() const {
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", year, month, day, hour, minute,
                       second);
  }
  std::chrono::year_month_day date() const { return std::chrono::year{year} / month / day; }
  int64_t utc_s() const {
    using namespace std::chrono;
    return sys_days{date()}.time_since_epoch().count() * int64_t{86400} + hour * 3600 +
           minute * 60 + second;
  }
};

} // namespace

TEST_CASE("target time model: days that there are, and no others") {
  test::for_all(
      [] {
        const written at;
        const auto read = parse_target_time(at.text() + "+00");
        RC_ASSERT(bool(read) == at.date().ok());
        if (read)
          RC_ASSERT(*read == at.utc_s());
      },
      300);
  // Leap days: each fourth year, but for three of four centuries.
  for (const auto& [year, leaps] : {std::pair(2024, true),
                                    {2025, false},
                                    {2000, true},
                                    {2100, false},
                                    {2400, true},
                                    {1972, true}})
    CHECK(bool(parse_target_time(fmt::format("{}-02-29 00:00:00+00", year))) == leaps);
}

TEST_CASE("target time model: an offset in each of its shapes") {
  test::for_all([] {
    written at;
    at.day = 1;
    const auto hours = *between(0, 15);
    const auto minutes = *between(0, 59);
    const bool minus = *rc::gen::arbitrary<bool>();
    const auto sign = minus ? '-' : '+';
    const auto ahead = (minus ? -1 : 1) * (hours * 3600 + minutes * 60);
    for (const auto* shape : {"{}{}{:02}:{:02}", "{}{}{:02}{:02}"})
      RC_ASSERT(*parse_target_time(fmt::format(fmt::runtime(shape), at.text(), sign, hours,
                                               minutes)) == at.utc_s() - ahead);
    RC_ASSERT(*parse_target_time(fmt::format("{}{}{:02}", at.text(), sign, hours)) ==
              at.utc_s() - (minus ? -1 : 1) * hours * 3600);
    // A fraction says nothing about whole seconds.
    const auto fraction = *between(0, 999'999'999);
    RC_ASSERT(*parse_target_time(fmt::format("{}.{}+00", at.text(), fraction)) == at.utc_s());
  });
}

TEST_CASE("target time model: what is written in a zone is the same moment in any other") {
  test::for_all([] {
    written at;
    at.year = *between(1971, 2037);
    at.day = *between(1, 28);
    const auto* here = *rc::gen::element("CET-1CEST,M3.5.0,M10.5.0/3", "UTC0", "IST-5:30",
                                         "NST3:30NDT,M3.2.0,M11.1.0", "LINT-14", "AoE12");
    const auto* there = *rc::gen::element("UTC0", "JST-9", "EST5EDT,M3.2.0,M11.1.0");
    int64_t meant = 0;
    std::string with_offset;
    {
      const zone local(here);
      meant = *parse_target_time(at.text());
      with_offset = *with_zone(at.text());
    }
    const zone local(there);
    RC_ASSERT(*parse_target_time(with_offset) == meant);
    RC_ASSERT(*with_zone(with_offset) == with_offset);
  });
}

TEST_CASE(
    "target time model: what is shown is read as the same second, where clocks do not change") {
  test::for_all([] {
    const auto time_s = *between<int64_t>(0, 253'402'000'000);
    const zone local(*rc::gen::element("UTC0", "IST-5:30", "JST-9"));
    RC_ASSERT(*parse_target_time(format_local_time(time_s)) == time_s);
  });
}

TEST_CASE("target time model: one character more, less or other than in a time is refused") {
  const std::string good = "2026-07-01 12:34:56.789+05:30";
  REQUIRE(parse_target_time(good));
  for (size_t at = 0; at < good.size(); ++at) {
    CAPTURE(at);
    for (const char other : {'x', ' ', '\0', '/'}) {
      if (good[at] == other)
        continue;
      auto changed = good;
      changed[at] = other;
      CHECK_FALSE(parse_target_time(changed));
      // Only digits of a fraction may be more or fewer.
      CHECK_FALSE(parse_target_time(std::string(good).insert(at, 1, other)));
    }
    const bool in_fraction = at > good.find('.') && at < good.find('+');
    const bool in_colon = at == good.rfind(':');
    if (!in_fraction && !in_colon)
      CHECK_FALSE(parse_target_time(std::string(good).erase(at, 1)));
  }
  CHECK(parse_target_time("2026-07-01 12:34:56.123456789"));
  CHECK_FALSE(parse_target_time("2026-07-01 12:34:56.1234567890"));
  CHECK_FALSE(parse_target_time("1969-12-31 23:59:59+00"));
}
