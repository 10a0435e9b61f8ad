// Names, gaps and pauses of a journal.
// SPDX-License-Identifier: MIT
#include "engine/plan/journal_entry.hpp"
#include "engine/plan/journal_hold.hpp"
#include "engine/plan/wal_gap.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <span>
#include <vector>

using namespace pgbraid::plan;

namespace {

const std::string checksum(40, 'a');
constexpr uint64_t mib = uint64_t{1} << 20;

std::string segment(unsigned number, char timeline = '1') {
  constexpr std::string_view digits = "0123456789ABCDEF";
  return std::string("0000000") + timeline + "00000000000000" + digits[number / 16] +
         digits[number % 16];
}

std::vector<wal_gap> after(std::vector<wal_gap> gaps, const std::vector<std::string>& missing) {
  for (const auto& wal : missing) {
    const auto change = widen_gaps(gaps, std::span(&wal, 1), 16 * mib);
    if (!change)
      continue;
    if (change->from)
      std::erase(gaps, *change->from);
    gaps.push_back(change->to);
  }
  return gaps;
}

} // namespace

TEST_CASE("journal: a name tells the WAL file and its content") {
  for (const auto& wal : {segment(3), segment(3) + ".partial", std::string("00000002.history"),
                          segment(3) + ".00000028.backup"})
    for (const bool aside : {false, true}) {
      const journal_entry entry{.wal = wal, .checksum = checksum, .aside = aside};
      CHECK(journal_name(entry) == wal + "-" + checksum + (aside ? ".aside" : ""));
      CHECK(parse_journal_name(journal_name(entry)) == entry);
    }
}

TEST_CASE("journal: what nobody writes is no entry") {
  for (const auto& name :
       {std::string(), segment(3), segment(3) + "-", "x-" + checksum,
        segment(3) + "-" + checksum + "a", segment(3) + "-" + std::string(40, 'A'),
        segment(3) + "-" + checksum + ".lz4",
        segment(3) + "-" + checksum + ".0123456789abcdef.pgbackrest.tmp", std::string("hold"),
        segment(3) + "-" + segment(4) + ".gap", "../" + segment(3) + "-" + checksum})
    CHECK_FALSE(parse_journal_name(name));
}

TEST_CASE("journal: history first, then by name, and of one name the older first") {
  std::vector<journal_entry> all{
      {.wal = segment(4), .checksum = checksum, .since_s = 1},
      {.wal = segment(3), .checksum = checksum, .since_s = 9},
      {.wal = segment(3), .checksum = std::string(40, 'b'), .since_s = 8},
      {.wal = "00000002.history", .checksum = checksum, .since_s = 10}};
  sort_journal(all);
  CHECK(all[0].wal == "00000002.history");
  CHECK(all[1].since_s == 8);
  CHECK(all[2].since_s == 9);
  CHECK(all[3].wal == segment(4));
}

TEST_CASE("gaps: what follows makes one longer, anything else is another one") {
  CHECK(after({}, {segment(3), segment(4), segment(5)}) ==
        std::vector<wal_gap>{{segment(3), segment(5)}});
  CHECK(after({}, {segment(5), segment(4)}) == std::vector<wal_gap>{{segment(4), segment(5)}});
  CHECK(after({}, {segment(3), segment(5)}) ==
        std::vector<wal_gap>{{segment(3), segment(3)}, {segment(5), segment(5)}});
  CHECK(after({}, {segment(3), segment(4, '2')}).size() == 2);
  CHECK(after({}, {segment(3), "00000002.history", segment(4)}) ==
        std::vector<wal_gap>{{"00000002.history", "00000002.history"}, {segment(3), segment(4)}});
}

TEST_CASE("gaps: what is covered needs nothing") {
  const std::vector<wal_gap> known{{segment(3), segment(9)},
                                   {"00000002.history", "00000002.history"}};
  for (const auto& wal : {segment(3), segment(5), segment(9), std::string("00000002.history")})
    CHECK_FALSE(widen_gaps(known, std::span(&wal, 1), 16 * mib));
  for (const auto& wal : {segment(5, '2'), segment(5) + ".partial"})
    CHECK(widen_gaps(known, std::span(&wal, 1), 16 * mib));
}

TEST_CASE("gaps: many files in a row are one step, whatever is covered of them") {
  const auto wals = std::vector{segment(9), segment(3), segment(4), segment(5), segment(8)};
  const auto first = widen_gaps({}, wals, 16 * mib);
  REQUIRE(first);
  CHECK_FALSE(first->from);
  CHECK(first->to == wal_gap{segment(3), segment(5)});
  const auto second = widen_gaps(std::vector{first->to}, wals, 16 * mib);
  REQUIRE(second);
  CHECK(second->to == wal_gap{segment(8), segment(9)});
  CHECK_FALSE(widen_gaps(std::vector{first->to, second->to}, wals, 16 * mib));
  // What is covered in the middle is where one of the two new parts is added.
  const wal_gap middle{segment(4), segment(4), 17};
  const auto part = widen_gaps(std::vector{middle}, wals, 16 * mib);
  REQUIRE(part);
  CHECK(part->from == middle);
  CHECK(part->to == wal_gap{segment(3), segment(4), 17});
}

TEST_CASE("journal: what waits longer than it may") {
  const std::vector<journal_entry> all{{.wal = segment(3), .checksum = checksum, .since_s = 100},
                                       {.wal = segment(4), .checksum = checksum, .since_s = 150},
                                       {.wal = segment(5), .checksum = checksum, .since_s = 900}};
  CHECK(outlived(all, 160, 60).empty());
  CHECK(outlived(all, 161, 60) == std::vector{all[0]});
  CHECK(outlived(all, 900, 60) == std::vector{all[0], all[1]});
  CHECK(outlived(all, 50, 60).empty()); // the clock was set back
}

TEST_CASE("gaps: the end of a log file of 4 GiB is followed by the next one") {
  const std::string last = "0000000100000000000000FF";
  const std::string next = "000000010000000100000000";
  CHECK(after({}, {last, next}) == std::vector<wal_gap>{{last, next}});
}

TEST_CASE("gaps: a name is all of a marker") {
  const wal_gap gap{segment(3), segment(9)};
  CHECK(parse_gap_name(gap_name(gap)) == gap);
  const wal_gap history{"00000002.history", "00000002.history"};
  CHECK(parse_gap_name(gap_name(history)) == history);
  for (const auto& name : {segment(9) + "-" + segment(3) + ".gap", segment(3) + ".gap",
                           segment(3) + "-" + segment(9, '2') + ".gap", segment(3) + "-x.gap",
                           segment(3) + "-" + segment(9), std::string(".gap")})
    CHECK_FALSE(parse_gap_name(name));
}

TEST_CASE("hold: each failure is given longer, two minutes at most") {
  std::optional<journal_hold> hold;
  int64_t before_s = 0;
  for (unsigned i = 1; i <= 40; ++i) {
    hold = hold_after(hold, 1000, "nobody is there");
    CHECK(hold->failures == i);
    CHECK(hold->since_s == 1000);
    const auto pause_s = hold->next_s - 1000;
    CHECK(pause_s >= before_s);
    CHECK(pause_s > 0);
    CHECK(pause_s <= 120);
    before_s = pause_s;
  }
  CHECK(before_s == 120);
}

TEST_CASE("hold: a try is due at its time, and when the clock was set back") {
  const auto hold = hold_after({}, 10'000, "");
  CHECK_FALSE(is_try_due(hold, 10'000));
  CHECK_FALSE(is_try_due(hold, hold.next_s - 1));
  CHECK(is_try_due(hold, hold.next_s));
  CHECK(is_try_due(hold, 5'000));
}

TEST_CASE("hold: what is written is read, and nothing else") {
  const journal_hold hold{
      .failures = 3, .since_s = 17, .next_s = 40, .why = "first line\nsecond line"};
  const auto read = parse_hold(render_hold(hold));
  REQUIRE(read);
  CHECK(read->failures == 3);
  CHECK(read->since_s == 17);
  CHECK(read->next_s == 40);
  CHECK(read->why == hold.why);
  for (const std::string text :
       {"", "3", "3 17 40", "0 17 40\n", "a 17 40\n", "3 17\n", "-1 17 40\n"})
    CHECK_FALSE(parse_hold(text));
}
