// What a hostile manifest may ask for: modes, owners, directories.
// SPDX-License-Identifier: MIT
#include "engine/plan/restore_access.hpp"
#include "engine/plan/restore_owner.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/plan/sample_backup.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

using namespace pgbraid;
using namespace pgbraid::plan;
using namespace pgbraid::plan_test;

namespace {

/// A host with root, postgres (26) and alice (1000).
owner_lookup names() {
  const auto id = [](std::string_view name) -> std::optional<uint32_t> {
    return name == "root"       ? std::optional<uint32_t>(0)
           : name == "postgres" ? std::optional<uint32_t>(26)
           : name == "alice"    ? std::optional<uint32_t>(1000)
                                : std::nullopt;
  };
  const auto name = [](uint32_t of) -> std::optional<std::string> {
    return of == 0 ? std::optional<std::string>("root") : std::nullopt;
  };
  return {.user_id = id, .group_id = id, .user_name = name, .group_name = name};
}

constexpr owner_facts root_without_data{};

} // namespace

TEST_CASE("restore access: set-id and sticky bits are refused, wherever they are") {
  for (const auto bit : std::initializer_list<uint16_t>{04000, 02000, 01000}) {
    test::hostile("modes, owners and directories of others", 2);
    CAPTURE(bit);
    auto with_file = sample_backup();
    with_file.files[0].mode = static_cast<uint16_t>(0600 | bit);
    REQUIRE(!limit_modes(with_file));
    CHECK(limit_modes(with_file).failure().code == errc::format);
    auto with_path = sample_backup();
    with_path.paths.back().mode = static_cast<uint16_t>(0700 | bit);
    REQUIRE(!limit_modes(with_path));
  }
}

TEST_CASE("restore access: nothing is opened to others, and that is said once") {
  test::hostile("modes, owners and directories of others", 5);
  auto backup = sample_backup();
  const auto untouched = limit_modes(backup);
  REQUIRE(untouched);
  CHECK(!*untouched);
  backup.paths[0].mode = 0777;
  backup.paths[1].mode = 0;
  backup.files[0].mode = 0666;
  backup.files[1].mode = 0400;
  backup.files[2].mode = 0755;
  const auto note = limit_modes(backup);
  REQUIRE(note);
  REQUIRE(*note);
  CHECK((*note)->starts_with("3 mode(s)"));
  CHECK((*note)->find("'pg_data' (0777, now 0750)") != std::string::npos);
  CHECK(backup.paths[0].mode == 0750);
  CHECK(backup.paths[1].mode == 0700);
  CHECK(backup.files[0].mode == 0644);
  CHECK(backup.files[1].mode == 0400);
  CHECK(backup.files[2].mode == 0755);
}

TEST_CASE("restore owners: root owns nothing in a cluster of somebody else") {
  test::hostile("modes, owners and directories of others");
  auto backup = sample_backup();
  const auto root = backup.owner("root");
  backup.files[0].user = root;
  backup.files[0].group = root;
  const owner_facts of_others{.data_uid = 26, .data_gid = 27};
  const owner_policy policy(backup, of_others, names());
  CHECK(policy.ids(root, root).uid == 26);
  CHECK(policy.ids(root, root).gid == 27);
  CHECK(policy.cluster_uid() == 26);
  REQUIRE(policy.warnings().size() == 2);
  CHECK(policy.warnings()[0] ==
        "user 'root' in backup manifest mapped to '26', whose the data directory is");
}

TEST_CASE("restore owners: without a data directory of somebody the backup's owner counts") {
  test::hostile("modes, owners and directories of others", 2);
  auto backup = sample_backup();
  const auto root = backup.owner("root");
  const auto nobody_here = backup.owner("bob");
  backup.files[0].user = root;
  backup.files[1].user = nobody_here;
  const owner_policy policy(backup, root_without_data, names());
  CHECK(policy.cluster_uid() == 26);
  CHECK(policy.data_ids().uid == 26);
  CHECK(policy.ids(root, root).uid == 26);
  CHECK(policy.ids(nobody_here, root).uid == 26);
}

TEST_CASE("restore owners: where all is root's it stays so") {
  auto backup = sample_backup();
  const auto root = backup.owner("root");
  for (auto& path : backup.paths)
    path.user = path.group = root;
  for (auto& file : backup.files)
    file.user = file.group = root;
  const owner_policy policy(backup, root_without_data, names());
  CHECK(policy.ids(root, root).uid == 0);
  CHECK(policy.cluster_uid() == 0);
}

TEST_CASE("restore access: whose directories are ours") {
  test::hostile("modes, owners and directories of others", 5);
  CHECK(is_ours(26, 26));
  CHECK(!is_ours(0, 26));
  CHECK(!is_ours(1000, 26));
  CHECK(!is_ours(0, 0)); // each directory of the system would be
  CHECK(may_lie_in_target(root_kind::tablespace, "PG_15_202209061"));
  CHECK(may_lie_in_target(root_kind::link_path, "lost+found"));
  CHECK(!may_lie_in_target(root_kind::link_path, "PG_15_202209061"));
  CHECK(!may_lie_in_target(root_kind::tablespace, "passwd"));
}
