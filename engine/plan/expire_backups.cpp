// Which backups expire must not lose, and which directories of backups nobody needs.
// SPDX-License-Identifier: MIT
#include "engine/plan/expire_backups.hpp"

#include <algorithm>

namespace pgbraid::plan {

bool shares_a_set(std::string_view label, std::span<const std::string> untouchable) {
  return std::ranges::any_of(untouchable, [&](const std::string& one) {
    return format::full_of_label(one) == format::full_of_label(label);
  });
}

std::optional<std::string> newest_sound_full(const format::backup_info& info) {
  return newest_sound(info, format::backup_type::full);
}

std::optional<std::string> newest_sound(const format::backup_info& info,
                                        format::backup_type up_to) {
  const auto is_sound = [&](const format::backup_summary& one) {
    const auto* link = &one;
    // A chain has no more links than there are backups, unless somebody tied it to itself.
    for (size_t left = info.backups.size(); link != nullptr && left > 0; --left) {
      if (link->page_errors.value_or(false))
        return false;
      if (!link->prior)
        return true;
      link = info.find(*link->prior);
    }
    return false;
  };
  const auto found = std::find_if(info.backups.rbegin(), info.backups.rend(), [&](const auto& one) {
    return one.type <= up_to && is_sound(one);
  });
  if (found == info.backups.rend())
    return {};
  return found->label;
}

std::optional<std::string>
oldest_left_with_errors(const format::backup_info& info,
                        const std::vector<std::vector<std::string>>& expired) {
  const auto left = std::ranges::find_if(info.backups, [&](const auto& one) {
    return std::ranges::none_of(
        expired, [&](const auto& set) { return std::ranges::count(set, one.label) > 0; });
  });
  if (left == info.backups.end() || !left->page_errors.value_or(false))
    return {};
  return left->label;
}

std::vector<std::string> abandoned_directories(const format::backup_info& info,
                                               const std::vector<backup_directory>& on_disk,
                                               std::span<const std::string> unreadable) {
  std::vector<std::string> labels;
  for (const auto& directory : on_disk) {
    const bool newest = &directory == &on_disk.back();
    const bool in_progress =
        newest && directory.has_copy && !directory.has_manifest && !directory.hopeless;
    if (!in_progress && info.find(directory.label) == nullptr &&
        !shares_a_set(directory.label, unreadable))
      labels.push_back(directory.label);
  }
  return labels;
}

// What seems to come from the future counts as new: a clock was set back, and time will tell.
bool is_abandoned(int64_t changed_s, int64_t now_s) {
  return now_s - changed_s >= abandoned_after_s;
}

} // namespace pgbraid::plan
