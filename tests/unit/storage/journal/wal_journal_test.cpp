// The journal of a repository, on memory.
// SPDX-License-Identifier: MIT
#include "storage/journal/wal_journal.hpp"
#include "tests/unit/engine/base/manual_clock.hpp"
#include "tests/unit/storage/power_cut.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::test;
using journal::wal_journal;

namespace {

constexpr uint64_t each_bytes = uint64_t{1} << 20;
const std::string journal_path = "spool/journal/demo/repo2";

std::string segment(unsigned number) {
  return "00000001000000000000000" + std::to_string(number);
}

plan::journal_entry entry_of(unsigned number, char content = 'a') {
  return {.wal = segment(number), .checksum = std::string(40, content), .size_bytes = each_bytes};
}

struct journal_rig {
  std::shared_ptr<faulty_memory> files = std::make_shared<faulty_memory>("/var");
  wal_journal journal{files, journal_path, 4 * each_bytes};

  /// Whether it was kept; fails as the journal does.
  result<bool> keep(unsigned number, char content = 'a') {
    auto writer = journal.begin(entry_of(number, content));
    if (!writer)
      return writer.failure();
    if (!*writer)
      return false;
    if (auto written = (*writer)->write(as_bytes(std::string(each_bytes, content))); !written)
      return written.failure();
    if (auto done = io::commit(**writer); !done)
      return done.failure();
    return true;
  }
  std::vector<std::string> waiting() {
    const auto there = journal.look();
    REQUIRE(there);
    std::vector<std::string> out;
    for (const auto& one : there->waiting)
      out.push_back(one.wal);
    return out;
  }
  std::vector<std::string> gaps() {
    const auto there = journal.look();
    REQUIRE(there);
    std::vector<std::string> out;
    for (const auto& one : there->gaps)
      out.push_back(plan::gap_name(one));
    return out;
  }
};

} // namespace

TEST_CASE("journal: what is kept is there in order, until it is forgotten") {
  journal_rig rig;
  CHECK(rig.waiting().empty());
  for (const unsigned number : {5, 3, 4})
    REQUIRE(*rig.keep(number));
  CHECK(rig.waiting() == std::vector{segment(3), segment(4), segment(5)});
  CHECK(rig.files->content(rig.journal.path_of(entry_of(4))) == std::string(each_bytes, 'a'));
  REQUIRE(rig.journal.forget(entry_of(3)));
  REQUIRE(rig.journal.forget(entry_of(3))); // by another process
  CHECK(rig.waiting() == std::vector{segment(4), segment(5)});
}

TEST_CASE("journal: the limit counts what is aside, too") {
  journal_rig rig;
  for (const unsigned number : {1, 2, 3, 4})
    REQUIRE(*rig.keep(number));
  CHECK_FALSE(*rig.keep(5));
  REQUIRE(rig.journal.set_aside(entry_of(1)));
  CHECK_FALSE(*rig.keep(5));
  CHECK(rig.waiting() == std::vector{segment(2), segment(3), segment(4)});
  REQUIRE(rig.journal.forget(entry_of(2)));
  CHECK(*rig.keep(5));
  CHECK(rig.journal.look()->aside.front().wal == segment(1));
}

TEST_CASE("journal: what PostgreSQL may need of a file system is left to it") {
  journal_rig rig;
  rig.files->set_capacity(10 * each_bytes);
  CHECK(*rig.keep(1));
  CHECK(*rig.keep(2)); // nine are free, and eight stay so
  CHECK_FALSE(*rig.keep(3));
}

TEST_CASE("journal: two contents of one name are both kept") {
  journal_rig rig;
  REQUIRE(*rig.keep(3, 'a'));
  REQUIRE(*rig.keep(3, 'b'));
  CHECK(rig.waiting() == std::vector{segment(3), segment(3)});
}

TEST_CASE("journal: without power at any change, an entry is whole or not there") {
  for (unsigned nth = 1;; ++nth) {
    journal_rig rig;
    {
      power_cut cut(*rig.files, nth);
      const auto kept = rig.keep(3);
      if (!cut.happened()) {
        CHECK(*kept);
        REQUIRE(nth > 3);
        break;
      }
      CHECK_FALSE(kept);
    }
    for (const auto& wal : rig.waiting())
      CHECK(wal == segment(3));
    if (const auto content = rig.files->content(rig.journal.path_of(entry_of(3))))
      CHECK(*content == std::string(each_bytes, 'a'));
    REQUIRE(*rig.keep(3));
    CHECK(rig.waiting() == std::vector{segment(3)});
  }
}

TEST_CASE("journal: gaps grow, and are told to be new only once") {
  journal_rig rig;
  CHECK(*rig.journal.note_gap(segment(3), each_bytes));
  CHECK_FALSE(*rig.journal.note_gap(segment(4), each_bytes));
  CHECK_FALSE(*rig.journal.note_gap(segment(4), each_bytes));
  CHECK(*rig.journal.note_gap(segment(7), each_bytes));
  CHECK(rig.gaps() == std::vector{segment(3) + "-" + segment(4) + ".gap",
                                  segment(7) + "-" + segment(7) + ".gap"});
}

TEST_CASE("journal: a whole range is one new name") {
  journal_rig rig;
  REQUIRE(*rig.keep(1));
  size_t changes = 0;
  rig.files->set_hook([&](storage_verb verb, std::string_view path) {
    changes +=
        path.ends_with(".gap") && (verb == storage_verb::publish || verb == storage_verb::move);
    return std::optional<error>();
  });
  const auto wals = std::vector{segment(3), segment(4), segment(5), segment(6), segment(8)};
  CHECK(*rig.journal.note_gap(wals, each_bytes));
  rig.files->set_hook({});
  CHECK(rig.gaps() == std::vector{segment(3) + "-" + segment(6) + ".gap",
                                  segment(8) + "-" + segment(8) + ".gap"});
  CHECK(changes == 2);
  CHECK_FALSE(*rig.journal.note_gap(wals, each_bytes));
  CHECK_FALSE(*rig.journal.note_gap(std::vector{segment(7)}, each_bytes));
}

TEST_CASE("journal: what has a name of ours and is no file is passed over, and told") {
  journal_rig rig;
  REQUIRE(*rig.keep(3));
  const auto gap = plan::gap_name({segment(4), segment(4)});
  REQUIRE(rig.files->make_path(rig.journal.path_of(entry_of(5))));
  REQUIRE(rig.files->make_path(journal_path + "/" + gap));
  REQUIRE(rig.files->make_path(journal_path + "/hold"));
  REQUIRE(rig.files->make_path(journal_path + "/somebody else's"));
  const auto there = rig.journal.look();
  REQUIRE(there);
  CHECK(there->waiting.size() == 1);
  CHECK(there->gaps.empty());
  CHECK_FALSE(there->hold);
  CHECK(there->passed_over ==
        std::vector{gap, plan::journal_name(entry_of(5)), std::string("hold")});
}

TEST_CASE("journal: a full disk takes a gap") {
  journal_rig rig;
  REQUIRE(*rig.keep(1));
  rig.files->set_capacity(rig.files->used_bytes());
  CHECK(*rig.journal.note_gap(segment(3), each_bytes));
}

TEST_CASE("journal: without power at any change, a gap that was told is there") {
  for (unsigned nth = 1;; ++nth) {
    journal_rig rig;
    REQUIRE(rig.journal.note_gap(segment(3), each_bytes));
    {
      power_cut cut(*rig.files, nth);
      const auto noted = rig.journal.note_gap(segment(4), each_bytes);
      if (!cut.happened()) {
        REQUIRE(noted);
        REQUIRE(nth > 1);
        break;
      }
      CHECK_FALSE(noted);
    }
    REQUIRE(rig.journal.note_gap(segment(4), each_bytes));
    CHECK(rig.gaps() == std::vector{segment(3) + "-" + segment(4) + ".gap"});
  }
}

TEST_CASE("journal: a hold is there for the next one, and what cannot be read is none") {
  journal_rig rig;
  REQUIRE(rig.journal.set_hold(plan::hold_after({}, 1000, "nobody is there")));
  const auto there = rig.journal.look();
  REQUIRE(there);
  REQUIRE(there->hold);
  CHECK(there->hold->why == "nobody is there");
  REQUIRE(write_all(*rig.files, journal_path + "/hold", "what is that?"));
  CHECK_FALSE(rig.journal.look()->hold);
  REQUIRE(rig.journal.set_hold({}));
  CHECK(rig.journal.look()->empty());
}

TEST_CASE("journal: a full disk takes a hold, as far as its time goes") {
  manual_clock clock;
  journal_rig rig;
  rig.files->set_capacity(0);
  REQUIRE(rig.journal.set_hold(plan::hold_after({}, wall_s(), "nobody is there")));
  const auto there = rig.journal.look();
  REQUIRE(there);
  REQUIRE(there->hold);
  CHECK_FALSE(plan::is_try_due(*there->hold, wall_s()));
  CHECK(plan::is_try_due(*there->hold, wall_s() + 300));
}

TEST_CASE("journal: what killed writers left goes, what is being written stays") {
  manual_clock clock;
  journal_rig rig;
  REQUIRE(*rig.keep(3));
  const auto left = rig.journal.path_of(entry_of(4)) + ".0123456789abcdef.pgbackrest.tmp";
  REQUIRE(write_all(*rig.files, left, "half"));
  REQUIRE(rig.journal.remove_leftovers());
  CHECK(rig.files->content(left));
  clock.advance(std::chrono::hours(1));
  REQUIRE(rig.journal.remove_leftovers());
  CHECK_FALSE(rig.files->content(left));
  CHECK(rig.waiting() == std::vector{segment(3)});
}
