// Expire on a repository in memory: what goes, what stays, and that it may be cut off anywhere.
// SPDX-License-Identifier: MIT
#include "actors/expire/expire.hpp"
#include "actors/expire/expire_archive.hpp"
#include "engine/format/repository_path.hpp"
#include "storage/forwarding_storage.hpp"
#include "storage/wrap/metered_storage.hpp"
#include "tests/unit/storage/faulty_memory.hpp"
#include "tests/unit/storage/power_cut.hpp"
#include "tests/unit/storage/repository/small_infos.hpp"
#include "tests/unit/storage/repository/small_manifest.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

using namespace pgbraid;
using names = std::vector<std::string>;

namespace {

const std::array<std::string, 4> labels = {"20261101-120000F", "20261102-120000F",
                                           "20261103-120000F", "20261104-120000F"};
constexpr std::string_view sum = "dafbf44355254f826b129cecc7a094e4a6b4009e";

std::string segment(unsigned number) {
  return fmt::format("0000000100000000{:08X}", number);
}

/// Four full backups; the n-th (from 0) needs WAL segment 10n + 2. WAL goes from 1 to 40.
struct rig {
  test::faulty_memory files;
  repository repo{files, {.key = 1, .stanza = "demo"}};
  format::backup_info info = test::small_backup_info();

  rig() {
    REQUIRE(repo.save(test::small_archive_info()));
    for (size_t i = 0; i < labels.size(); ++i)
      add_backup(labels[i], segment(10 * static_cast<unsigned>(i) + 2));
    save();
    for (unsigned number = 1; number <= 40; ++number)
      put(fmt::format("archive/demo/15-1/0000000100000000/{}-{}", segment(number), sum));
  }

  void put(const std::string& path) { REQUIRE(write_all(files, path, "x")); }
  void save() { REQUIRE(repo.save(info)); }

  void add_backup(const std::string& label, const std::string& wal) {
    info.add({.label = label,
              .archive_start = wal,
              .archive_stop = wal,
              .page_errors = false,
              .history_id = 1});
    REQUIRE(files.make_path(format::label_path("demo", label)));
    publication all(files);
    REQUIRE(repo.add(all, test::small_manifest(label), {}));
    REQUIRE(all.publish());
    put(format::label_path("demo", label) + "/pg_data/PG_VERSION");
  }

  void page_errors(size_t number) {
    info.find(labels[number])->page_errors = true;
    save();
  }

  /// Backups that are listed; each has its manifest, and no other directory is left.
  names backups() {
    auto loaded = repo.load_backup_info();
    REQUIRE(loaded);
    names out;
    for (const auto& one : loaded->backups)
      out.push_back(one.label);
    auto on_disk = repo.list_backups();
    REQUIRE(on_disk);
    names complete;
    for (const auto& one : *on_disk) {
      CHECK(one.has_manifest);
      complete.push_back(one.label);
    }
    CHECK(complete == out);
    return out;
  }
  /// Nobody changed anything in the directories of backups for long.
  void age(const std::string& path) {
    auto listed = files.list(path);
    REQUIRE(listed);
    for (const auto& one : listed->value_or(std::vector<entry>())) {
      REQUIRE(files.set_attributes(path + "/" + one.name, {.mtime_s = 1'000'000'000}));
      if (one.info.kind == entry_kind::path)
        age(path + "/" + one.name);
    }
  }
  std::string oldest_wal() {
    auto range = repo.wal_range("15-1");
    REQUIRE(range);
    return *range ? (*range)->min : "";
  }
};

names newest(size_t count) {
  return {labels.end() - static_cast<std::ptrdiff_t>(count), labels.end()};
}

} // namespace

TEST_CASE_FIXTURE(rig, "expire: the newest full backups stay, and the WAL since their start") {
  REQUIRE(expire(repo, {.keep = {.fulls = 2, .archive = 2}}));
  CHECK(backups() == newest(2));
  CHECK(oldest_wal() == segment(22));
  REQUIRE(expire(repo, {.keep = {.fulls = 2, .archive = 1}}));
  CHECK(backups() == newest(2));
  CHECK(files.content(fmt::format("archive/demo/15-1/0000000100000000/{}-{}", segment(22), sum)));
  CHECK_FALSE(
      files.content(fmt::format("archive/demo/15-1/0000000100000000/{}-{}", segment(23), sum)));
}

TEST_CASE_FIXTURE(rig, "expire: without retention nothing goes") {
  const auto before = files.used_bytes();
  REQUIRE(expire(repo, {}));
  CHECK(files.used_bytes() == before);
  CHECK(backups() == newest(4));
}

TEST_CASE_FIXTURE(rig, "expire: a dry run changes nothing") {
  const auto before = files.used_bytes();
  const auto removed = files.used(storage_verb::remove);
  REQUIRE(expire(repo, {.keep = {.fulls = 1, .archive = 1}, .dry_run = true}));
  CHECK(files.used_bytes() == before);
  CHECK(files.used(storage_verb::remove) == removed);
  CHECK(backups() == newest(4));
  CHECK(oldest_wal() == segment(1));
}

TEST_CASE_FIXTURE(rig, "expire: bad pages in the oldest backup that would be left") {
  page_errors(2);
  SUBCASE("stop it") {
    const auto done = expire(repo, {.keep = {.fulls = 2, .archive = 2}});
    REQUIRE_FALSE(done);
    CHECK(done.failure().code == errc::checksum);
    CHECK(backups() == newest(4));
    CHECK(oldest_wal() == segment(1));
  }
  SUBCASE("are only told when that is wanted") {
    REQUIRE(expire(repo, {.keep = {.fulls = 2, .archive = 2}, .bad_pages_stop = false}));
    CHECK(backups() == newest(2));
  }
}

TEST_CASE_FIXTURE(rig, "expire: after a backup the newest sound set stays, with its WAL") {
  page_errors(2);
  page_errors(3);
  REQUIRE(expire(repo, {.keep = {.fulls = 1, .archive = 1}, .follows_backup = true}));
  CHECK(backups() == names{labels[1], labels[3]});
  CHECK(oldest_wal() == segment(12));
}

TEST_CASE_FIXTURE(rig, "expire: while a manifest cannot be read no WAL goes, nor its set") {
  info.remove(labels[0]);
  save();
  REQUIRE(write_all(files, format::manifest_path_of("demo", labels[0]), "damaged"));
  REQUIRE(write_all(files, format::manifest_path_of("demo", labels[0]) + ".copy", "damaged"));
  REQUIRE_FALSE(expire(repo, {.keep = {.fulls = 1, .archive = 1}}));
  CHECK(files.content(format::label_path("demo", labels[0]) + "/pg_data/PG_VERSION"));
  CHECK(oldest_wal() == segment(1));
}

TEST_CASE_FIXTURE(rig, "expire: WAL goes in batches, the oldest first") {
  constexpr unsigned count = 2700;
  for (unsigned number = 41; number <= count; ++number)
    put(fmt::format("archive/demo/15-1/0000000100000000/{}-{}", segment(number), sum));
  for (const auto& label : labels)
    info.remove(label);
  add_backup("20261105-120000F", segment(2600));
  save();
  const auto left = [&] {
    const auto listed = files.list("archive/demo/15-1/0000000100000000");
    REQUIRE(listed);
    return (*listed)->size();
  };
  const archive_expiry settings{.count = 1};
  // What is left after a failure is what comes after it.
  files.fail(storage_verb::remove, 1500, {errc::file_remove, "no"});
  removals going(repo, false);
  CHECK_FALSE(expire_archive(repo, settings, info, going));
  CHECK(oldest_wal() == segment(1500));
  CHECK(left() == count - 1499);
  files.clear_faults();
  const auto meter = std::make_shared<storage_meter>();
  metered_storage metered(std::shared_ptr<storage>(&files, [](storage*) {}), meter);
  repository counted(metered, {.key = 1, .stanza = "demo"});
  removals counted_going(counted, false);
  REQUIRE(expire_archive(counted, settings, info, counted_going));
  CHECK(oldest_wal() == segment(2600));
  CHECK(left() == 101);
  CHECK(meter->of(storage_verb::remove).requests == 2); // of 1,100 files
}

TEST_CASE("expire: what was begun long ago and never ended goes where that is asked for") {
  class noting final : public forwarding_storage {
  public:
    using forwarding_storage::forwarding_storage;
    names asked = {};
    result<void> remove_unfinished(std::string_view path, int64_t before_s) override {
      asked.push_back(fmt::format("{} {}", path, before_s));
      return success();
    }
  };
  rig one;
  noting files(std::shared_ptr<storage>(&one.files, [](storage*) {}));
  repository repo(files, {.key = 1, .stanza = "demo"});
  REQUIRE(expire(repo, {.keep = {.fulls = 2}, .exec_id = "1-2"}));
  REQUIRE(expire(repo, {.keep = {.fulls = 2}, .unfinished_before_s = 5, .dry_run = true}));
  CHECK(files.asked.empty());
  REQUIRE(expire(repo, {.keep = {.fulls = 2}, .unfinished_before_s = 5, .exec_id = "1-2"}));
  CHECK(files.asked == names{"backup/demo 5", "archive/demo 5"});
}

TEST_CASE("expire: cut off at any change, the next one comes to the same end") {
  const expire_settings settings{.keep = {.fulls = 2, .archive = 2}, .exec_id = "1-2"};
  for (unsigned cut = 1;; ++cut) {
    CAPTURE(cut);
    rig one;
    bool finished = false;
    {
      const test::power_cut power(one.files, cut);
      finished = expire(one.repo, settings) && !power.happened();
    }
    // Whatever is listed can be restored: its manifest, its files and its WAL are there.
    auto listed = one.repo.load_backup_info();
    REQUIRE(listed);
    for (const auto& label : newest(2)) {
      CHECK(listed->find(label) != nullptr);
      CHECK(one.repo.load_manifest(label, {}));
      CHECK(one.files.content(format::label_path("demo", label) + "/pg_data/PG_VERSION"));
    }
    CHECK(one.oldest_wal() <= segment(22));
    // What is half gone might be a backup that somebody makes, until nothing changed for long.
    one.age("backup/demo");
    REQUIRE(expire(one.repo, settings));
    CHECK(one.backups() == newest(2));
    CHECK(one.oldest_wal() == segment(22));
    if (finished)
      break;
  }
}
