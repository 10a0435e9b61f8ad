// backup.info: the backups of a stanza and the clusters they come from.
// SPDX-License-Identifier: MIT
#include "engine/format/backup_info.hpp"

#include <algorithm>
#include <cassert>
#include <set>

namespace pgbraid::format {

const backup_history& backup_info::current() const {
  const auto* found = history_entry(current_id);
  assert(found != nullptr); // checked at parse
  return *found;
}

const backup_history* backup_info::history_entry(uint64_t id) const {
  const auto found = std::find_if(history.begin(), history.end(),
                                  [id](const auto& entry) { return entry.id == id; });
  return found == history.end() ? nullptr : &*found;
}

namespace {

template <class Backups> auto position(Backups& backups, std::string_view label) {
  return std::lower_bound(backups.begin(), backups.end(), label,
                          [](const auto& backup, auto wanted) { return backup.label < wanted; });
}

template <class Backups> auto find_in(Backups& backups, std::string_view label) {
  const auto at = position(backups, label);
  return at == backups.end() || at->label != label ? nullptr : &*at;
}

} // namespace

const backup_summary* backup_info::find(std::string_view label) const {
  return find_in(backups, label);
}

backup_summary* backup_info::find(std::string_view label) {
  return find_in(backups, label);
}

void backup_info::add(backup_summary summary) {
  const auto at = position(backups, summary.label);
  if (at != backups.end() && at->label == summary.label)
    *at = std::move(summary);
  else
    backups.insert(at, std::move(summary));
}

void backup_info::remove(std::string_view label) {
  const auto at = position(backups, label);
  if (at != backups.end() && at->label == label)
    backups.erase(at);
}

std::vector<std::string> backup_info::with_dependents(std::string_view label) const {
  std::set<std::string, std::less<>> found{std::string(label)};
  // A dependent sorts after what it depends on, so one pass in order finds whole chains.
  for (const auto& backup : backups) {
    if (backup.prior && found.contains(*backup.prior))
      found.insert(backup.label);
  }
  return {found.begin(), found.end()};
}

void backup_info::add_history(uint64_t system_id, std::string_view version,
                              uint64_t catalog_version, uint64_t control_version) {
  const uint64_t id = history.empty() ? 1 : history.back().id + 1;
  history.push_back({id, catalog_version, control_version, system_id, std::string(version)});
  current_id = id;
}

} // namespace pgbraid::format
