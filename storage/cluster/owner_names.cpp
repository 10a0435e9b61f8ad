// Looking up users and groups.
// SPDX-License-Identifier: MIT
#include "storage/cluster/owner_names.hpp"

#include <grp.h>
#include <pwd.h>

#include <array>

namespace pgbraid {

namespace {

using scratch = std::array<char, 16384>;

std::optional<std::string> user_name(uint32_t uid) {
  scratch space{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(uid, &entry, space.data(), space.size(), &found) != 0 || found == nullptr)
    return {};
  return found->pw_name;
}

std::optional<std::string> group_name(uint32_t gid) {
  scratch space{};
  ::group entry{};
  ::group* found = nullptr;
  if (getgrgid_r(gid, &entry, space.data(), space.size(), &found) != 0 || found == nullptr)
    return {};
  return found->gr_name;
}

} // namespace

owner_lookup local_owners() {
  return {.user = user_name, .group = group_name};
}

const std::optional<std::string>& owner_names::user(uint32_t uid) {
  auto known = users_.find(uid);
  if (known == users_.end())
    known = users_.emplace(uid, lookup_.user(uid)).first;
  return known->second;
}

const std::optional<std::string>& owner_names::group(uint32_t gid) {
  auto known = groups_.find(gid);
  if (known == groups_.end())
    known = groups_.emplace(gid, lookup_.group(gid)).first;
  return known->second;
}

} // namespace pgbraid
