// Whose a backup directory is, on every driver.
// SPDX-License-Identifier: MIT
#include "engine/base/clock.hpp"
#include "engine/plan/expire_backups.hpp"
#include "storage/repository/backup_claim.hpp"
#include "storage/repository/repository.hpp"
#include "tests/unit/actors/serve/remote_rig.hpp"
#include "tests/unit/storage/repository/small_manifest.hpp"
#include "tests/unit/storage/rigs.hpp"
#include "tests/unit/storage/sftp_rig.hpp"

#include <chrono>
#include <string>
#include <thread>

using namespace pgbraid;
using namespace pgbraid::test;

#define DRIVERS memory_rig, posix_rig, remote_rig, sftp_rig

namespace {

const std::string label = "20261121-231250F";
const std::string base = "backup/demo/" + label;
const std::string copy = base + "/backup.manifest.copy";
const secret no_pass;
constexpr int64_t long_ago_s = 1'000'000'000;

template <class Rig> struct stanza_in : Rig {
  repository here{this->repo, {.key = 1, .stanza = "demo"}};

  auto take(std::string_view owner) {
    return backup_claim::take(here, small_manifest(label), no_pass, owner);
  }
  bool exists(const std::string& path) {
    const auto found = this->repo.info(path);
    REQUIRE(found);
    return found->has_value();
  }
  int64_t changed_s(const std::string& path) { return (**this->repo.info(path)).mtime_s; }
  void age(const std::string& path) {
    REQUIRE(this->repo.set_attributes(path, {.mtime_s = long_ago_s}));
  }
};

errc code_of(const result<void>& what) {
  return what ? errc{} : what.failure().code;
}

} // namespace

TEST_CASE_TEMPLATE("backup claim: of two that want a label, one gets it", rig, DRIVERS) {
  stanza_in<rig> on;
  auto first = on.take("1-a");
  REQUIRE(first);
  CHECK((*on.here.look_at_backup(label)).has_copy);
  const auto second = on.take("2-b");
  REQUIRE_FALSE(second);
  CHECK(second.failure().code == errc::file_exists);
  CHECK(names_of(on.repo, "backup/demo") == std::vector<std::string>{label});
  CHECK((*first)->close());
}

TEST_CASE_TEMPLATE("backup claim: what nobody could read is not begun", rig, DRIVERS) {
  stanza_in<rig> on;
  auto of = small_manifest(label);
  of.databases.push_back({.name = "a\nb", .oid = 7});
  const auto taken = backup_claim::take(on.here, of, no_pass, "1-a");
  REQUIRE_FALSE(taken);
  CHECK(taken.failure().code == errc::format);
  CHECK(names_of(on.repo, "backup/demo").empty());
  // Nor is what is there taken over for it.
  const std::string old = "20261121-231200F";
  REQUIRE(backup_claim::take(on.here, small_manifest(old), no_pass, "1-a"));
  CHECK_FALSE(backup_claim::take_over(on.here, old, of, no_pass, "2-b"));
  CHECK(names_of(on.repo, "backup/demo") == std::vector<std::string>{old});
}

TEST_CASE_TEMPLATE("backup claim: a backup that is being made renews its copy", rig, DRIVERS) {
  stanza_in<rig> on;
  auto claim = on.take("1-a");
  REQUIRE(claim);
  const auto before_s = on.changed_s(copy);
  REQUIRE(write_all(on.repo, base + "/file", "x"));
  for (int i = 0; i < 100 && on.changed_s(copy) == before_s; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    REQUIRE((*claim)->renew());
  }
  CHECK(on.changed_s(copy) > before_s);
  REQUIRE((*claim)->save(small_manifest(label), no_pass));
  CHECK(names_of(on.repo, base) == std::vector<std::string>{"backup.manifest.copy", "file"});
  CHECK((*claim)->close());
}

TEST_CASE("backup claim: a thread renews it, and ends with it") {
  stanza_in<posix_rig> on;
  auto claim = on.take("1-a");
  REQUIRE(claim);
  const auto before_s = on.changed_s(copy);
  (*claim)->keep_renewing(std::chrono::milliseconds(20));
  for (int i = 0; i < 500 && on.changed_s(copy) == before_s; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK(on.changed_s(copy) > before_s);
  CHECK((*claim)->state());
  CHECK((*claim)->close()); // would hang if the thread did not end
}

TEST_CASE_TEMPLATE("backup claim: what is taken over keeps its files under the new label", rig,
                   DRIVERS) {
  stanza_in<rig> on;
  const std::string later = "20261122-000000F";
  REQUIRE(on.take("1-a"));
  REQUIRE(write_all(on.repo, base + "/pg_data/file", "x"));
  SUBCASE("the label is free") {
    auto claim = backup_claim::take_over(on.here, label, small_manifest(later), no_pass, "2-b");
    REQUIRE(claim);
    CHECK(names_of(on.repo, "backup/demo") == std::vector<std::string>{later});
    CHECK(*read_all(on.repo, "backup/demo/" + later + "/pg_data/file", 10) == "x");
    CHECK(on.here.load_manifest_copy(later, no_pass));
    REQUIRE((*claim)->leave(small_manifest(later), no_pass));
    CHECK(names_of(on.repo, "backup/demo") == std::vector<std::string>{later});
  }
  SUBCASE("the label is somebody's: it is where it was") {
    auto other = backup_claim::take(on.here, small_manifest(later), no_pass, "3-c");
    REQUIRE(other);
    const auto claim =
        backup_claim::take_over(on.here, label, small_manifest(later), no_pass, "2-b");
    REQUIRE_FALSE(claim);
    CHECK(claim.failure().code == errc::file_exists);
    CHECK(names_of(on.repo, "backup/demo") == std::vector<std::string>{label, later});
    CHECK(*read_all(on.repo, base + "/pg_data/file", 10) == "x");
    CHECK((*other)->close());
  }
  SUBCASE("it is gone") {
    REQUIRE(on.repo.remove_tree(base));
    const auto claim =
        backup_claim::take_over(on.here, label, small_manifest(later), no_pass, "2-b");
    REQUIRE_FALSE(claim);
    CHECK(claim.failure().code == errc::path_missing);
    CHECK(names_of(on.repo, "backup/demo").empty());
  }
}

TEST_CASE_TEMPLATE("backup claim: a directory that was removed is missed", rig, DRIVERS) {
  stanza_in<rig> on;
  auto claim = on.take("1-a");
  REQUIRE(claim);
  REQUIRE(on.repo.remove_tree(base));
  SUBCASE("when the copy is written") {
    CHECK(code_of((*claim)->save(small_manifest(label), no_pass)) == errc::path_missing);
  }
  SUBCASE("when it is renewed") {
    CHECK(code_of((*claim)->renew()) == errc::path_missing);
  }
  SUBCASE("before the backup is published") {
    CHECK(code_of((*claim)->close()) == errc::path_missing);
  }
  SUBCASE("when it is given up") {
    CHECK(code_of((*claim)->give_up()) == errc::path_missing);
  }
  CHECK(code_of((*claim)->state()) == errc::path_missing);
  CHECK_FALSE(on.exists(base));
}

TEST_CASE_TEMPLATE("backup claim: somebody else's copy is noticed, and left alone", rig, DRIVERS) {
  stanza_in<rig> on;
  auto claim = on.take("1-a");
  REQUIRE(claim);
  auto bytes = *read_all(on.repo, copy, 1 << 20);
  const auto when_s = on.changed_s(copy);
  bytes.back() = bytes.back() == 'x' ? 'y' : 'x'; // of the same size, at the same time
  REQUIRE(write_all(on.repo, copy, bytes));
  REQUIRE(on.repo.set_attributes(copy, {.mtime_s = when_s}));
  CHECK(code_of((*claim)->close()) == errc::file_exists);
  CHECK(code_of((*claim)->give_up()) == errc::file_exists);
  CHECK(*read_all(on.repo, copy, 1 << 20) == bytes);
}

TEST_CASE_TEMPLATE("backup claim: a time that somebody changed is not enough", rig, DRIVERS) {
  stanza_in<rig> on;
  auto claim = on.take("1-a");
  REQUIRE(claim);
  on.age(copy);
  CHECK((*claim)->renew());
  CHECK(on.changed_s(copy) > long_ago_s);
  auto bytes = *read_all(on.repo, copy, 1 << 20);
  bytes.back() = bytes.back() == 'x' ? 'y' : 'x';
  REQUIRE(write_all(on.repo, copy, bytes));
  on.age(copy);
  CHECK(code_of((*claim)->renew()) == errc::file_exists);
}

TEST_CASE_TEMPLATE("backup claim: what is given up is gone, what became a backup stays", rig,
                   DRIVERS) {
  stanza_in<rig> on;
  auto claim = on.take("1-a");
  REQUIRE(claim);
  REQUIRE(write_all(on.repo, base + "/pg_data/file", "x"));
  SUBCASE("given up") {
    CHECK((*claim)->give_up());
    CHECK_FALSE(on.exists(base));
  }
  SUBCASE("given up while it was published") {
    REQUIRE((*claim)->close());
    REQUIRE(write_all(on.repo, copy, "the last one"));
    CHECK((*claim)->give_up());
    CHECK_FALSE(on.exists(base));
  }
  SUBCASE("a backup") {
    REQUIRE((*claim)->close());
    REQUIRE(write_all(on.repo, base + "/backup.manifest", "x"));
    CHECK((*claim)->give_up());
    CHECK(on.exists(copy));
  }
}

TEST_CASE_TEMPLATE("backup progress: whoever changes something works on it", rig, DRIVERS) {
  stanza_in<rig> on;
  REQUIRE(on.take("1-a"));
  const auto now_s = storage_time_s(on.repo, "backup/demo", "2-b");
  CHECK(std::abs(now_s - wall_s()) < 60);
  CHECK(names_of(on.repo, "backup/demo") == std::vector<std::string>{label});
  CHECK(*is_in_progress(on.here, label, now_s));
  CHECK_FALSE(*is_in_progress(on.here, label, now_s + plan::abandoned_after_s + 60));
  CHECK_FALSE(*is_in_progress(on.here, "20200101-000000F", now_s));

  REQUIRE(write_all(on.repo, base + "/pg_data/base/1/large", "x"));
  for (const auto* path :
       {"", "/backup.manifest.copy", "/pg_data", "/pg_data/base", "/pg_data/base/1"})
    on.age(base + path);
  CHECK(*is_in_progress(on.here, label, now_s)); // one file grows and grows
  on.age(base + "/pg_data/base/1/large");
  CHECK_FALSE(*is_in_progress(on.here, label, now_s));
}

TEST_CASE_TEMPLATE("backup progress: names that never became final are swept one day", rig,
                   DRIVERS) {
  stanza_in<rig> on;
  const std::string old = "backup/demo/" + label + ".1-a.pgbackrest.tmp";
  const std::string fresh = "backup/demo/latest.pgbackrest.tmp";
  REQUIRE(write_all(on.repo, old + "/backup.manifest.copy", "x"));
  on.age(old);
  REQUIRE(write_all(on.repo, fresh, "x"));
  REQUIRE(write_all(on.repo, "backup/demo/backup.info", "x"));
  on.age("backup/demo/backup.info");
  REQUIRE(sweep_temporary(on.here, "2-b"));
  CHECK_FALSE(on.exists(old));
  CHECK(on.exists(fresh));
  CHECK(on.exists("backup/demo/backup.info"));
}
