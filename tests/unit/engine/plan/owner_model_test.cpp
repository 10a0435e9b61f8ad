// Owners and modes of what is restored, whatever a manifest asks for.
// SPDX-License-Identifier: MIT
#include "engine/plan/restore_access.hpp"
#include "engine/plan/restore_owner.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/engine/plan/sample_backup.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

using namespace pgbraid;
using namespace pgbraid::plan;

namespace {

const std::map<std::string, uint32_t, std::less<>> people{
    {"root", 0}, {"postgres", 26}, {"alice", 1000}, {"bob", 1001}};

owner_lookup host() {
  const auto id = [](std::string_view name) {
    const auto found = people.find(name);
    return found == people.end() ? std::nullopt : std::optional(found->second);
  };
  const auto name = [](uint32_t of) -> std::optional<std::string> {
    for (const auto& [known, uid] : people)
      if (uid == of)
        return known;
    return std::nullopt;
  };
  return {.user_id = id, .group_id = id, .user_name = name, .group_name = name};
}

/// Names of this host and of others, and ids without a name.
std::optional<std::string> any_owner() {
  const auto name = *rc::gen::element<std::string>("root", "postgres", "alice", "stranger", "");
  return name.empty() ? std::nullopt : std::optional(name);
}

format::manifest any_backup() {
  auto out = plan_test::sample_backup();
  const auto change = [&](auto& entries) {
    for (auto& entry : entries) {
      entry.user = out.owner(any_owner());
      entry.group = out.owner(any_owner());
    }
  };
  change(out.paths);
  change(out.files);
  change(out.links);
  return out;
}

/// Calls with the owners of each entry.
template <class Function> void for_each_entry(const format::manifest& of, Function function) {
  for (const auto& one : of.paths)
    function(one.user, one.group);
  for (const auto& one : of.files)
    function(one.user, one.group);
  for (const auto& one : of.links)
    function(one.user, one.group);
}

} // namespace

TEST_CASE("owner model: root gives nothing to root, unless all of the cluster is root's") {
  test::for_all([] {
    test::hostile("modes, owners and directories of others");
    const auto backup = any_backup();
    const auto data_uid = *rc::gen::element(0U, 26U, 1001U);
    const owner_policy policy(backup, {.data_uid = data_uid, .data_gid = data_uid}, host());
    for_each_entry(backup, [&](format::owner_index user, format::owner_index group) {
      const auto ids = policy.ids(user, group);
      RC_ASSERT(ids.uid.has_value());
      RC_ASSERT(ids.gid.has_value());
      RC_ASSERT((*ids.uid != 0 || policy.cluster_uid() == 0));
      if (data_uid != 0)
        RC_ASSERT(*ids.gid != 0U);
    });
  });
}

TEST_CASE("owner model: who has a name on this host keeps what is his, all else is the cluster's") {
  test::for_all([] {
    const auto backup = any_backup();
    const auto data_uid = *rc::gen::element(26U, 1001U);
    const owner_policy policy(backup, {.data_uid = data_uid, .data_gid = 77}, host());
    RC_ASSERT(policy.cluster_uid() == data_uid);
    for_each_entry(backup, [&](format::owner_index user, format::owner_index group) {
      const auto id_of = [&](format::owner_index of, uint32_t otherwise) {
        const auto name = backup.owner_name(of);
        const auto known = name ? people.find(*name) : people.end();
        return known == people.end() || known->second == 0 ? otherwise : known->second;
      };
      const auto ids = policy.ids(user, group);
      RC_ASSERT(*ids.uid == id_of(user, data_uid));
      RC_ASSERT(*ids.gid == id_of(group, 77));
    });
  });
}

TEST_CASE("owner model: each name that is not kept is said once") {
  test::for_all([] {
    const auto backup = any_backup();
    const bool as_root = *rc::gen::arbitrary<bool>();
    const owner_policy policy(
        backup,
        {.uid = as_root ? 0U : 26U, .gid = as_root ? 0U : 26U, .data_uid = 26, .data_gid = 26},
        host());
    std::set<std::optional<std::string_view>> users;
    std::set<std::optional<std::string_view>> groups;
    for_each_entry(backup, [&](format::owner_index user, format::owner_index group) {
      users.insert(backup.owner_name(user));
      groups.insert(backup.owner_name(group));
      if (!as_root)
        RC_ASSERT(!policy.ids(user, group).uid.has_value());
    });
    size_t lost = 0;
    for (const auto& names : {users, groups})
      for (const auto& name : names) {
        const bool kept =
            name && (as_root ? *name == "postgres" || *name == "alice" : *name == "postgres");
        lost += kept ? 0 : 1;
      }
    RC_ASSERT(policy.warnings().size() == lost);
    RC_ASSERT(std::set(policy.warnings().begin(), policy.warnings().end()).size() == lost);
  });
}

TEST_CASE("mode model: each mode that a manifest can have") {
  test::hostile("modes, owners and directories of others", 010000);
  for (uint16_t mode = 0; mode <= 07777; ++mode) {
    CAPTURE(mode);
    auto backup = plan_test::sample_backup();
    backup.paths[1].mode = mode;
    backup.files[1].mode = mode;
    const auto limited = limit_modes(backup);
    if ((mode & 07000) != 0) {
      CHECK_FALSE(limited);
      continue;
    }
    REQUIRE(limited);
    const auto path = backup.paths[1].mode;
    const auto file = backup.files[1].mode;
    // PostgreSQL starts in directories of 0700 and 0750 only; nobody but the owner writes.
    CHECK((path & 0700) == 0700);
    CHECK((path & 0027) == 0);
    CHECK((file & 0022) == 0);
    // Nothing is given to others that the backup did not give.
    CHECK((path & ~mode & 0077) == 0);
    CHECK((file & ~mode) == 0);
    // What did no harm stays.
    CHECK((mode & 0022) == (mode & ~file));
    CHECK(bool(*limited) == (path != mode || file != mode));
  }
}
