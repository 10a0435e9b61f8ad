// Gaps of the archive: found where they are, and only there.
// SPDX-License-Identifier: MIT
#include "engine/plan/restore_wal.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/plan/sample_backup.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::plan;

namespace {

/// A backup from segment 5 to 7 of timeline 1, 16 MiB each.
format::manifest backup_of_three() {
  auto out = plan_test::sample_backup();
  out.archive_start = "000000010000000000000005";
  out.archive_stop = "000000010000000000000007";
  out.lsn_start = "0/5000028";
  out.lsn_stop = "0/7000138";
  return out;
}

/// Segments of timeline 1, log 0, stored at 100, 101, ...
std::vector<archived_segment> stock_of(std::vector<uint32_t> numbers, uint32_t timeline = 1) {
  std::vector<archived_segment> out;
  for (const auto number : numbers)
    out.push_back({timeline, 0, number, 100 + number});
  return out;
}

wal_question ask(const format::manifest& backup, recovery_type type, std::string target = {}) {
  return {.backup = &backup, .type = type, .target = std::move(target), .timeline = 1};
}

} // namespace

TEST_CASE("restore WAL: the backup's own segments must be there, in whatever order") {
  const auto backup = backup_of_three();
  const auto question = ask(backup, recovery_type::immediate);
  CHECK(!judge_wal(question, stock_of({7, 5, 6, 6})).missing);
  CHECK(judge_wal(question, stock_of({5, 7})).missing == "000000010000000000000006");
  CHECK(judge_wal(question, stock_of({6, 7, 8})).missing == "000000010000000000000005");
  CHECK(judge_wal(question, stock_of({5, 6})).missing == "000000010000000000000007");
  CHECK(judge_wal(question, {}).missing == "000000010000000000000005");
  // The same numbers of another timeline are other segments.
  CHECK(judge_wal(question, stock_of({5, 6, 7}, 2)).missing);
}

TEST_CASE("restore WAL: logs that can matter") {
  auto backup = backup_of_three();
  backup.archive_stop = "000000010000000200000007";
  const auto at_once = wanted_logs(ask(backup, recovery_type::immediate));
  CHECK(at_once.contains(0));
  CHECK(at_once.contains(2));
  CHECK(!at_once.contains(3));
  CHECK(wanted_logs(ask(backup, recovery_type::standard)).contains(UINT32_MAX));
  CHECK(!wanted_logs(ask(backup, recovery_type::lsn, "4/0")).contains(5));
  CHECK(wanted_logs(ask(backup, recovery_type::lsn, "0/0")).contains(2));
}

TEST_CASE("restore WAL: a gap behind the backup is told to those whom it stops") {
  const auto backup = backup_of_three();
  const auto stock = stock_of({5, 6, 7, 8, 10, 11});
  const auto warned = [&](recovery_type type, std::string target = {}) {
    const auto answer = judge_wal(ask(backup, type, std::move(target)), stock);
    CHECK(!answer.missing);
    REQUIRE(answer.warnings.size() <= 1);
    return !answer.warnings.empty() &&
           answer.warnings[0].starts_with("WAL segment 000000010000000000000009 is missing");
  };
  CHECK(warned(recovery_type::standard));
  CHECK(warned(recovery_type::standby));
  CHECK(warned(recovery_type::name, "x"));
  CHECK(!warned(recovery_type::immediate));
  CHECK(warned(recovery_type::lsn, "0/9000000"));
  CHECK(warned(recovery_type::lsn, "0/A000000"));
  CHECK(!warned(recovery_type::lsn, "0/8FFFFFF"));
  // Segment 8 was stored at 108: what is older is in it or before it.
  CHECK(!warned(recovery_type::time, "1970-01-01 00:01:47+00"));
  CHECK(warned(recovery_type::time, "1970-01-01 00:01:50+00"));
}

TEST_CASE("restore WAL: a target behind the end of the archive") {
  const auto backup = backup_of_three();
  const auto stock = stock_of({5, 6, 7, 8});
  const auto warnings = [&](recovery_type type, std::string target = {}) {
    return judge_wal(ask(backup, type, std::move(target)), stock).warnings;
  };
  CHECK(warnings(recovery_type::standard).empty());
  CHECK(warnings(recovery_type::lsn, "0/8000000").empty());
  REQUIRE(warnings(recovery_type::lsn, "0/9000000").size() == 1);
  CHECK(warnings(recovery_type::lsn, "0/9000000")[0].ends_with("000000010000000000000008"));
  CHECK(warnings(recovery_type::time, "1970-01-01 00:01:48+00").empty());
  CHECK(warnings(recovery_type::time, "1970-01-01 00:01:49+00").size() == 1);
}

TEST_CASE("restore WAL: a recovery that changes its timeline") {
  const auto backup = backup_of_three();
  auto question = ask(backup, recovery_type::standard);
  question.timeline = 3;
  question.history = {{1, 0x8000100}, {2, 0xA000000}};
  auto stock = stock_of({5, 6, 7});
  const auto add = [&](uint32_t timeline, std::vector<uint32_t> numbers) {
    for (auto& one : stock_of(std::move(numbers), timeline))
      stock.push_back(one);
  };
  // 8 is only there as that of timeline 2, where the server was promoted in the middle of it.
  add(2, {8, 9});
  add(3, {10, 11});
  CHECK(judge_wal(question, stock).warnings.empty());
  add(1, {20}); // written by the old primary after the fork
  CHECK(judge_wal(question, stock).warnings.empty());
  add(3, {13});
  REQUIRE(judge_wal(question, stock).warnings.size() == 1);
  CHECK(judge_wal(question, stock).warnings[0].find("00000003000000000000000C") !=
        std::string::npos);
}

TEST_CASE("restore WAL: where the size of segments cannot be told, no gap is invented") {
  auto backup = backup_of_three();
  backup.archive_start = backup.archive_stop = "000000010000000100000000";
  backup.lsn_start = "1/28";
  backup.lsn_stop = "1/138";
  const auto question = ask(backup, recovery_type::standard);
  // With 1 GiB a log has four segments, with 16 MiB there would be a gap of 252.
  const std::vector<archived_segment> stock = {
      {1, 1, 0, 1}, {1, 1, 1, 1}, {1, 1, 2, 1}, {1, 1, 3, 1}, {1, 2, 0, 1}};
  CHECK(judge_wal(question, stock).warnings.empty());
  auto larger = stock;
  larger.push_back({1, 2, 255, 1}); // only in logs of 256 or more
  CHECK(judge_wal(question, larger).warnings.size() == 1);
}

TEST_CASE("restore WAL: what a hostile manifest says of its segments does no harm") {
  test::hostile("manifests and info files", 3);
  auto backup = backup_of_three();
  backup.archive_stop = "00000001FFFFFFFFFFFFFFFF";
  CHECK(judge_wal(ask(backup, recovery_type::standard), stock_of({5})).warnings.empty());
  backup.archive_stop = "00000001FFFFFFFF000000FF";
  backup.lsn_stop.reset();
  CHECK(!judge_wal(ask(backup, recovery_type::standard), stock_of({5})).missing);
  backup.archive_stop = "000000010000000000000001"; // before the start
  CHECK(!judge_wal(ask(backup, recovery_type::standard), stock_of({5})).missing);
}

TEST_CASE("restore WAL: a time that has not come yet") {
  CHECK(future_warning(recovery_type::time, "1970-01-01 00:00:11+00", 10));
  CHECK(!future_warning(recovery_type::time, "1970-01-01 00:00:10+00", 10));
  CHECK(!future_warning(recovery_type::name, "1970-01-01 00:00:11+00", 10));
}
