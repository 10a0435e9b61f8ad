// Expire of chains: what goes with what, `latest`, the history, and backups that others are making.
// SPDX-License-Identifier: MIT
#include "actors/expire/expire.hpp"
#include "engine/base/clock.hpp"
#include "engine/format/repository_path.hpp"
#include "tests/unit/property.hpp"
#include "tests/unit/quiet.hpp"
#include "tests/unit/storage/faulty_memory.hpp"
#include "tests/unit/storage/power_cut.hpp"
#include "tests/unit/storage/repository/small_infos.hpp"
#include "tests/unit/storage/repository/small_manifest.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

using labels = std::vector<std::string>;

const std::string f1 = "20260101-000000F";
const std::string d1 = f1 + "_20260102-000000D";
const std::string i1 = f1 + "_20260103-000000I";
const std::string d2 = f1 + "_20260104-000000D";
const std::string i2 = f1 + "_20260105-000000I";
const std::string f2 = "20260201-000000F";
const std::string i3 = f2 + "_20260202-000000I";
const std::string i4 = f2 + "_20260203-000000I";
const std::string f3 = "20260301-000000F";
const std::map<std::string, std::string> prior_of = {{d1, f1}, {i1, d1}, {d2, f1},
                                                     {i2, d2}, {i3, f2}, {i4, i3}};
const labels everything = {f1, d1, i1, d2, i2, f2, i3, i4, f3};
constexpr int64_t long_ago_s = 1'000'000'000;

std::string segment(size_t number) {
  return fmt::format("0000000100000000{:08X}", number);
}

/// The n-th backup (from 0) needs segment 3n + 2; WAL goes from 1 to 30.
struct chains : test::quiet {
  test::faulty_memory files;
  repository repo{files, {.key = 1, .stanza = "demo"}};

  chains() {
    REQUIRE(repo.save(test::small_archive_info()));
    auto info = test::small_backup_info();
    for (size_t i = 0; i < everything.size(); ++i)
      info.add(make(everything[i], segment(3 * i + 2)));
    REQUIRE(repo.save(info));
    REQUIRE(repo.set_latest(f3));
    for (size_t number = 1; number <= 30; ++number)
      put(wal_path(number));
    put(incomplete());
    age("backup/demo");
  }

  static std::string wal_path(size_t number) {
    return fmt::format("archive/demo/15-1/0000000100000000/{}-{}", segment(number),
                       std::string(40, 'a'));
  }
  /// A leftover that is older than all else.
  static std::string incomplete() { return "backup/demo/20250101-000000F/backup.manifest.copy"; }
  void put(const std::string& path) { REQUIRE(write_all(files, path, "x")); }

  format::backup_summary make(const std::string& label, const std::string& wal) {
    auto of = small_manifest(label);
    of.type = format::type_of_label(label);
    of.archive_start = of.archive_stop = wal;
    std::vector<std::string> reference;
    for (auto link = prior_of.find(label); link != prior_of.end();
         link = prior_of.find(link->second))
      reference.insert(reference.begin(), link->second);
    if (!reference.empty())
      of.prior = reference.back();
    REQUIRE(files.make_path("backup/demo/" + label));
    publication all(files);
    REQUIRE(repo.add(all, of, {}));
    REQUIRE(all.publish());
    put("backup/demo/" + label + "/pg_data/PG_VERSION");
    return {.label = label,
            .type = of.type,
            .archive_start = wal,
            .archive_stop = wal,
            .page_errors = false,
            .prior = of.prior,
            .reference = reference,
            .stop_s = long_ago_s,
            .history_id = 1};
  }
  /// Nobody changed anything for long.
  void age(const std::string& path) {
    auto listed = files.list(path);
    REQUIRE(listed);
    for (const auto& one : listed->value_or(std::vector<entry>())) {
      if (one.info.kind == entry_kind::path)
        age(path + "/" + one.name);
      if (one.info.kind != entry_kind::link)
        REQUIRE(files.set_attributes(path + "/" + one.name, {.mtime_s = long_ago_s}));
    }
  }
  labels listed() {
    const auto info = repo.load_backup_info();
    REQUIRE(info);
    labels out;
    for (const auto& one : info->backups)
      out.push_back(one.label);
    return out;
  }
  /// What is listed and what is on disk, which must be the same.
  labels backups() {
    labels complete;
    const auto on_disk = repo.list_backups();
    REQUIRE(on_disk);
    for (const auto& one : *on_disk)
      if (one.has_manifest)
        complete.push_back(one.label);
    CHECK(complete == listed());
    return complete;
  }
  std::string latest() {
    const auto there = files.info("backup/demo/latest");
    REQUIRE(there);
    return *there ? (*there)->link_destination : "";
  }
  bool has_wal(size_t number) { return files.content(wal_path(number)).has_value(); }
  bool is_whole(const std::string& label) {
    return repo.load_manifest(label, {}) &&
           files.content("backup/demo/" + label + "/pg_data/PG_VERSION");
  }
  std::set<std::string> all_files(const std::string& path = "") {
    std::set<std::string> out;
    auto found = files.list(path);
    REQUIRE(found);
    for (const auto& one : found->value_or(std::vector<entry>())) {
      const auto name = path.empty() ? one.name : path + "/" + one.name;
      if (one.info.kind == entry_kind::path)
        out.merge(all_files(name));
      else
        out.insert(name + " " + one.info.link_destination);
    }
    return out;
  }
};

/// Tells which files are there that should not be, or the reverse.
void check_same(const std::set<std::string>& there, const std::set<std::string>& expected) {
  labels odd;
  std::ranges::set_symmetric_difference(there, expected, std::back_inserter(odd));
  CHECK(fmt::format("{}", fmt::join(odd, " ")) == "");
}

} // namespace

TEST_CASE_FIXTURE(chains,
                  "expire: diffs beyond those that are wanted go, with what is based on them") {
  REQUIRE(expire(repo, {.keep = {.diffs = 3}}));
  CHECK(backups() == labels{f1, d2, i2, f2, i3, i4, f3});
  REQUIRE(expire(repo, {.keep = {.diffs = 2}}));
  CHECK(backups() == labels{f1, f2, i3, i4, f3});
  CHECK(latest() == f3);
}

TEST_CASE_FIXTURE(chains, "expire: WAL of diffs and incrs may count") {
  const plan::retention keep{.archive_type = format::backup_type::incr, .archive = 2};
  REQUIRE(expire(repo, {.keep = keep}));
  // i4 is the second of all: WAL from its start on, before that what each one needs.
  CHECK(has_wal(23));
  CHECK(has_wal(24));
  CHECK_FALSE(has_wal(22));
  CHECK(has_wal(20));
  CHECK(has_wal(2));
}

TEST_CASE_FIXTURE(chains, "expire: one that is asked for goes with what is based on it, no other") {
  const plan::retention keep{.fulls = 1, .diffs = 1, .archive = 1};
  REQUIRE(expire(repo, {.keep = keep, .label = d1}));
  CHECK(backups() == labels{f1, d2, i2, f2, i3, i4, f3});
  CHECK(latest() == f3);
  CHECK_FALSE(has_wal(25)); // of WAL, retention lets go
  REQUIRE(expire(repo, {.label = f3}));
  CHECK(latest() == i4);
  REQUIRE(expire(repo, {.label = i3}));
  CHECK(latest() == f2);
  REQUIRE(expire(repo, {.label = "20200101-000000F"}));
  CHECK(backups() == labels{f1, d2, i2, f2});
  REQUIRE(expire(repo, {.label = f2}));
  const auto last = expire(repo, {.label = f1});
  REQUIRE_FALSE(last);
  CHECK(last.failure().code == errc::backup_set_invalid);
  CHECK(backups() == labels{f1, d2, i2});
  CHECK(latest() == i2);
}

TEST_CASE_FIXTURE(chains,
                  "expire: the last full backup without page errors is not taken by asking") {
  auto info = repo.load_backup_info();
  REQUIRE(info);
  for (const auto& label : {f1, f3})
    info->find(label)->page_errors = true;
  REQUIRE(repo.save(*info));
  const auto done = expire(repo, {.label = f2});
  REQUIRE_FALSE(done);
  CHECK(done.failure().code == errc::checksum);
  CHECK(backups() == everything);
  REQUIRE(expire(repo, {.label = f3}));
  REQUIRE(expire(repo, {.label = f2, .bad_pages_stop = false}));
  CHECK(backups() == labels{f1, d1, i1, d2, i2});
}

TEST_CASE_FIXTURE(chains, "expire: the oldest, whatever retention says") {
  const plan::retention keep{.fulls = 9, .archive = 9};
  REQUIRE(expire(repo, {.keep = keep, .oldest = true}));
  CHECK(backups() == labels{f2, i3, i4, f3});
  CHECK_FALSE(has_wal(16));
  CHECK(has_wal(17));
  REQUIRE(expire(repo, {.keep = keep, .oldest = true}));
  REQUIRE(expire(repo, {.keep = keep, .oldest = true}));
  CHECK(backups() == labels{f3});
}

TEST_CASE_FIXTURE(chains, "expire: fulls of so many days, and one from before") {
  auto info = repo.load_backup_info();
  REQUIRE(info);
  info->find(f3)->stop_s = wall_s() - 5 * plan::day_s;
  REQUIRE(repo.save(*info));
  plan::retention keep{.fulls_by = plan::retention::unit::days, .fulls = 6};
  REQUIRE(expire(repo, {.keep = keep}));
  CHECK(backups() == labels{f2, i3, i4, f3});
  CHECK(has_wal(17));
  CHECK_FALSE(has_wal(16));
  keep.fulls = 4;
  REQUIRE(expire(repo, {.keep = keep}));
  CHECK(backups() == labels{f3});
}

TEST_CASE_FIXTURE(chains, "expire: WAL goes up to the segment that was named, and no further") {
  REQUIRE(expire(repo, {.keep = {.archive = 9}, .archive_before = segment(9)}));
  CHECK(has_wal(9));
  CHECK(has_wal(10));
  CHECK_FALSE(has_wal(1));
  CHECK(has_wal(2)); // the start of f1, from which on all stays
  CHECK(has_wal(3));
  REQUIRE(expire(repo, {.keep = {.archive = 1}, .archive_before = segment(9)}));
  CHECK_FALSE(has_wal(3));
  CHECK(has_wal(5));
  CHECK(has_wal(10));
}

TEST_CASE_FIXTURE(chains,
                  "expire: the history of what is gone goes, that of listed backups stays") {
  const auto path = [](const std::string& label) {
    return format::history_manifest_path("demo", label);
  };
  put(path("20190101-000000F"));
  put("backup/demo/backup.history/notes/20190101-000000F.manifest.gz");
  REQUIRE(expire(repo, {.keep = {.fulls = 1, .history_days = 9'999'999}}));
  CHECK(files.content(path("20190101-000000F")));
  REQUIRE(expire(repo, {.keep = {.history_days = 0}, .dry_run = true}));
  CHECK(files.content(path(f1)));
  REQUIRE(expire(repo, {.keep = {.history_days = 0}}));
  for (const auto& label : {f1, i1, f2, std::string("20190101-000000F")})
    CHECK_FALSE(files.content(path(label)));
  CHECK(files.content(path(f3)));
  CHECK(files.content("backup/demo/backup.history/notes/20190101-000000F.manifest.gz"));
}

TEST_CASE_FIXTURE(chains, "expire: the set of a backup that somebody may be making stays") {
  const auto running = f1 + "_20260401-000000I";
  const auto copy = "backup/demo/" + running + "/backup.manifest.copy";
  put(copy);
  const plan::retention keep{.fulls = 2, .diffs = 1};
  REQUIRE(expire(repo, {.keep = keep}));
  CHECK(backups() == everything);
  const auto asked = expire(repo, {.label = d1});
  REQUIRE_FALSE(asked);
  CHECK(asked.failure().code == errc::backup_set_invalid);
  REQUIRE(expire(repo, {.label = f2}));
  CHECK(files.content(copy));
  age("backup/demo");
  REQUIRE(expire(repo, {.keep = keep}));
  CHECK(backups() == labels{f1, f3});
  CHECK_FALSE(files.content(copy));
}

TEST_CASE_FIXTURE(chains, "expire: what could be resumed goes with its base, when that is taken") {
  const auto label = f3 + "_20260401-000000I";
  auto of = small_manifest(label);
  of.type = format::backup_type::incr;
  of.prior = f3;
  publication all(files);
  REQUIRE(files.make_path("backup/demo/" + label));
  REQUIRE(repo.add(all, of, {}));
  REQUIRE(all.publish());
  REQUIRE(files.remove_file("backup/demo/" + label + "/backup.manifest"));
  age("backup/demo");
  REQUIRE(expire(repo, {.label = i4}));
  CHECK(files.content("backup/demo/" + label + "/backup.manifest.copy"));
  REQUIRE(expire(repo, {.label = f3}));
  CHECK_FALSE(files.content("backup/demo/" + label + "/backup.manifest.copy"));
}

TEST_CASE("expire: of chains, cut off at any change, the next one comes to the same end") {
  const std::vector<expire_settings> runs = {
      {.keep = {.fulls = 2, .diffs = 1, .archive = 2}, .exec_id = "1-2"},
      {.keep = {.fulls = 3, .diffs = 2, .archive = 3, .history_days = 0}, .exec_id = "1-2"},
      {.keep = {.fulls = 9, .archive = 1}, .label = f3, .exec_id = "1-2"},
      {.keep = {.fulls = 9, .archive = 9}, .label = d1, .exec_id = "1-2"}};
  for (const auto& settings : runs) {
    chains straight;
    REQUIRE(expire(straight.repo, settings));
    const auto left = straight.backups();
    for (unsigned cut = 1;; ++cut) {
      CAPTURE(cut);
      chains one;
      bool finished = false;
      {
        const power_cut power(one.files, cut);
        finished = expire(one.repo, settings) && !power.happened();
      }
      // The next backup, or expire, of either program finds this.
      const auto listed = one.listed();
      for (const auto& label : left) {
        CHECK(std::ranges::count(listed, label) == 1);
        CHECK(one.is_whole(label));
      }
      one.age("backup/demo");
      REQUIRE(expire(one.repo, settings));
      check_same(one.all_files(), straight.all_files());
      if (finished)
        break;
    }
  }
}
