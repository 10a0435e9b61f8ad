// Retention: which backups and which WAL go.
// SPDX-License-Identifier: MIT
#include "engine/plan/expire_archive.hpp"
#include "engine/plan/expire_backups.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::plan;

namespace {

using labels = std::vector<std::string>;

/// A WAL segment of one timeline.
std::string wal(unsigned timeline, unsigned number) {
  char name[32];
  snprintf(name, sizeof name, "%08X%08X%08X", timeline, number >> 8, number & 0xff);
  return name;
}

std::string full(unsigned day) {
  return "202601" + std::string(day < 10 ? "0" : "") + std::to_string(day) + "-000000F";
}

struct rig {
  format::backup_info info;

  rig() { info.add_history(1, "15", 0, 0); }
  const std::string& add(const std::string& label, std::optional<std::string> prior,
                         std::optional<std::string> start, uint64_t history_id = 1) {
    format::backup_summary backup{.label = label};
    backup.type = format::type_of_label(label);
    backup.prior = std::move(prior);
    backup.history_id = history_id;
    backup.archive_start = backup.archive_stop = std::move(start);
    info.add(std::move(backup));
    return info.find(label)->label;
  }
};

} // namespace

TEST_CASE_FIXTURE(rig, "expire: directories that are not listed go, one in progress stays") {
  add(full(2), {}, wal(1, 1));
  CHECK(abandoned_directories(info, {{full(1), false, true}, {full(2), true, true}}) ==
        labels{full(1)});
  CHECK(abandoned_directories(info, {{full(2), true, true}, {full(3), false, true}}).empty());
  CHECK(abandoned_directories(info, {{full(2), true, true}, {full(3), false, true, true}}) ==
        labels{full(3)});
  CHECK(abandoned_directories(info, {{full(2), true, true}, {full(3), false, false}}) ==
        labels{full(3)});
  CHECK(abandoned_directories(info, {}).empty());
}

TEST_CASE_FIXTURE(rig, "expire: directories of a set whose manifest cannot be read now stay") {
  add(full(3), {}, wal(1, 3));
  const labels unlisted = {full(4)};
  const std::vector<backup_directory> on_disk = {{full(3), true, true},
                                                 {full(4), true, true},
                                                 {full(4) + "_20260105-000000I", true, true},
                                                 {full(5), true, true}};
  CHECK(abandoned_directories(info, on_disk, unlisted) == labels{full(5)});
  const labels of_set = {full(4) + "_20260105-000000I"};
  CHECK(abandoned_directories(info, on_disk, of_set) == labels{full(5)});
}

TEST_CASE("expire: an incomplete backup that changed of late belongs to somebody") {
  CHECK_FALSE(is_abandoned(1000, 1000));
  CHECK_FALSE(is_abandoned(1000, 1000 + 10 * renew_after_s));
  CHECK_FALSE(is_abandoned(1000, 1000 + abandoned_after_s - 1));
  CHECK(is_abandoned(1000, 1000 + abandoned_after_s));
  CHECK_FALSE(is_abandoned(100'000, 1000));
}

TEST_CASE_FIXTURE(rig, "expire: backups with page errors are told from sound ones") {
  CHECK_FALSE(newest_sound_full(info));
  CHECK_FALSE(oldest_left_with_errors(info, {}));
  for (unsigned day = 1; day <= 4; ++day)
    add(full(day), {}, wal(1, day));
  info.find(full(2))->page_errors = false;
  info.find(full(3))->page_errors = true;
  info.find(full(4))->page_errors = true;
  CHECK(newest_sound_full(info) == full(2));
  CHECK(oldest_left_with_errors(info, {{full(1)}, {full(2)}}) == full(3));
  CHECK_FALSE(oldest_left_with_errors(info, {{full(1)}}));
  CHECK_FALSE(oldest_left_with_errors(info, {{full(1)}, {full(2)}, {full(3)}, {full(4)}}));
}

TEST_CASE_FIXTURE(rig, "expire: a full backup that is kept on purpose keeps its WAL, too") {
  for (unsigned day = 1; day <= 4; ++day)
    add(full(day), {}, wal(1, day));
  CHECK(archive_retention(info, {.count = 1}).plan(1, true).boundary() == wal(1, 4));
  CHECK(archive_retention(info, {.count = 1, .keep_from = full(2)}).plan(1, true).boundary() ==
        wal(1, 2));
  CHECK(archive_retention(info, {.count = 3, .keep_from = full(4)}).plan(1, true).boundary() ==
        wal(1, 2));
  CHECK(archive_retention(info, {.count = 1, .keep_from = "none"}).plan(1, true).boundary() ==
        wal(1, 4));
}

TEST_CASE_FIXTURE(rig,
                  "expire: WAL is kept from the oldest counted full on, and for older backups") {
  add(full(1), {}, wal(1, 0x102));
  add(full(1) + "_20260102-000000I", full(1), wal(1, 0x110));
  add(full(3), {}, wal(1, 0x305));
  add(full(4), {}, wal(1, 0x405));
  CHECK(archive_retention(info, {.count = 4}).plan(1, true).what == archive_plan::action::none);
  const auto plan = archive_retention(info, {.count = 2}).plan(1, true);
  REQUIRE(plan.what == archive_plan::action::keep_spans);
  CHECK(plan.boundary() == wal(1, 0x305));
  CHECK(plan.spans.size() == 3);
  const auto keeps = [&](unsigned number) { return plan.keeps_file(wal(1, number) + "-x.gz"); };
  CHECK_FALSE(keeps(0x101));
  CHECK(keeps(0x102));
  CHECK_FALSE(keeps(0x103));
  CHECK(keeps(0x110));
  CHECK_FALSE(keeps(0x304));
  CHECK(keeps(0x305));
  CHECK(keeps(0x500));
  CHECK(plan.keeps_file(wal(2, 1)));
  CHECK_FALSE(plan.keeps_file(wal(1, 0x304) + ".partial-x"));
  CHECK(plan.keeps_directory("0000000100000001"));
  CHECK_FALSE(plan.keeps_directory("0000000100000000"));
  CHECK_FALSE(plan.keeps_directory("0000000100000002"));
  CHECK(plan.keeps_directory("0000000100000003"));
  CHECK(plan.must_look_into("0000000100000003"));
  CHECK_FALSE(plan.must_look_into("0000000100000004"));
}

TEST_CASE_FIXTURE(rig, "expire: timelines") {
  add(full(1), {}, wal(1, 5));
  add(full(2), {}, wal(2, 9));
  const auto plan = archive_retention(info, {.count = 1}).plan(1, true);
  CHECK(plan.keeps_file(wal(1, 5)));
  CHECK_FALSE(plan.keeps_file(wal(1, 9)));
  CHECK_FALSE(plan.keeps_file(wal(2, 8)));
  CHECK(plan.keeps_file(wal(2, 9)));
  CHECK(plan.keeps_file(wal(3, 1)));
  CHECK(plan.keeps_history("00000002.history"));
  CHECK_FALSE(plan.keeps_history("00000001.history"));
}

TEST_CASE_FIXTURE(rig, "expire: a newer backup on a lower timeline keeps its WAL") {
  add(full(1), {}, wal(3, 9));
  add(full(2), {}, wal(2, 9));
  const auto plan = archive_retention(info, {.count = 2}).plan(1, true);
  CHECK(plan.boundary() == wal(2, 9));
  CHECK(plan.keeps_history("00000002.history"));
}

TEST_CASE_FIXTURE(rig, "expire: backups without WAL give no boundary") {
  add(full(1), {}, wal(1, 5));
  add(full(2), {}, std::nullopt);
  CHECK(archive_retention(info, {.count = 1}).plan(1, true).what == archive_plan::action::none);
  CHECK(archive_retention(info, {.count = 2}).plan(1, true).boundary() == wal(1, 5));
}

TEST_CASE_FIXTURE(rig, "expire: archive ids of other clusters") {
  info.add_history(2, "16", 0, 0);
  info.add_history(3, "17", 0, 0);
  add(full(1), {}, wal(1, 5), 1);
  add(full(2), {}, wal(1, 7), 1);
  add(full(3), {}, wal(1, 3), 3);
  const archive_retention retention(info, {.count = 1});
  // Counted backups belong to another id: its newest full is the boundary.
  CHECK(retention.plan(1, false).boundary() == wal(1, 7));
  CHECK(retention.plan(1, false).keeps_file(wal(1, 5)));
  CHECK(retention.plan(2, false).what == archive_plan::action::remove_all);
  CHECK(retention.plan(2, true).what == archive_plan::action::none);
  CHECK(retention.plan(3, true).boundary() == wal(1, 3));
  CHECK(archive_retention(info, {.count = 3}).plan(1, false).boundary() == wal(1, 5));
}

TEST_CASE_FIXTURE(rig, "expire: info files that disagree stop the archive part") {
  format::archive_info archive;
  archive.add(1, "15");
  CHECK(check_histories(archive, info));
  archive.add(2, "16");
  const auto different = check_histories(archive, info);
  REQUIRE_FALSE(different);
  CHECK(different.failure().code == errc::format);
}
