// Choices that a plain search through all candidates makes, too.
// SPDX-License-Identifier: MIT
#include "engine/plan/pool_size.hpp"
#include "engine/plan/restore_choice.hpp"
#include "engine/plan/restore_timeline.hpp"
#include "engine/plan/source_choice.hpp"
#include "engine/plan/target_time.hpp"
#include "engine/plan/wal_turn.hpp"
#include "engine/postgres/wal_name.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

using namespace pgbraid;
using namespace pgbraid::plan;
using test::between;

namespace {

/// Backups of up to three repositories, with times and LSNs that grow.
struct any_repositories {
  std::vector<format::backup_info> infos;
  std::vector<choice_candidate> candidates;

  any_repositories() {
    const auto count = *between<size_t>(1, 3);
    for (size_t i = 0; i < count; ++i) {
      format::backup_info info;
      info.current_id = 2;
      int64_t time_s = 0;
      for (auto more = *between(0, 5); more > 0; --more) {
        time_s += *between(1, 20);
        format::backup_summary one{.label = fmt::format("202601{:02}-000000F", 10 - more)};
        one.stop_s = time_s;
        one.history_id = *between<uint64_t>(1, 3) == 1 ? 1 : 2;
        if (*between(0, 4) != 0)
          one.lsn_stop = postgres::format_lsn(static_cast<uint64_t>(time_s));
        info.add(std::move(one));
      }
      infos.push_back(std::move(info));
    }
    for (size_t i = 0; i < count; ++i)
      candidates.push_back({static_cast<unsigned>(i + 1), &infos[i]});
  }
};

} // namespace

TEST_CASE("choice model: by time the newest that ended before, in the first repository with one") {
  test::for_all([] {
    const any_repositories of;
    const auto target_s = *between<int64_t>(0, 100);
    const auto chosen = choose_backup(
        of.candidates,
        {.type = recovery_type::time,
         .target = fmt::format("1970-01-01 00:{:02}:{:02}+00", target_s / 60, target_s % 60)});
    std::optional<std::pair<size_t, std::string>> wanted;
    for (size_t i = 0; i < of.infos.size() && !wanted; ++i)
      for (const auto& one : of.infos[i].backups)
        if (one.stop_s < target_s)
          wanted = std::pair(i, one.label);
    RC_ASSERT(bool(chosen) == wanted.has_value());
    if (wanted)
      RC_ASSERT(std::pair(chosen->candidate, chosen->label) == *wanted);
    else
      RC_ASSERT(chosen.failure().code == errc::backup_set_invalid);
  });
}

TEST_CASE(
    "choice model: by LSN the newest that stopped at it or before; one without ends the search") {
  test::for_all([] {
    const any_repositories of;
    const auto target = *between<uint64_t>(0, 100);
    const auto chosen = choose_backup(
        of.candidates, {.type = recovery_type::lsn, .target = postgres::format_lsn(target)});
    std::optional<std::pair<size_t, std::string>> wanted;
    size_t without = 0;
    for (size_t i = 0; i < of.infos.size() && !wanted; ++i) {
      const auto& backups = of.infos[i].backups;
      for (auto at = backups.size(); at-- > 0 && !wanted;) {
        if (!backups[at].lsn_stop) {
          ++without;
          break;
        }
        if (*postgres::parse_lsn(*backups[at].lsn_stop) <= target)
          wanted = std::pair(i, backups[at].label);
      }
    }
    RC_ASSERT(bool(chosen) == wanted.has_value());
    if (!wanted)
      return;
    RC_ASSERT(std::pair(chosen->candidate, chosen->label) == *wanted);
    RC_ASSERT(chosen->warnings.size() == without);
  });
}

TEST_CASE("choice model: without a target the newest of the first repository that has any") {
  test::for_all([] {
    const any_repositories of;
    const auto chosen = choose_backup(of.candidates, {});
    const auto first =
        std::ranges::find_if(of.infos, [](const auto& info) { return !info.backups.empty(); });
    const bool usable = first != of.infos.end() && first->backups.back().history_id == 2;
    RC_ASSERT(bool(chosen) == usable);
    if (usable)
      RC_ASSERT(chosen->label == first->backups.back().label);
    else
      RC_ASSERT(chosen.failure().code == errc::backup_set_invalid);
  });
}

TEST_CASE("choice model: a timeline can be followed when it left the backup's after its start") {
  test::for_all([] {
    std::vector<format::timeline_switch> history;
    uint64_t lsn = 0;
    for (uint32_t timeline = 1; timeline <= 5; ++timeline)
      if (*between(0, 3) != 0)
        history.push_back({timeline, lsn += *between(1, 20)});
    const auto of_backup = *between(1U, 6U);
    const auto start = *between<uint64_t>(0, 60);
    bool reachable = of_backup == 6;
    for (const auto& one : history)
      reachable = reachable || (one.timeline == of_backup && one.lsn > start);
    const auto checked = check_timeline(6, of_backup, start, history);
    RC_ASSERT(bool(checked) == reachable);
    if (!reachable)
      RC_ASSERT(checked.failure().code == errc::db_mismatch);
  });
}

TEST_CASE("choice model: the source that is read next would be done first") {
  test::for_all([] {
    std::vector<source_load> from(*between<size_t>(1, 5));
    for (auto& one : from) {
      one.usable = *between(0, 3) != 0;
      one.in_flight_bytes = *between<uint64_t>(0, 1 << 30);
      one.done_bytes = *between<uint64_t>(uint64_t{1} << 20, 1 << 30);
      one.busy_s = *between(1, 100);
    }
    const auto more = *between<uint64_t>(0, 1 << 30);
    const auto until = [&](const source_load& one) {
      return static_cast<double>(one.in_flight_bytes + more) * one.busy_s /
             static_cast<double>(one.done_bytes);
    };
    const auto next = choose_source(from, more);
    RC_ASSERT(next.has_value() == std::ranges::any_of(from, &source_load::usable));
    if (!next)
      return;
    RC_ASSERT(from[*next].usable);
    for (const auto& one : from)
      RC_ASSERT((!one.usable || until(from[*next]) <= until(one) * 1.000001));
  });
}

TEST_CASE(
    "choice model: of all who want to store one segment one goes first, whatever each has seen") {
  test::for_all([] {
    // Each has announced before it looks, so of two at least one sees the other.
    const auto checksums = *rc::gen::unique<std::vector<std::string>>(
        rc::gen::map(between(0, 99), [](int n) { return fmt::format("{:040}", n); }));
    std::vector<format::wal_entry> announced;
    int free_to_store = 0;
    for (const auto& checksum : checksums) {
      announced.push_back({.file_name = "x", .checksum = checksum});
      const auto turn = wal_turn_of(checksum, {}, announced);
      RC_ASSERT(turn != wal_turn::taken);
      RC_ASSERT(turn != wal_turn::stored);
    }
    for (const auto& checksum : checksums)
      free_to_store += wal_turn_of(checksum, {}, announced) != wal_turn::second ? 1 : 0;
    RC_ASSERT(free_to_store == (checksums.empty() ? 0 : 1));
    // Once one is stored all others know that the name is taken.
    for (const auto& checksum : checksums)
      RC_ASSERT(wal_turn_of(checksum, std::span(announced).last(1), announced) ==
                (checksum == checksums.back() ? wal_turn::stored : wal_turn::taken));
  });
}

TEST_CASE("pool model: within its limits, never more by more than a quarter, never less by more "
          "than one") {
  test::for_all([] {
    const auto least = *between<size_t>(1, 4);
    const pool_limits limits{least, least + *between<size_t>(0, 30)};
    pool_state now{.workers = limits.min_workers};
    for (auto more = *between(0, 200); more > 0; --more) {
      const pool_sample seen{.bytes = *between<uint64_t>(0, 10'000'000),
                             .seconds = *rc::gen::element(0.0, 0.1, 1.0),
                             .work_waits = *rc::gen::arbitrary<bool>()};
      const auto next = next_pool_size(now, seen, limits);
      RC_ASSERT(next.workers >= limits.min_workers);
      RC_ASSERT(next.workers <= limits.max_workers);
      RC_ASSERT(next.workers + 1 >= now.workers);
      RC_ASSERT(next.workers <= now.workers + std::max<size_t>(1, now.workers / 4));
      if (!seen.work_waits || seen.seconds <= 0)
        RC_ASSERT(next.workers <= now.workers);
      if (seen.seconds <= 0)
        RC_ASSERT(next.workers == now.workers);
      now = next;
    }
  });
}

TEST_CASE("pool model: what brought less than 3 % goes back, and is not tried again at once") {
  for (const double gain : {0.5, 1.0, 1.02, 1.04, 2.0}) {
    CAPTURE(gain);
    const pool_limits limits{1, 64};
    pool_state now{.workers = 1};
    now = next_pool_size(now, {.bytes = 1'000'000, .seconds = 1}, limits);
    REQUIRE(now.workers == 2);
    now = next_pool_size(now, {.bytes = static_cast<uint64_t>(1'000'000 * gain), .seconds = 1},
                         limits);
    if (gain > 1.03) {
      CHECK(now.workers == 3);
      continue;
    }
    CHECK(now.workers == 1);
    int held = 0;
    while (now.workers == 1 && held < 1000) {
      now = next_pool_size(now, {.bytes = 1'000'000, .seconds = 1}, limits);
      ++held;
    }
    CHECK(held > 5);
    CHECK(held < 1000);
  }
}
