// The ownership policy.
// SPDX-License-Identifier: MIT
#include "engine/plan/restore_owner.hpp"

#include "engine/base/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

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

std::string shown_id(const column& at, uint32_t id) {
  return at.name_of(id).value_or(std::to_string(id));
}

std::vector<std::optional<uint32_t>> ids_for_root(const format::manifest& of,
                                                  const std::set<owner_index>& used,
                                                  const column& at,
                                                  std::vector<std::string>& warnings) {
  std::vector<std::optional<uint32_t>> out(used.empty() ? 1 : *used.rbegin() + 1);
  for (const auto index : used) {
    const auto name = of.owner_name(index);
    const auto id = name ? at.id_of(*name) : std::nullopt;
    const bool reserved = id == 0U && at.data_id != 0;
    out[index] = id && !reserved ? *id : at.data_id;
    if (reserved)
      warnings.push_back(fmt::format("{} '{}' in backup manifest mapped to '{}', whose the data "
                                     "directory is",
                                     at.word, *name, shown_id(at, at.data_id)));
    else if (!id)
      warnings.push_back(fmt::format("unknown {}{} in backup manifest mapped to '{}'", at.word,
                                     name ? " '" + printable(*name) + "'" : std::string(),
                                     shown_id(at, at.data_id)));
  }
  return out;
}

/// Whose the cluster is when root restores it.
owner_ids cluster_ids(const format::manifest& of, const owner_facts& facts,
                      const owner_lookup& names) {
  owner_ids out{facts.data_uid, facts.data_gid};
  const auto* data = of.find_path("pg_data");
  if (facts.data_uid != 0 || data == nullptr)
    return out;
  const auto user = of.owner_name(data->user);
  const auto uid = user ? names.user_id(*user) : std::nullopt;
  if (!uid || *uid == 0)
    return out;
  out.uid = uid;
  const auto group = of.owner_name(data->group);
  if (const auto gid = group ? names.group_id(*group) : std::nullopt)
    out.gid = gid;
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
  owner_ids cluster{facts.data_uid, facts.data_gid};
  if (is_root_)
    cluster = cluster_ids(of, facts, names);
  const column user{"user", facts.uid, *cluster.uid, names.user_id, names.user_name};
  const column group{"group", facts.gid, *cluster.gid, names.group_id, names.group_name};
  if (!is_root_) {
    warn_for_user(of, users, user, warnings_);
    warn_for_user(of, groups, group, warnings_);
    return;
  }
  data_ids_ = cluster;
  users_ = ids_for_root(of, users, user, warnings_);
  groups_ = ids_for_root(of, groups, group, warnings_);
}

owner_ids owner_policy::ids(owner_index user, owner_index group) const {
  return {at_or_none(users_, user), at_or_none(groups_, group)};
}

} // namespace pgbraid::plan
