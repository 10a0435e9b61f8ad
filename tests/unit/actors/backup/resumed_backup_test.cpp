// Backups that go on with one that was not completed, in memory.
// SPDX-License-Identifier: MIT
#include "tests/unit/actors/backup/whole_backup_rig.hpp"
#include "tests/unit/storage/power_cut.hpp"
#include "tests/unit/storage/repository/small_manifest.hpp"

#include <algorithm>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

struct resumed_rig : whole_rig {
  resumed_rig() {
    wanted.resume = true;
    wanted.save_threshold = 1;
  }
  /// Nobody works on what is incomplete any more.
  void wait() { clock.advance(std::chrono::minutes(11)); }
  /// A backup that fails when the server is asked for the nth time; what it left.
  std::string fail(int calls) {
    primary->server->calls_left = calls;
    CHECK(code() != errc{});
    primary->server->calls_left.reset();
    const auto found = repo.list_backups();
    REQUIRE(found);
    return found->empty() || found->back().has_manifest ? std::string() : found->back().label;
  }
  std::string path(const std::string& label, const std::string& name) const {
    return format::label_path("demo", label) + "/pg_data/" + name;
  }
  /// Everything in the newest backup is what the cluster has.
  void check_newest() {
    const auto labels = listed();
    REQUIRE_FALSE(labels.empty());
    const auto& newest = *labels.rbegin();
    for (const auto* name : {"PG_VERSION", "base/5/1259", "base/5/2600"})
      CHECK(files.content(path(newest, name)) == primary->files->content(name));
    CHECK(directories() == labels.size());
  }
  /// How far the server gets before it is asked to stop the backup: all is copied by then.
  int calls_of_copy() {
    for (int calls = 5;; ++calls) {
      resumed_rig trial;
      const auto label = trial.fail(calls);
      if (!label.empty() && trial.files.content(trial.path(label, "base/5/2600")))
        return calls;
      REQUIRE(calls < 100);
    }
  }
};

} // namespace

TEST_CASE("backup: what was left at any call of the server is gone on with") {
  for (int calls = 0;; ++calls) {
    resumed_rig rig;
    rig.primary->server->calls_left = calls;
    if (rig.code() == errc{}) {
      CHECK(calls > 5);
      break;
    }
    rig.primary->server->calls_left.reset();
    CHECK(rig.listed().empty());
    rig.wait();
    REQUIRE(rig.make());
    rig.check_newest();
  }
}

TEST_CASE("backup: without power at any change of one that is gone on with, nothing is lost") {
  const int calls = resumed_rig().calls_of_copy();
  for (unsigned nth = 1;; ++nth) {
    resumed_rig rig;
    REQUIRE_FALSE(rig.fail(calls).empty());
    rig.wait();
    bool happened = false;
    {
      power_cut cut(rig.files, nth);
      static_cast<void>(rig.code());
      happened = cut.happened();
    }
    static_cast<void>(rig.listed()); // each of them can be restored
    rig.wait();
    rig.put("base/5/1259", std::string(8192, 'z')); // of the same size, later
    REQUIRE(rig.make());
    rig.wait();
    rig.check_newest();
    if (!happened) {
      CHECK(nth > 10);
      break;
    }
  }
}

TEST_CASE_FIXTURE(resumed_rig, "backup: what is kept is not written again, unless it is damaged") {
  const auto label = fail(calls_of_copy());
  REQUIRE_FALSE(label.empty());
  wait();
  std::string before(100'000, 'b');
  SUBCASE("sound") {
    REQUIRE(make());
    const auto newest = *listed().rbegin();
    CHECK(newest != label);
    // Nothing of the cluster is that old: it can only have been kept.
    CHECK((**files.info(path(newest, "base/5/2600"))).mtime_s + 600 <
          (**files.info(path(newest, "backup_label"))).mtime_s);
  }
  SUBCASE("damaged") {
    before[5] = 'x';
    REQUIRE(write_all(files, path(label, "base/5/2600"), before));
    wait();
    REQUIRE(make());
  }
  SUBCASE("cut off") {
    REQUIRE(write_all(files, path(label, "base/5/2600"), before.substr(1)));
    wait();
    REQUIRE(make());
  }
  SUBCASE("gone") {
    REQUIRE(files.remove_file(path(label, "base/5/2600")));
    wait();
    REQUIRE(make());
  }
  SUBCASE("changed in the cluster") {
    put("base/5/2600", std::string(100'000, 'c'));
    REQUIRE(make());
  }
  SUBCASE("besides, with files of nobody") {
    REQUIRE(write_all(files, path(label, "junk/file"), "x"));
    REQUIRE(write_all(files, path(label, "base/5/junk"), "x"));
    wait();
    REQUIRE(make());
    const auto newest = *listed().rbegin();
    CHECK_FALSE(files.content(path(newest, "junk/file")));
    CHECK_FALSE(files.content(path(newest, "base/5/junk")));
  }
  check_newest();
}

TEST_CASE_FIXTURE(resumed_rig, "backup: what somebody may work on is left alone") {
  const auto label = fail(calls_of_copy());
  REQUIRE(make()); // nothing is noted beside a lock here
  CHECK(files.content(path(label, "base/5/2600")));
  CHECK_FALSE(listed().contains(label));
}

TEST_CASE_FIXTURE(resumed_rig, "backup: one that turns out to be a backup is not gone on with") {
  const auto label = fail(calls_of_copy());
  const auto manifest = format::manifest_path_of("demo", label);
  REQUIRE(write_all(files, manifest, *files.content(manifest + ".copy")));
  const auto copy = files.content(manifest + ".copy");
  const auto other = small_manifest("20990101-000000F");
  const auto taken = backup_claim::take_over(repo, label, other, {}, "2-other");
  REQUIRE_FALSE(taken);
  CHECK(taken.failure().code == errc::path_missing);
  CHECK(files.content(manifest + ".copy") == copy);
  CHECK(directories() == 1);
}

TEST_CASE_FIXTURE(resumed_rig, "backup: of two that go on with one, one has it") {
  const auto label = fail(calls_of_copy());
  const auto other = small_manifest("20990101-000000F");
  auto first = backup_claim::take_over(repo, label, other, {}, "2-a");
  REQUIRE(first);
  const auto later = small_manifest("20990101-000001F");
  const auto second = backup_claim::take_over(repo, label, later, {}, "3-b");
  REQUIRE_FALSE(second);
  CHECK(second.failure().code == errc::path_missing);
  CHECK((*first)->close());
  CHECK_FALSE(files.content(path(label, "base/5/2600")));
  CHECK(files.content(path("20990101-000000F", "base/5/2600")));
}
