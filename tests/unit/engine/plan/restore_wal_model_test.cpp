// Gaps of an archive, against a search that asks for one segment after the other.
// SPDX-License-Identifier: MIT
#include "engine/plan/restore_wal.hpp"
#include "engine/postgres/wal_name.hpp"
#include "tests/unit/engine/plan/sample_backup.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace pgbraid;
using namespace pgbraid::plan;
using test::between;

namespace {

constexpr uint32_t segment_bytes = 16 << 20;
constexpr uint64_t last_number = 40;

/// A backup of timeline 1, and an archive with holes in which the server was promoted twice.
struct any_archive {
  uint64_t first = *between<uint64_t>(2, 10);
  uint64_t stop = first + *between<uint64_t>(0, 3);
  std::vector<uint64_t> forks; ///< where timelines 1 and 2 end, in bytes
  std::vector<archived_segment> stock;
  format::manifest backup = plan_test::sample_backup();

  any_archive() {
    // In the stop segment or behind it: a restore has seen to that.
    forks.push_back((stop + *between<uint64_t>(1, 10)) * segment_bytes + *between(0U, 9999U));
    forks.push_back(forks[0] + *between<uint64_t>(0, 6) * segment_bytes + 5);
    const auto holes = *between(0, 2); // Of ten; none at all, too.
    for (uint64_t number = 0; number < last_number; ++number)
      for (uint32_t timeline = 1; timeline <= 3; ++timeline)
        if (holes == 0 || *between(0, 9) >= holes)
          stock.push_back({timeline, static_cast<uint32_t>(number >> 8),
                           static_cast<uint32_t>(number & 255), static_cast<int64_t>(number)});
    backup.archive_start = postgres::segment_name(1, first * segment_bytes, segment_bytes);
    backup.archive_stop = postgres::segment_name(1, stop * segment_bytes, segment_bytes);
    backup.lsn_start = postgres::format_lsn(first * segment_bytes + 40);
    backup.lsn_stop = postgres::format_lsn(stop * segment_bytes + 312);
  }

  wal_question question(recovery_type type) const {
    return {
        .backup = &backup, .type = type, .timeline = 3, .history = {{1, forks[0]}, {2, forks[1]}}};
  }

  /// Whether recovery to timeline 3 can read this segment: from the timeline that was written then.
  /// The segment of a fork may be that of both.
  bool can_read(uint64_t number) const {
    return std::ranges::any_of(stock, [&](const archived_segment& one) {
      const uint64_t from = one.timeline == 1 ? 0 : forks[one.timeline - 2];
      const uint64_t to = one.timeline == 3 ? UINT64_MAX : forks[one.timeline - 1];
      return one.number == number && number >= from / segment_bytes && number <= to / segment_bytes;
    });
  }
};

std::string last_digits(uint64_t number) {
  return test::hex_digits(number, 16);
}

} // namespace

TEST_CASE("restore WAL model: the first segment of the backup that cannot be read is missing") {
  test::for_all([] {
    const any_archive of;
    std::optional<uint64_t> missing;
    for (uint64_t number = of.first; number <= of.stop && !missing; ++number)
      if (!of.can_read(number))
        missing = number;
    for (const auto type : {recovery_type::standard, recovery_type::immediate}) {
      const auto answer = judge_wal(of.question(type), of.stock);
      RC_ASSERT(answer.missing.has_value() == missing.has_value());
      if (missing)
        RC_ASSERT(answer.missing->substr(8) == last_digits(*missing));
    }
  });
}

TEST_CASE("restore WAL model: a hole behind the backup is told, the end of the archive is none") {
  test::for_all([] {
    const any_archive of;
    std::optional<uint64_t> hole;
    bool more = false;
    for (uint64_t number = last_number; number-- > of.stop + 1;) {
      if (of.can_read(number))
        more = true;
      else if (more)
        hole = number;
    }
    const auto answer = judge_wal(of.question(recovery_type::standard), of.stock);
    RC_PRE(!answer.missing);
    RC_ASSERT(answer.warnings.size() == (hole ? 1U : 0U));
    if (hole)
      RC_ASSERT(answer.warnings[0].find(last_digits(*hole)) != std::string::npos);
    RC_ASSERT(judge_wal(of.question(recovery_type::immediate), of.stock).warnings.empty());
  });
}

TEST_CASE("restore WAL model: a target LSN is warned of exactly when it cannot be reached") {
  test::for_all([] {
    const any_archive of;
    auto question = of.question(recovery_type::lsn);
    const auto wanted = *between<uint64_t>(of.stop + 1, last_number + 4);
    question.target = postgres::format_lsn(wanted * segment_bytes + 8);
    const auto answer = judge_wal(question, of.stock);
    RC_PRE(!answer.missing);
    bool reached = true;
    for (auto number = of.stop + 1; number <= wanted; ++number)
      reached = reached && of.can_read(number);
    RC_ASSERT(answer.warnings.empty() == reached);
  });
}

TEST_CASE("restore WAL model: the order in which an archive is listed means nothing") {
  test::for_all([] {
    const any_archive of;
    const auto question = of.question(recovery_type::standard);
    auto turned = of.stock;
    std::ranges::reverse(turned);
    turned.insert(turned.end(), of.stock.begin(),
                  of.stock.end()); // Several archives have the same.
    const auto answer = judge_wal(question, of.stock);
    const auto other = judge_wal(question, turned);
    RC_ASSERT(answer.missing == other.missing);
    RC_ASSERT(answer.warnings == other.warnings);
  });
}
