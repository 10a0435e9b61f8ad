// Choosing a backup: by label, time, LSN, or the newest; target times; target timelines.
// SPDX-License-Identifier: MIT
#include "engine/plan/restore_choice.hpp"
#include "engine/plan/restore_timeline.hpp"
#include "engine/plan/target_time.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>

using namespace pgbraid;
using namespace pgbraid::plan;

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

format::backup_info info_with(std::vector<format::backup_summary> backups, uint64_t current = 1) {
  format::backup_info out;
  out.current_id = current;
  out.backups = std::move(backups);
  return out;
}

format::backup_summary backup(std::string label, int64_t stop_s, std::optional<std::string> lsn,
                              uint64_t history_id = 1) {
  format::backup_summary out;
  out.label = std::move(label);
  out.stop_s = stop_s;
  out.lsn_stop = std::move(lsn);
  out.history_id = history_id;
  return out;
}

const format::backup_info two = info_with(
    {backup("20261101-000000F", 1000, "0/1000000"), backup("20261102-000000F", 2000, "0/2000000")});
const format::backup_info other = info_with({backup("20261103-000000F", 3000, "0/3000000")});
const format::backup_info none = info_with({});

} // namespace

TEST_CASE("restore choice: the newest backup of the first repository that has one") {
  const choice_candidate candidates[] = {{1, &none}, {2, &two}, {3, &other}};
  const auto chosen = choose_backup(candidates, {});
  REQUIRE(chosen);
  CHECK(chosen->candidate == 1);
  CHECK(chosen->label == "20261102-000000F");
}

TEST_CASE("restore choice: a label is looked for in all repositories") {
  const choice_candidate candidates[] = {{1, &two}, {2, &other}};
  const auto chosen = choose_backup(candidates, {.set = "20261103-000000F"});
  REQUIRE(chosen);
  CHECK(chosen->candidate == 1);
  const auto missing = choose_backup(candidates, {.set = "20990101-000000F"});
  REQUIRE(!missing);
  CHECK(missing.failure().code == errc::backup_set_invalid);
  CHECK(missing.failure().hint.find("20261101-000000F") != std::string::npos);
}

TEST_CASE("restore choice: the stop time must lie before the target") {
  const choice_candidate candidates[] = {{1, &two}, {2, &other}};
  const auto at = [&](const char* target) {
    return choose_backup(candidates, {.type = recovery_type::time, .target = target});
  };
  CHECK(at("1970-01-01 00:33:21+00")->label == "20261102-000000F"); // 2001 s
  CHECK(at("1970-01-01 00:33:20+00")->label == "20261101-000000F"); // 2000 s: not strictly less
  const auto early = at("1970-01-01 00:00:01+00");
  REQUIRE(!early);
  CHECK(early.failure().code == errc::backup_set_invalid);
  CHECK(early.failure().message ==
        "unable to find backup set with stop time less than '1970-01-01 00:00:01+00'");
  CHECK(at("soon").failure().code == errc::format);
}

TEST_CASE("restore choice: by LSN, a backup without one ends the search in its repository") {
  const auto mixed = info_with(
      {backup("20261101-000000F", 1000, "0/1000000"), backup("20261102-000000F", 2000, {})});
  const choice_candidate candidates[] = {{1, &mixed}, {2, &two}};
  const auto chosen =
      choose_backup(candidates, {.type = recovery_type::lsn, .target = "0/2000000"});
  REQUIRE(chosen);
  CHECK(chosen->candidate == 1);
  CHECK(chosen->label == "20261102-000000F");
  CHECK(chosen->warnings.size() == 1);
  CHECK(!choose_backup(candidates, {.type = recovery_type::lsn, .target = "0/1"}));
}

TEST_CASE("restore choice: a backup of an earlier cluster is not taken unasked") {
  const auto upgraded = info_with({backup("20261101-000000F", 1000, "0/1000000", 1)}, 2);
  const choice_candidate candidates[] = {{1, &upgraded}};
  const auto chosen = choose_backup(candidates, {});
  REQUIRE(!chosen);
  CHECK(chosen.failure().code == errc::backup_set_invalid);
  CHECK(choose_backup(candidates, {.set = "20261101-000000F"}));
}

TEST_CASE("target time: offsets, fractions and the local zone") {
  const zone here("CET-1CEST,M3.5.0,M10.5.0/3");
  CHECK(*parse_target_time("1970-01-01 00:00:00+00") == 0);
  CHECK(*parse_target_time("1970-01-01 01:00:00") == 0);
  CHECK(*parse_target_time("2026-07-01 12:00:00") == 1782900000); // date -u -d '... 10:00' +%s
  CHECK(*parse_target_time("2026-07-01 12:00:00.999+02") == 1782900000);
  CHECK(*parse_target_time("2026-07-01 15:30:00+0530") == 1782900000);
  CHECK(*parse_target_time("2026-07-01 04:30:00-05:30") == 1782900000);
  CHECK(*parse_target_time("2028-02-29 00:00:00+00") == 1835395200);
  for (const auto* bad : {"", "2026-07-01", "2026-13-01 00:00:00", "2026-02-30 00:00:00",
                          "2026-07-01 24:00:00", "2026-07-01 12:00:00+", "2026-07-01 12:00:00+2",
                          "2026-07-01 12:00:00 ", "2026-07-01 12:00:00.", "2026-07-01T12:00:00"}) {
    CAPTURE(bad);
    CHECK(!parse_target_time(bad));
  }
}

TEST_CASE("target time: without an offset it is given the one that it was read with") {
  const zone here("CET-1CEST,M3.5.0,M10.5.0/3");
  CHECK(*with_zone("2026-07-01 12:00:00.5") == "2026-07-01 12:00:00.5+02");
  CHECK(*with_zone("2026-12-01 12:00:00") == "2026-12-01 12:00:00+01");
  CHECK(*with_zone("2026-12-01 12:00:00-05:30") == "2026-12-01 12:00:00-05:30");
  CHECK(!with_zone("tomorrow"));
  // The hour that comes twice, and the one that does not come.
  for (const auto* odd : {"2026-10-25 02:30:00", "2026-03-29 02:30:00"})
    CHECK(*parse_target_time(*with_zone(odd)) == *parse_target_time(odd));
  const zone there("IST-5:30");
  CHECK(*with_zone("2026-12-01 12:00:00") == "2026-12-01 12:00:00+05:30");
  const zone west("NST3:30");
  CHECK(*with_zone("2026-12-01 12:00:00") == "2026-12-01 12:00:00-03:30");
}

TEST_CASE("target timeline: what the release does on its own") {
  using enum timeline_wish_kind;
  CHECK(read_timeline_wish({}, recovery_type::standard, 150000)->kind == latest);
  CHECK(read_timeline_wish({}, recovery_type::standard, 110000)->kind == current);
  CHECK(read_timeline_wish({}, recovery_type::immediate, 150000)->kind == current);
  CHECK(read_timeline_wish("0x1F", recovery_type::time, 150000)->number == 31);
  CHECK(read_timeline_wish("12", recovery_type::time, 150000)->number == 12);
  CHECK(!read_timeline_wish("0x", recovery_type::time, 150000));
  CHECK(!read_timeline_wish("0", recovery_type::time, 150000));
  const auto word = read_timeline_wish("newest", recovery_type::time, 150000);
  REQUIRE_FALSE(word);
  CHECK(word.failure().code == errc::db_mismatch);
  CHECK(word.failure().message == "invalid target timeline 'newest'");
}

TEST_CASE("target timeline: must descend from the backup's after it began") {
  const format::timeline_switch history[] = {{1, 0x5000000}, {2, 0x7000000}};
  CHECK(check_timeline(3, 3, 0x1000000, {}));
  CHECK(check_timeline(3, 1, 0x4000000, history));
  const auto late = check_timeline(3, 1, 0x5000000, history);
  REQUIRE(!late);
  CHECK(late.failure().code == errc::db_mismatch);
  const auto stranger = check_timeline(3, 4, 0x1000000, history);
  REQUIRE(!stranger);
  CHECK(stranger.failure().message != late.failure().message);
}
