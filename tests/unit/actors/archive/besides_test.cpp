// Repositories that PostgreSQL does not wait for.
// SPDX-License-Identifier: MIT
#include "actors/archive/journal_age.hpp"
#include "actors/archive/journaled_repository.hpp"
#include "tests/unit/actors/archive/besides_rig.hpp"
#include "tests/unit/storage/power_cut.hpp"

#include <future>
#include <stdexcept>
#include <thread>
#include <utility>

using namespace pgbraid;
using namespace pgbraid::test;

TEST_CASE("besides: where all is well, all have it, and nothing is kept") {
  besides_rig rig;
  REQUIRE(rig.push(1) == errc{});
  CHECK(rig.has(0, 1));
  CHECK(rig.has(1, 1));
  CHECK(rig.kept().empty());
}

TEST_CASE("besides: one that is down holds nobody up, and gets all in order when it is back") {
  besides_rig rig;
  rig.places[1]->refusals = 1;
  for (const unsigned number : {1, 2, 3})
    REQUIRE(rig.push(number) == errc{});
  CHECK(rig.waiting() == std::vector{segment(1), segment(2), segment(3)});
  CHECK(rig.has(0, 3));
  CHECK(rig.stored(1, segment(1)).empty());
  // PostgreSQL has used these files again meanwhile.
  for (const unsigned number : {1, 2, 3})
    rig.write(rig.wal, segment(number), std::string(rig_segment_bytes, 'z'));
  std::vector<std::string> order;
  rig.places[1]->files->set_hook([&](storage_verb verb, std::string_view path) {
    if (verb == storage_verb::publish)
      order.push_back(std::string(path.substr(path.rfind('/') + 1, 24)));
    return std::optional<error>();
  });
  rig.later();
  REQUIRE(rig.push(4) == errc{});
  rig.places[1]->files->set_hook({});
  CHECK(order == std::vector{segment(1), segment(2), segment(3), segment(4)});
  CHECK(rig.kept().empty());
  for (const unsigned number : {1, 2, 3, 4})
    CHECK(rig.has(1, number));
}

TEST_CASE("besides: one that failed is not asked again before its time") {
  besides_rig rig;
  rig.places[1]->refusals = 100;
  for (const unsigned number : {1, 2, 3, 4})
    REQUIRE(rig.push(number) == errc{});
  CHECK(rig.places[1]->refusals == 99);
  rig.later();
  REQUIRE(rig.push(5) == errc{});
  CHECK(rig.places[1]->refusals == 98);
  CHECK(rig.kept().hold->failures == 2);
}

TEST_CASE("besides: one that never answers is left behind, and is not waited for again") {
  besides_rig rig;
  std::promise<void> end;
  const auto ended = end.get_future().share();
  int asked = 0;
  auto between = rig.ends();
  between.besides[0].door.open = [ended, &asked, &rig]() -> result<open_repository> {
    ++asked;
    rig.hang(ended, std::chrono::seconds(3));
    return error{errc::host_connect, "that was long"};
  };
  for (const unsigned number : {1, 2}) {
    rig.wanted.wal.name = segment(number);
    REQUIRE(push_wal(rig.wanted, between));
    rig.left = true;
  }
  CHECK(asked == 1);
  CHECK(rig.waiting() == std::vector{segment(1), segment(2)});
  CHECK(rig.kept().hold);
  end.set_value();
}

TEST_CASE("besides: one that hangs while it is given a file is left behind, too") {
  besides_rig rig;
  std::promise<void> end;
  const auto ended = end.get_future().share();
  rig.places[1]->files->set_hook([ended, &rig](storage_verb verb, std::string_view) {
    if (verb == storage_verb::publish)
      rig.hang(ended, std::chrono::seconds(20));
    return std::optional<error>();
  });
  rig.wanted.wal.name = segment(1);
  REQUIRE(push_wal(rig.wanted, rig.ends()));
  rig.left = true;
  CHECK(rig.waiting() == std::vector{segment(1)});
  CHECK(rig.kept().hold);
  // It comes to its end after all, which does no harm.
  end.set_value();
  join_all_asides();
  rig.places[1]->files->set_hook({});
  rig.later();
  REQUIRE(rig.push(2) == errc{});
  CHECK(rig.has(1, 1));
  CHECK(rig.has(1, 2));
  CHECK(rig.kept().empty());
}

TEST_CASE("besides: what is required is, whatever the others do") {
  besides_rig rig;
  rig.places[0]->refusals = 1;
  CHECK(rig.push(1) == errc::repo_invalid);
  CHECK(rig.kept().waiting.empty());
  REQUIRE(rig.push(1) == errc{});
  CHECK(rig.has(1, 1));
}

TEST_CASE("besides: what throws is an error of its repository, and ends nothing else") {
  besides_rig rig;
  const auto throws = [](storage_verb verb, std::string_view) -> std::optional<error> {
    if (verb == storage_verb::publish)
      throw std::runtime_error("of a library");
    return {};
  };
  rig.places[1]->files->set_hook(throws);
  REQUIRE(rig.push(1) == errc{});
  REQUIRE(rig.kept().hold);
  CHECK(rig.kept().hold->why == "unexpected failure: of a library");
  rig.later();
  REQUIRE(rig.push(2) == errc{}); // now it is what waits that throws
  CHECK(rig.waiting() == std::vector{segment(1), segment(2)});
  rig.places[0]->files->set_hook(throws);
  CHECK(rig.push(3) == errc::unhandled);
  CHECK(rig.waiting().size() == 2);
}

TEST_CASE("besides: what waits longer than it may is a gap, whatever the repository does") {
  besides_rig rig;
  rig.max_age_s = 3600;
  rig.places[1]->refusals = 100;
  for (const unsigned number : {1, 2, 3})
    REQUIRE(rig.push(number) == errc{});
  rig.clock.advance(std::chrono::minutes(50));
  REQUIRE(rig.push(4) == errc{});
  CHECK(rig.waiting().size() == 4);
  rig.clock.advance(std::chrono::minutes(11));
  // By the clock of a batch, without any file.
  give_up_old(rig.ends().besides[0], segment(2));
  CHECK(rig.waiting() == std::vector{segment(2), segment(4)});
  give_up_old(rig.ends().besides[0]);
  CHECK(rig.waiting() == std::vector{segment(4)});
  // The one in the middle came last, and made the first gap longer.
  REQUIRE(rig.kept().gaps.size() == 2);
  CHECK(plan::gap_name(rig.kept().gaps[0]) == segment(1) + "-" + segment(2) + ".gap");
  CHECK(plan::gap_name(rig.kept().gaps[1]) == segment(3) + "-" + segment(3) + ".gap");
  // What came later goes on.
  rig.places[1]->refusals = 0;
  rig.later();
  REQUIRE(rig.push(5) == errc{});
  CHECK(rig.has(1, 4));
  CHECK(rig.has(1, 5));
  CHECK(rig.stored(1, segment(1)).empty());
}

TEST_CASE("besides: without power at any change, what is given up is waiting or a gap") {
  for (unsigned nth = 1;; ++nth) {
    besides_rig rig;
    rig.max_age_s = 3600;
    rig.places[1]->refusals = 100;
    for (const unsigned number : {1, 2})
      REQUIRE(rig.push(number) == errc{});
    rig.clock.advance(std::chrono::hours(2));
    bool happened = false;
    {
      power_cut cut(*rig.spool, nth);
      give_up_old(rig.ends().besides[0]);
      happened = cut.happened();
    }
    if (rig.kept().gaps.empty())
      CHECK(rig.waiting().size() == 2);
    if (!happened) {
      CHECK(rig.waiting().empty());
      REQUIRE(nth > 2);
      break;
    }
    give_up_old(rig.ends().besides[0]);
    CHECK(rig.waiting().empty());
    REQUIRE(rig.kept().gaps.size() == 1);
    CHECK(rig.kept().gaps[0].last == segment(2));
  }
}

TEST_CASE("besides: a call gives it so much of what waits, and the rest with the next ones") {
  besides_rig rig;
  rig.places[1]->refusals = 1;
  for (const unsigned number : {1, 2, 3, 4, 5, 6})
    REQUIRE(rig.push(number) == errc{});
  rig.later();
  REQUIRE(rig.push(7) == errc{});
  CHECK(rig.waiting() == std::vector{segment(5), segment(6), segment(7)});
  REQUIRE(rig.push(8) == errc{});
  CHECK(rig.kept().empty());
  for (unsigned number = 1; number <= 8; ++number)
    CHECK(rig.has(1, number));
}

TEST_CASE("besides: history files wait, too") {
  besides_rig rig;
  rig.places[1]->refusals = 1;
  rig.write(rig.wal, "00000002.history", "1\t0/3000000\tno recovery target\n");
  rig.wanted.wal.name = "00000002.history";
  REQUIRE(push_wal(rig.wanted, rig.ends()));
  CHECK(rig.waiting() == std::vector{std::string("00000002.history")});
  rig.later();
  REQUIRE(rig.push(1) == errc{});
  CHECK(rig.places[1]->files->content(format::wal_history_path(
            "demo", "15-1", "00000002.history")) == "1\t0/3000000\tno recovery target\n");
  CHECK(rig.kept().empty());
}

TEST_CASE("besides: what exceeds the limit is a gap, which is told once; others go on") {
  besides_rig rig;
  rig.journal = {rig.spool, "spool/journal/demo/repo2", 2 * rig_segment_bytes};
  rig.places[1]->refusals = 1;
  for (const unsigned number : {1, 2, 3, 4, 5})
    REQUIRE(rig.push(number) == errc{});
  CHECK(rig.waiting() == std::vector{segment(1), segment(2)});
  REQUIRE(rig.kept().gaps.size() == 1);
  CHECK(plan::gap_name(rig.kept().gaps[0]) == segment(3) + "-" + segment(5) + ".gap");
  CHECK(rig.warnings.size() == 1);
  CHECK(rig.warnings.at(0).find("repo2 will have a gap from WAL file '" + segment(3)) == 0);
  CHECK(rig.has(0, 5));
  rig.later();
  REQUIRE(rig.push(6) == errc{});
  CHECK(rig.waiting().empty());
  CHECK(rig.kept().gaps.size() == 1);
  for (const unsigned number : {1, 2, 6})
    CHECK(rig.has(1, number));
}

TEST_CASE("besides: what is kept already needs no more room, and is no gap") {
  besides_rig rig;
  rig.journal = {rig.spool, "spool/journal/demo/repo2", rig_segment_bytes};
  rig.places[1]->refusals = 1;
  for (const unsigned number : {1, 1, 2})
    REQUIRE(rig.push(number) == errc{});
  CHECK(rig.waiting() == std::vector{segment(1)});
  REQUIRE(rig.kept().gaps.size() == 1);
  CHECK(rig.kept().gaps[0].first == segment(2));
}

TEST_CASE("besides: a full disk under the journal is a gap; one that takes nothing is an error") {
  besides_rig rig;
  rig.places[1]->refusals = 1000;
  rig.spool->set_hook([](storage_verb verb, std::string_view path) -> std::optional<error> {
    if (verb == storage_verb::write && path.find("/0000") != path.npos &&
        path.find(".gap") == path.npos)
      return error{errc::file_write, "there is no room"};
    return {};
  });
  REQUIRE(rig.push(1) == errc{});
  CHECK(rig.waiting().empty());
  CHECK(rig.kept().gaps.size() == 1);
  rig.spool->fail(storage_verb::open_write, 1, {errc::file_write, "read-only"}, true);
  CHECK(rig.push(2) == errc{}); // the same marker, longer
  rig.spool->fail(storage_verb::move, 1, {errc::file_move, "read-only"}, true);
  CHECK(rig.push(3) == errc::command);
  CHECK(rig.places[1]->refusals == 999);
  CHECK(rig.has(0, 3));
  CHECK(rig.kept().gaps[0].last == segment(2));
}

TEST_CASE("besides: WAL that cannot be read is no gap") {
  besides_rig rig;
  rig.places[1]->refusals = 1;
  rig.wanted.wal.name = segment(1);
  auto between = rig.ends();
  auto gone = std::make_shared<faulty_memory>("/pg/pg_wal");
  between.besides[0].door = rig.doors()[1];
  // repo1 is given the file, and then it is away.
  rig.places[0]->files->set_hook([&](storage_verb verb, std::string_view) {
    if (verb == storage_verb::publish)
      REQUIRE(rig.wal.remove_file(segment(1)));
    return std::optional<error>();
  });
  const auto done = push_wal(rig.wanted, between);
  join_all_asides();
  rig.places[0]->files->set_hook({});
  REQUIRE_FALSE(done);
  CHECK(done.failure().code == errc::file_missing);
  CHECK(rig.kept().waiting.empty());
  CHECK(rig.kept().gaps.empty());
}

TEST_CASE("besides: a file that cannot be read for a moment is kept, and stored the next time") {
  for (const auto code : {errc::file_open, errc::file_read}) {
    besides_rig rig;
    bool fails = false;
    rig.places[0]->files->set_hook([&](storage_verb verb, std::string_view) {
      fails = fails || verb == storage_verb::publish;
      return std::optional<error>();
    });
    rig.wal.set_hook([&](storage_verb verb, std::string_view) -> std::optional<error> {
      if (verb == storage_verb::open_read && std::exchange(fails, false))
        return error{code, "for a moment"};
      return {};
    });
    REQUIRE(rig.push(1) == errc{});
    rig.places[0]->files->set_hook({});
    rig.wal.set_hook({});
    CHECK(rig.waiting() == std::vector{segment(1)});
    CHECK(rig.kept().aside.empty());
    CHECK(rig.kept().gaps.empty());
    rig.later();
    REQUIRE(rig.push(2) == errc{});
    CHECK(rig.has(1, 1));
    CHECK(rig.has(1, 2));
    CHECK(rig.kept().empty());
  }
}

TEST_CASE("besides: what cannot be opened in the journal for a moment is no gap") {
  for (const auto code : {errc::file_open, errc::memory}) {
    besides_rig rig;
    rig.places[1]->refusals = 1;
    REQUIRE(rig.push(1) == errc{});
    rig.later();
    const auto entry = rig.journal.path_of(rig.kept().waiting.at(0));
    rig.spool->set_hook([&](storage_verb verb, std::string_view path) -> std::optional<error> {
      if (verb == storage_verb::open_read && path == entry)
        return error{code, "for a moment"};
      return {};
    });
    REQUIRE(rig.push(2) == errc{});
    rig.spool->set_hook({});
    CHECK(rig.waiting() == std::vector{segment(1), segment(2)});
    CHECK(rig.kept().gaps.empty());
    rig.later();
    REQUIRE(rig.push(3) == errc{});
    for (const unsigned number : {1, 2, 3})
      CHECK(rig.has(1, number));
    CHECK(rig.kept().empty());
  }
}

TEST_CASE("besides: other content under its name is left aside, and what follows is stored") {
  besides_rig rig;
  const auto other = rig_content('o');
  rig.write(*rig.places[1]->files, rig.path_of(other, segment(1)), other);
  REQUIRE(rig.push(1) == errc{});
  REQUIRE(rig.kept().aside.size() == 1);
  CHECK(rig.kept().aside[0].wal == segment(1));
  CHECK(rig.kept().gaps.empty());
  CHECK(rig.warnings.size() == 1);
  REQUIRE(rig.push(2) == errc{});
  CHECK(rig.has(1, 2));
  CHECK(rig.stored(1, segment(1)) == std::vector{rig.path_of(other, segment(1))});
}

TEST_CASE(
    "besides: what is damaged in the journal is never stored, leaves a gap and blocks nothing") {
  const auto whole = content_of(1);
  for (const auto& damaged : {whole.substr(0, 1000), std::string(rig_segment_bytes, 'z'),
                              rig_content('x'), rig_content('b', rig_system_id + 1)}) {
    besides_rig rig;
    rig.places[1]->refusals = 1;
    for (const unsigned number : {1, 2})
      REQUIRE(rig.push(number) == errc{});
    rig.write(*rig.spool, rig.journal.path_of(rig.kept().waiting.at(0)), damaged);
    rig.later();
    REQUIRE(rig.push(3) == errc{});
    CHECK(rig.stored(1, segment(1)).empty());
    CHECK(rig.has(1, 2));
    CHECK(rig.has(1, 3));
    CHECK(rig.kept().aside.size() == 1);
    REQUIRE(rig.kept().gaps.size() == 1);
    CHECK(rig.kept().gaps[0].first == segment(1));
  }
}

TEST_CASE("besides: segments of another cluster are not stored, although they are what they say") {
  besides_rig rig;
  rig.places[1]->refusals = 1;
  REQUIRE(rig.push(1) == errc{});
  const auto foreign = rig_content('f', rig_system_id + 1);
  rig.write(*rig.spool,
            rig.journal.path_of(
                {.wal = segment(2), .checksum = to_hex(codec::sha1_of(as_bytes(foreign)))}),
            foreign);
  rig.later();
  REQUIRE(rig.push(3) == errc{});
  CHECK(rig.stored(1, segment(2)).empty());
  CHECK(rig.has(1, 1));
  CHECK(rig.has(1, 3));
  CHECK(rig.kept().aside.size() == 1);
}

TEST_CASE("besides: a repository of another cluster gets nothing, and all is kept for it") {
  besides_rig rig;
  auto control = *postgres::parse_control_file(as_bytes(rig_control()));
  control.system_id += 1;
  rig.places[1]->files = std::make_shared<faulty_memory>();
  auto foreign = rig.open(rig.places[1], 2);
  REQUIRE(create_stanza(*foreign, control));
  REQUIRE(rig.push(1) == errc{});
  CHECK(rig.waiting() == std::vector{segment(1)});
  CHECK(rig.stored(1, segment(1)).empty());
  CHECK(rig.kept().hold->why.find("system-id") != std::string::npos);
}

TEST_CASE("besides: without power at any change of the repository nothing is lost") {
  for (unsigned nth = 1;; ++nth) {
    besides_rig rig;
    rig.places[1]->refusals = 1;
    REQUIRE(rig.push(1) == errc{});
    rig.later();
    bool happened = false;
    {
      power_cut cut(*rig.places[1]->files, nth);
      REQUIRE(rig.push(2) == errc{});
      happened = cut.happened();
    }
    rig.later();
    REQUIRE(rig.push(3) == errc{});
    for (const unsigned number : {1, 2, 3})
      CHECK(rig.has(1, number));
    CHECK(rig.kept().empty());
    if (!happened) {
      REQUIRE(nth > 6);
      break;
    }
  }
}

TEST_CASE(
    "besides: without power at any change of the journal, what was told is kept or has a marker") {
  for (unsigned nth = 1;; ++nth) {
    besides_rig rig;
    rig.places[1]->refusals = 1000;
    bool happened = false;
    errc told = {};
    {
      power_cut cut(*rig.spool, nth);
      told = rig.push(1);
      happened = cut.happened();
    }
    const auto kept = rig.kept();
    const bool safe = (kept.waiting.size() == 1 && kept.waiting[0].wal == segment(1)) ||
                      (kept.gaps.size() == 1 && kept.gaps[0].first == segment(1));
    CHECK((told != errc{} || safe));
    if (!happened) {
      REQUIRE(nth > 3);
      break;
    }
  }
}

TEST_CASE("besides: two that empty the same journal do no harm") {
  besides_rig rig;
  rig.places[1]->refusals = 1;
  for (const unsigned number : {1, 2, 3, 4})
    REQUIRE(rig.push(number) == errc{});
  rig.later();
  const auto ends = rig.ends();
  const auto one = [&] {
    journaled_repository at(ends.besides[0], rig.wanted, ends.wal, ends.pgdata,
                            {.drained_files = SIZE_MAX});
    at.begin();
    at.finish([] { return false; });
  };
  std::thread other(one);
  one();
  other.join();
  join_all_asides();
  CHECK(rig.kept().waiting.empty());
  CHECK(rig.kept().aside.empty());
  CHECK(rig.kept().gaps.empty());
  for (const unsigned number : {1, 2, 3, 4})
    CHECK(rig.has(1, number));
}

TEST_CASE("besides: a required one gets what waits from a time when it was none") {
  besides_rig rig;
  rig.places[1]->refusals = 1;
  REQUIRE(rig.push(1) == errc{});
  rig.later();
  auto between = rig.ends();
  between.besides[0].only_drains = true;
  between.to = rig.doors();
  rig.wanted.wal.name = segment(2);
  REQUIRE(push_wal(rig.wanted, between));
  join_all_asides();
  CHECK(rig.has(1, 1));
  CHECK(rig.has(1, 2));
  CHECK(rig.kept().empty());
}
