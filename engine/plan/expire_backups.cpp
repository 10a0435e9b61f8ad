// Which backups retention no longer keeps.
// SPDX-License-Identifier: MIT
#include "engine/plan/expire_backups.hpp"

#include <cassert>

namespace pgbraid::plan {

std::vector<std::vector<std::string>> expired_sets(const format::backup_info& info,
                                                   uint64_t keep_count) {
  assert(keep_count >= 1);
  std::vector<std::string> fulls;
  for (const auto& backup : info.backups) {
    if (backup.type == format::backup_type::full)
      fulls.push_back(backup.label);
  }
  std::vector<std::vector<std::string>> sets;
  for (size_t i = 0; i + keep_count < fulls.size(); ++i)
    sets.push_back(info.with_dependents(fulls[i]));
  return sets;
}

std::vector<std::string> abandoned_directories(const format::backup_info& info,
                                               const std::vector<backup_directory>& on_disk) {
  std::vector<std::string> labels;
  for (const auto& directory : on_disk) {
    const bool newest = &directory == &on_disk.back();
    const bool in_progress = newest && directory.has_copy && !directory.has_manifest;
    if (!in_progress && info.find(directory.label) == nullptr)
      labels.push_back(directory.label);
  }
  return labels;
}

} // namespace pgbraid::plan
