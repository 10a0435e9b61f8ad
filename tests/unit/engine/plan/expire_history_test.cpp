// Which manifests in backup.history go.
// SPDX-License-Identifier: MIT
#include "engine/plan/expire_history.hpp"
#include "engine/plan/retention.hpp"
#include "tests/unit/engine/plan/any_backups.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace pgbraid;
using namespace pgbraid::plan;
using namespace pgbraid::test;

namespace {

// In the middle of a month, so that a label is of the same year and month in each time zone.
constexpr int64_t now_s = 1'781'524'800; // 2026-06-15 12:00 UTC

format::backup_info listing(const std::string& label) {
  format::backup_info info;
  info.add_history(1, "15", 0, 0);
  info.add({.label = label, .history_id = 1});
  return info;
}

} // namespace

TEST_CASE("expire history: years before go, single manifests of the year, younger years stay") {
  const auto info = listing("20260301-000000F");
  const history_retention keep(info, 30, now_s);
  CHECK(keep.drops_year("2025"));
  CHECK(keep.drops_year("0000"));
  CHECK_FALSE(keep.drops_year("2026"));
  CHECK(keep.must_look_into("2026"));
  CHECK_FALSE(keep.must_look_into("2027"));
  CHECK(keep.drops_file("20260201-000000F.manifest.gz"));
  CHECK_FALSE(keep.drops_file("20260301-000000F.manifest.gz"));
  CHECK(keep.drops_file("20260301-000000F_20260610-000000I.manifest.gz"));
  CHECK_FALSE(keep.drops_file("20260601-000000F.manifest.gz"));
  for (const auto* name : {"20260201-000000F.manifest", "20260201-000000F", "x.manifest.gz",
                           ".manifest.gz", "20260201-000000F.manifest.gz.x"})
    CHECK_FALSE(keep.drops_file(name));
  for (const auto* name : {"", "20", "20255", "202x", ".."})
    CHECK_FALSE(keep.must_look_into(name));
}

TEST_CASE("expire history: a year with the manifest of a listed backup stays for that") {
  const auto info = listing("20250301-000000F");
  const history_retention keep(info, 0, now_s);
  CHECK(keep.drops_year("2024"));
  CHECK_FALSE(keep.drops_year("2025"));
  CHECK(keep.must_look_into("2025"));
  CHECK_FALSE(keep.drops_file("20250301-000000F.manifest.gz"));
  CHECK(keep.drops_file("20250302-000000F.manifest.gz"));
}

TEST_CASE("expire history: more days than there were, or a clock before them, and all stays") {
  const auto info = listing("20260301-000000F");
  for (const auto& [days, now] : {std::pair<uint64_t, int64_t>{9'999'999, now_s},
                                  {uint64_t{1} << 63, now_s},
                                  {1, -5},
                                  {0, 0}}) {
    const history_retention keep(info, days, now);
    CHECK_FALSE(keep.must_look_into("0000"));
    CHECK_FALSE(keep.drops_year("0000"));
    CHECK_FALSE(keep.drops_file("00000101-000000F.manifest.gz"));
  }
}

TEST_CASE("expire history: no manifest of a listed backup goes, and none that is younger") {
  for_all([] {
    const auto info = any_info();
    const auto days = *between<uint64_t>(0, 400);
    const history_retention keep(info, days, now_s);
    for (const auto& one : info.backups) {
      RC_ASSERT(!keep.drops_year(one.label.substr(0, 4)));
      RC_ASSERT(!keep.drops_file(one.label + ".manifest.gz"));
    }
    const auto age_s = *between<int64_t>(0, 800 * day_s);
    const auto label = format::make_label(format::backup_type::full, now_s - age_s);
    const bool goes =
        keep.drops_year(label.substr(0, 4)) || keep.drops_file(label + ".manifest.gz");
    if (age_s <= static_cast<int64_t>(days) * day_s)
      RC_ASSERT(!goes);
    else
      RC_ASSERT(goes || info.find(label) != nullptr);
  });
}
