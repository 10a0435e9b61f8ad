// Choosing the backup to restore.
// SPDX-License-Identifier: MIT
#include "engine/plan/restore_choice.hpp"

#include "engine/plan/target_time.hpp"
#include "engine/postgres/wal_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

namespace pgbraid::plan {

namespace {

// More would hide the message.
constexpr size_t max_listed = 10;

std::string list_what_exists(std::span<const choice_candidate> candidates) {
  std::string out;
  for (const auto& at : candidates) {
    const auto& backups = at.info->backups;
    out += fmt::format("{}repo{} has {} backup set(s)", out.empty() ? "" : "\n", at.repo_key,
                       backups.size());
    const size_t count = std::min(backups.size(), max_listed);
    for (size_t i = 0; i < count; ++i) {
      const auto& backup = backups[backups.size() - 1 - i];
      out += fmt::format("{} {} (until {}{})", i == 0 ? ":" : ",", backup.label,
                         format_local_time(backup.stop_s),
                         backup.lsn_stop ? ", lsn " + *backup.lsn_stop : "");
    }
    out += count < backups.size() ? ", and older ones." : ".";
  }
  return out;
}

error no_such_set(std::string message, std::span<const choice_candidate> candidates) {
  return {errc::backup_set_invalid, std::move(message), list_what_exists(candidates)};
}

result<backup_choice> choose_set(std::span<const choice_candidate> candidates,
                                 const std::string& label) {
  for (size_t i = 0; i < candidates.size(); ++i)
    if (candidates[i].info->find(label) != nullptr)
      return backup_choice{.candidate = i, .label = label};
  return no_such_set(fmt::format("backup set {} is not valid", label), candidates);
}

result<backup_choice> choose_by_time(std::span<const choice_candidate> candidates,
                                     const std::string& target) {
  const auto time_s = parse_target_time(target);
  if (!time_s)
    return time_s.failure();
  for (size_t i = 0; i < candidates.size(); ++i)
    for (const auto& backup : std::views::reverse(candidates[i].info->backups))
      if (backup.stop_s < *time_s)
        return backup_choice{.candidate = i, .label = backup.label};
  return no_such_set(fmt::format("unable to find backup set with stop time less than '{}'", target),
                     candidates);
}

result<backup_choice> choose_by_lsn(std::span<const choice_candidate> candidates,
                                    const std::string& target) {
  const auto lsn = postgres::parse_lsn(target);
  if (!lsn)
    return lsn.failure();
  std::vector<std::string> warnings;
  for (size_t i = 0; i < candidates.size(); ++i) {
    for (const auto& backup : std::views::reverse(candidates[i].info->backups)) {
      const auto stop = postgres::parse_lsn(backup.lsn_stop.value_or(""));
      if (!stop) {
        warnings.push_back(
            fmt::format("repo{}: backup set {} has no stop LSN, older ones are not considered",
                        candidates[i].repo_key, backup.label));
        break;
      }
      if (*stop <= *lsn)
        return backup_choice{.candidate = i, .label = backup.label, .warnings = warnings};
    }
  }
  return no_such_set(
      fmt::format("unable to find backup set with lsn less than or equal to '{}'", target),
      candidates);
}

result<backup_choice> choose_newest(std::span<const choice_candidate> candidates) {
  for (size_t i = 0; i < candidates.size(); ++i) {
    const auto& info = *candidates[i].info;
    if (info.backups.empty())
      continue;
    const auto& newest = info.backups.back();
    if (newest.history_id < info.current_id)
      return error{
          errc::backup_set_invalid,
          fmt::format("the latest backup set {} of repo{} is of an earlier cluster of this "
                      "stanza (history id {}, now {})",
                      newest.label, candidates[i].repo_key, newest.history_id, info.current_id),
          "Make a backup of the present cluster, or name a backup with --set.\n" +
              list_what_exists(candidates)};
    return backup_choice{.candidate = i, .label = newest.label};
  }
  return error{errc::backup_set_invalid, "no backup set found to restore"};
}

} // namespace

result<backup_choice> choose_backup(std::span<const choice_candidate> candidates,
                                    const choice_wish& wish) {
  if (wish.set)
    return choose_set(candidates, *wish.set);
  if (wish.type == recovery_type::time)
    return choose_by_time(candidates, wish.target);
  if (wish.type == recovery_type::lsn)
    return choose_by_lsn(candidates, wish.target);
  return choose_newest(candidates);
}

} // namespace pgbraid::plan
