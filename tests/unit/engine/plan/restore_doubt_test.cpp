// Doubts before a restore: which refuse it, which are told, and what they say.
// SPDX-License-Identifier: MIT
#include "engine/plan/restore_doubt.hpp"
#include "engine/plan/restore_wal.hpp"
#include "tests/unit/engine/plan/sample_backup.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::plan;

namespace {

format::manifest archived_backup() {
  auto out = plan_test::sample_backup();
  out.options.archive_check = true;
  out.archive_start = "000000030000000000000005";
  out.archive_stop = "000000030000000000000007";
  return out;
}

bool asks_for_wal(const format::manifest& backup, recovery_type type = recovery_type::standard) {
  return wal_question_of(backup, type, "", 0, {}).has_value();
}

} // namespace

TEST_CASE("restore doubt: it refuses, and says that nothing was changed, or is one line") {
  const error doubt{errc::path_not_empty, "there are files", "Take another directory."};
  const auto refused = refuse_or_warn(doubt_rule::refuse, doubt);
  REQUIRE(!refused);
  CHECK(refused.failure().code == errc::path_not_empty);
  CHECK(refused.failure().message == "there are files");
  CHECK(refused.failure().hint == "Take another directory.\nNothing was changed.");
  const auto told = refuse_or_warn(doubt_rule::warn, doubt);
  REQUIRE(told);
  CHECK(*told == "there are files");
}

TEST_CASE("restore doubt: WAL that is in no archive may come from elsewhere") {
  using enum recovery_type;
  CHECK(!has_other_sources(standard, {}));
  CHECK(!has_other_sources(time, {{"primary-conninfo", "host=a"}}));
  CHECK(has_other_sources(standby, {}));
  CHECK(has_other_sources(preserve, {}));
  CHECK(has_other_sources(standard, {{"restore-command", "cp"}}));
  CHECK(has_other_sources(standard, {{"restore_command", "cp"}}));
}

TEST_CASE("restore doubt: missing WAL refuses only where it is known to be nowhere") {
  CHECK(rule_for_wal(doubt_rule::refuse, true, false) == doubt_rule::refuse);
  CHECK(rule_for_wal(doubt_rule::refuse, false, false) == doubt_rule::warn);
  CHECK(rule_for_wal(doubt_rule::refuse, true, true) == doubt_rule::warn);
  CHECK(rule_for_wal(doubt_rule::warn, true, false) == doubt_rule::warn);
  const auto what = missing_wal(archived_backup(), "000000030000000000000006");
  CHECK(what.code == errc::file_missing);
  CHECK(what.message.find("000000030000000000000006") != std::string::npos);
  CHECK(what.hint.find("--restore-check=warn") != std::string::npos);
}

TEST_CASE("restore doubt: for which backups and types the archives are asked") {
  const auto backup = archived_backup();
  CHECK(asks_for_wal(backup));
  CHECK(asks_for_wal(backup, recovery_type::immediate));
  CHECK(!asks_for_wal(backup, recovery_type::none));
  auto other = archived_backup();
  other.options.online = false;
  CHECK(!asks_for_wal(other));
  other = archived_backup();
  other.options.archive_check = false;
  CHECK(!asks_for_wal(other));
  other = archived_backup();
  other.options.archive_copy = true;
  CHECK(!asks_for_wal(other));
}

TEST_CASE("restore doubt: a manifest that names no WAL leads to no question") {
  for (auto format::manifest::*const end :
       {&format::manifest::archive_start, &format::manifest::archive_stop}) {
    auto other = archived_backup();
    (other.*end).reset();
    CHECK(!asks_for_wal(other));
    other.*end = "00000003000000000000000G";
    CHECK(!asks_for_wal(other));
  }
}

TEST_CASE("restore doubt: the timeline asked for is the backup's, unless recovery leaves it") {
  const auto backup = archived_backup();
  const auto own = wal_question_of(backup, recovery_type::name, "here", 0, {});
  REQUIRE(own);
  CHECK(own->timeline == 3);
  CHECK(own->target == "here");
  const auto later = wal_question_of(backup, recovery_type::standard, "", 5, {{3, 0x8000000}});
  REQUIRE(later);
  CHECK(later->timeline == 5);
  CHECK(later->history.size() == 1);
}

TEST_CASE("restore doubt: bad pages count in files that would be written") {
  auto backup = plan_test::sample_backup();
  const auto where = map_restore(backup, {.pg_path = "/new"});
  REQUIRE(where);
  CHECK(broken_files(backup, {backup, *where, recovery_type::standard, 150000}).empty());
  for (auto& file : backup.files)
    if (file.name == "pg_data/base/5/112" || file.name == "pg_data/postgresql.auto.conf")
      file.pages = format::page_check::broken;
  CHECK(broken_files(backup, {backup, *where, recovery_type::standard, 150000}).size() == 2);
  // Type preserve leaves its settings alone.
  const auto kept = broken_files(backup, {backup, *where, recovery_type::preserve, 150000});
  REQUIRE(kept.size() == 1);
  CHECK(kept.front()->name == "pg_data/base/5/112");
}

TEST_CASE("restore doubt: each file with bad pages is named") {
  CHECK(refuse_broken_pages({}));
  const std::vector<std::string> names{"/new/base/5/112", "/space/1"};
  const auto refused = refuse_broken_pages(names);
  REQUIRE(!refused);
  CHECK(refused.failure().code == errc::checksum);
  for (const auto& name : names)
    CHECK(refused.failure().message.find(name) != std::string::npos);
}

TEST_CASE("restore doubt: nothing is recovered from a stopped cluster's backup by default") {
  using enum recovery_type;
  CHECK(type_for_backup(standard, false, false) == none);
  CHECK(type_for_backup(standard, true, false) == standard);
  CHECK(type_for_backup(standard, false, true) == standard);
  CHECK(type_for_backup(time, true, true) == time);
}
