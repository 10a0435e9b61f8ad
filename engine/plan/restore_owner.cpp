// The ownership policy.
// SPDX-License-Identifier: MIT
#include "engine/plan/restore_owner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace pgbraid::plan {

namespace {

using format::owner_index;

/// One column of the policy: users or groups.
struct column {
  std::string_view word;
  uint32_t own_id;
  uint32_t data_id;
  const std::function<std::optional<uint32_t>(std::string_view)>& id_of;
  const std::function<std::optional<std::string>(uint32_t)>& name_of;
};

std::vector<std::optional<uint32_t>> ids_for_root(const format::manifest& of,
                                                  const std::set<owner_index>& used,
                                                  const column& at,
                                                  std::vector<std::string>& warnings) {
  std::vector<std::optional<uint32_t>> out(used.empty() ? 1 : *used.rbegin() + 1);
  for (const auto index : used) {
    const auto name = of.owner_name(index);
    if (name) {
      out[index] = at.id_of(*name);
      continue;
    }
    const auto data_name = at.name_of(at.data_id);
    out[index] = data_name ? at.data_id : 0;
    warnings.push_back(fmt::format("unknown {} in backup manifest mapped to '{}'", at.word,
                                   data_name.value_or("root")));
  }
  return out;
}

void warn_for_user(const format::manifest& of, const std::set<owner_index>& used, const column& at,
                   std::vector<std::string>& warnings) {
  const auto own_name = at.name_of(at.own_id);
  for (const auto index : used) {
    const auto name = of.owner_name(index);
    if (!name)
      warnings.push_back(
          fmt::format("unknown {} in backup manifest mapped to current {}", at.word, at.word));
    else if (!own_name || *own_name != *name)
      warnings.push_back(fmt::format("unknown {} '{}' in backup manifest mapped to current {}",
                                     at.word, *name, at.word));
  }
}

template <class Get> std::set<owner_index> used_owners(const format::manifest& of, Get get) {
  std::set<owner_index> used;
  for (const auto& file : of.files)
    used.insert(get(file));
  for (const auto& path : of.paths)
    used.insert(get(path));
  for (const auto& link : of.links)
    used.insert(get(link));
  return used;
}

std::optional<uint32_t> at_or_none(const std::vector<std::optional<uint32_t>>& ids,
                                   owner_index index) {
  return index < ids.size() ? ids[index] : std::nullopt;
}

} // namespace

owner_policy::owner_policy(const format::manifest& of, const owner_facts& facts,
                           const owner_lookup& names)
    : is_root_(facts.uid == 0), own_uid_(facts.uid), own_gid_(facts.gid) {
  const auto users = used_owners(of, [](const auto& entry) { return entry.user; });
  const auto groups = used_owners(of, [](const auto& entry) { return entry.group; });
  const column user{"user", facts.uid, facts.data_uid, names.user_id, names.user_name};
  const column group{"group", facts.gid, facts.data_gid, names.group_id, names.group_name};
  if (!is_root_) {
    warn_for_user(of, users, user, warnings_);
    warn_for_user(of, groups, group, warnings_);
    return;
  }
  data_ids_ = {facts.data_uid, facts.data_gid};
  users_ = ids_for_root(of, users, user, warnings_);
  groups_ = ids_for_root(of, groups, group, warnings_);
}

owner_ids owner_policy::ids(owner_index user, owner_index group) const {
  return {at_or_none(users_, user), at_or_none(groups_, group)};
}

} // namespace pgbraid::plan
