// Expire in a bucket that holds some of its objects: they stay, and so does what they stand for.
// SPDX-License-Identifier: MIT
#include "actors/expire/expire.hpp"
#include "engine/format/repository_path.hpp"
#include "storage/driver/object/object_storage.hpp"
#include "tests/unit/storage/driver/object/memory_store.hpp"
#include "tests/unit/storage/repository/small_infos.hpp"
#include "tests/unit/storage/repository/small_manifest.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace pgbraid;
using names = std::vector<std::string>;

namespace {

const std::string first = "20261101-120000F";
const std::string diff = first + "_20261101-130000D";
const std::string incr = first + "_20261101-140000I";
const std::string second = "20261102-120000F";

std::string segment(unsigned number) {
  return fmt::format("0000000100000000{:08X}", number);
}
std::string wal(unsigned number) {
  return fmt::format("archive/demo/15-1/0000000100000000/{}-{}", segment(number),
                     "dafbf44355254f826b129cecc7a094e4a6b4009e");
}

/// A full backup with a diff and an incr of that diff, and another full one; the n-th needs WAL
/// segment 10n, of 50.
struct rig {
  std::shared_ptr<test::memory_store> bucket = std::make_shared<test::memory_store>();
  std::unique_ptr<storage> files = object::make_object_storage(bucket, "/", {});
  repository repo{*files, {.key = 1, .stanza = "demo"}};
  format::backup_info info = test::small_backup_info();

  rig() {
    REQUIRE(repo.save(test::small_archive_info()));
    add(first, 10, {});
    add(diff, 20, first);
    add(incr, 30, diff);
    add(second, 40, {});
    REQUIRE(repo.save(info));
    for (unsigned number = 1; number <= 50; ++number)
      REQUIRE(write_all(*files, wal(number), "x"));
  }

  void add(const std::string& label, unsigned number, const std::string& prior) {
    info.add({.label = label,
              .type = format::type_of_label(label),
              .archive_start = segment(number),
              .archive_stop = segment(number),
              .page_errors = false,
              .prior = prior.empty() ? std::nullopt : std::optional(prior),
              .reference = prior.empty() ? names() : names{first},
              .history_id = 1});
    auto manifest = test::small_manifest(label);
    if (!prior.empty()) {
      manifest.prior = prior;
      manifest.references.insert(manifest.references.begin(), first);
      manifest.type = format::type_of_label(label);
    }
    publication all(*files);
    REQUIRE(repo.add(all, manifest, {}));
    REQUIRE(all.publish());
    REQUIRE(write_all(*files, data_of(label), "x"));
  }
  static std::string data_of(const std::string& label) {
    return format::label_path("demo", label) + "/pg_data/PG_VERSION";
  }
  void hold(const std::string& path) { bucket->kept.insert(path); }
  result<void> keep_one() { return expire(repo, {.keep = {.fulls = 1, .archive = 1}}); }
  names listed() {
    auto loaded = repo.load_backup_info();
    REQUIRE(loaded);
    names out;
    for (const auto& one : loaded->backups)
      out.push_back(one.label);
    return out;
  }
  size_t below(const std::string& prefix) const {
    return static_cast<size_t>(std::ranges::count_if(
        bucket->objects, [&](const auto& one) { return one.first.starts_with(prefix); }));
  }
  bool is_whole(const std::string& label) const {
    const auto manifest = format::manifest_path_of("demo", label);
    return bucket->objects.contains(manifest) && bucket->objects.contains(data_of(label));
  }
};

} // namespace

TEST_CASE_FIXTURE(rig, "expire, holds: nothing is held, all goes") {
  REQUIRE(keep_one());
  CHECK(listed() == names{second});
  CHECK(below("backup/demo/" + first) == 0);
  CHECK(below("archive/demo/15-1/") == 11);
}

TEST_CASE_FIXTURE(rig, "expire, holds: a backup whose manifest is held stays, with its WAL") {
  hold(format::manifest_path_of("demo", first));
  REQUIRE(keep_one());
  CHECK(listed() == names{first, second});
  CHECK(is_whole(first));
  CHECK(below("backup/demo/" + first + "_") == 0);
  CHECK(bucket->objects.contains(wal(10)));
  CHECK(below("archive/demo/15-1/") == 12);
  SUBCASE("until it may go") {
    bucket->kept.clear();
    REQUIRE(keep_one());
    CHECK(listed() == names{second});
    CHECK(below("backup/demo/" + first) == 0);
    CHECK(below("archive/demo/15-1/") == 11);
  }
  SUBCASE("however often it is tried") {
    REQUIRE(keep_one());
    CHECK(listed() == names{first, second});
  }
}

TEST_CASE_FIXTURE(rig, "expire, holds: what a held backup depends on stays, too") {
  hold(format::manifest_path_of("demo", diff));
  REQUIRE(keep_one());
  CHECK(listed() == names{first, diff, second});
  CHECK(is_whole(first));
  CHECK(is_whole(diff));
  CHECK(below("backup/demo/" + incr) == 0);
  CHECK(below("archive/demo/15-1/") == 13);
}

TEST_CASE_FIXTURE(rig, "expire, holds: held files of a backup without manifest go later") {
  hold(data_of(first));
  hold(wal(7));
  REQUIRE(keep_one());
  CHECK(listed() == names{second});
  CHECK(below("backup/demo/" + first) == 1);
  CHECK(below("archive/demo/15-1/") == 12);
  bucket->kept.clear();
  bucket->times[data_of(first)] = bucket->now_s;
  bucket->now_s += 7 * plan::day_s;
  REQUIRE(keep_one());
  CHECK(below("backup/demo/" + first) == 0);
  CHECK(below("archive/demo/15-1/") == 11);
}

TEST_CASE_FIXTURE(rig, "expire, holds: the copy of a manifest that is held is no backup") {
  hold(format::manifest_path_of("demo", first) + ".copy");
  REQUIRE(keep_one());
  CHECK(listed() == names{second});
  CHECK(below("backup/demo/" + first) == 1);
}

TEST_CASE_FIXTURE(rig, "expire, holds: what is no hold ends the run before the index is written") {
  bucket->failing = [](std::string_view verb) -> std::optional<error> {
    if (verb == "remove")
      return error{errc::protocol, "no"};
    return {};
  };
  const auto done = keep_one();
  REQUIRE_FALSE(done);
  CHECK(done.failure().message.ends_with("no"));
  bucket->failing = {};
  CHECK(listed() == names{first, diff, incr, second});
}
