// WAL that a restore needs: looked for in all archives.
// SPDX-License-Identifier: MIT
#include "actors/restore/restore_wal.hpp"
#include "tests/unit/actors/restore/whole_rig.hpp"

using namespace pgbraid;
using namespace pgbraid::restore_test;

namespace {

/// How many warnings there were.
result<size_t> check(const whole_rig& with) {
  auto source = open_restore_source(with.wanted, {with.from.front()});
  REQUIRE(source);
  return check_wal(with.wanted, with.from, *source);
}

void lose(whole_rig& with, unsigned number) {
  REQUIRE(with.repository.remove_file(whole_rig::segment_path(number)));
}

} // namespace

TEST_CASE("restore WAL check: a missing segment refuses, or is told") {
  whole_rig with;
  with.publish();
  auto warned = check(with);
  REQUIRE(warned);
  CHECK(*warned == 0);
  lose(with, 6);
  warned = check(with);
  REQUIRE(!warned);
  CHECK(warned.failure().code == errc::file_missing);
  CHECK(warned.failure().message.find(whole_rig::segment(6)) != std::string::npos);
  CHECK(warned.failure().hint.ends_with("Nothing was changed."));
  with.wanted.on_doubt = plan::doubt_rule::warn;
  warned = check(with);
  REQUIRE(warned);
  CHECK(*warned == 1);
}

TEST_CASE("restore WAL check: what one archive lacks, another may have") {
  whole_rig with;
  with.publish();
  lose(with, 6);
  test::faulty_memory other;
  whole_rig::save_infos(other, {});
  with.from.push_back(whole_rig::door(2, other));
  CHECK(!check(with));
  whole_rig::put_segment(other, 6);
  const auto warned = check(with);
  REQUIRE(warned);
  CHECK(*warned == 0);
}

TEST_CASE(
    "restore WAL check: where one archive is silent, or WAL comes from elsewhere, it is told") {
  whole_rig with;
  with.publish();
  lose(with, 6);
  with.wanted.recovery.options = {{"restore-command", "cp"}};
  auto warned = check(with);
  REQUIRE(warned);
  CHECK(*warned == 1);
  with.wanted.recovery.options.clear();
  CHECK(!check(with));
  with.from.push_back(whole_rig::closed_door(2, {errc::host_connect, "no route to host"}));
  warned = check(with);
  REQUIRE(warned);
  CHECK(*warned == 2); // of the silent one, and of the segment
}

TEST_CASE("restore WAL check: partial segments, and those of other clusters, do not count") {
  whole_rig with;
  with.publish();
  lose(with, 6);
  const auto name = whole_rig::segment(6);
  const std::string sum(40, 'a');
  with.put(fmt::format("archive/demo/15-1/0000000100000000/{}.partial-{}", name, sum), "wal");
  with.put(fmt::format("archive/demo/15-2/0000000100000000/{}-{}", name, sum), "wal");
  CHECK(!check(with));
  with.put(fmt::format("archive/demo/15-1/0000000100000000/{}-{}.gz", name, sum), "wal");
  CHECK(check(with));
}

TEST_CASE("restore WAL check: what the backup does not need is not looked for") {
  whole_rig with;
  with.backup.options.archive_check = false;
  with.publish();
  lose(with, 6);
  auto warned = check(with);
  REQUIRE(warned);
  CHECK(*warned == 0);
  with.from.push_back(whole_rig::closed_door(2, {errc::host_connect, "no route to host"}));
  warned = check(with);
  REQUIRE(warned);
  CHECK(*warned == 0);
}
