// Which backups go: those that retention lets go, or one that was asked for.
// SPDX-License-Identifier: MIT
#include "engine/plan/expire_sets.hpp"

#include "engine/plan/expire_backups.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace pgbraid::plan {

namespace {

using format::backup_info;
using format::backup_summary;
using format::backup_type;
using reason = expired_set::reason;
using label_set = std::set<std::string, std::less<>>;

std::vector<const backup_summary*> fulls_of(const backup_info& info) {
  std::vector<const backup_summary*> out;
  for (const auto& one : info.backups)
    if (one.type == backup_type::full)
      out.push_back(&one);
  return out;
}

/// The newest full backup that was older than so many days already; nothing when all are younger.
std::optional<size_t> newest_before(const std::vector<const backup_summary*>& fulls, uint64_t days,
                                    int64_t now_s) {
  const auto limit_s = now_s - static_cast<int64_t>(days) * day_s;
  for (size_t i = fulls.size(); i-- > 0;)
    if (fulls[i]->stop_s < limit_s)
      return i;
  return {};
}

/// How many of the oldest fulls go; nothing where retention does not come to a full backup that is
/// the oldest to stay.
std::optional<size_t> fulls_to_drop(const std::vector<const backup_summary*>& fulls,
                                    const retention& keep, int64_t now_s) {
  if (!keep.fulls)
    return {};
  if (keep.fulls_by == retention::unit::days)
    return newest_before(fulls, *keep.fulls, now_s);
  return fulls.size() > *keep.fulls ? std::optional(fulls.size() - *keep.fulls) : std::nullopt;
}

void drop_fulls(const backup_info& info, const retention& keep, int64_t now_s,
                std::span<const std::string> untouchable, backup_expiry& out) {
  const auto fulls = fulls_of(info);
  const auto why =
      keep.fulls_by == retention::unit::days ? reason::fulls_by_days : reason::fulls_counted;
  const auto drop = fulls_to_drop(fulls, keep, now_s);
  out.has_oldest = drop.has_value();
  for (size_t i = 0; i < drop.value_or(0); ++i)
    if (!shares_a_set(fulls[i]->label, untouchable))
      out.sets.push_back({why, info.with_dependents(fulls[i]->label)});
}

void drop_diffs(const backup_info& info, uint64_t keep, std::span<const std::string> untouchable,
                backup_expiry& out) {
  std::vector<const backup_summary*> counted;
  for (const auto& one : info.backups)
    if (one.type != backup_type::incr && !out.has(one.label))
      counted.push_back(&one);
  for (size_t i = 0; i + keep < counted.size(); ++i)
    if (counted[i]->type == backup_type::diff && !shares_a_set(counted[i]->label, untouchable))
      out.sets.push_back({reason::diffs_counted, info.with_dependents(counted[i]->label)});
}

/// One of the backups that this one cannot be restored without for which `is_in` holds.
std::optional<std::string> needed_of(const backup_summary& backup, const auto& is_in) {
  if (backup.prior && is_in(*backup.prior))
    return backup.prior;
  const std::string full(format::full_of_label(backup.label));
  if (backup.type != backup_type::full && is_in(full))
    return full;
  const auto found = std::ranges::find_if(backup.reference, is_in);
  return found == backup.reference.end() ? std::nullopt : std::optional(*found);
}

/// Backups refer to others of their own chain, as far as anybody writes them. Where one does not,
/// what it refers to stays.
void spare_what_others_need(const backup_info& info, backup_expiry& out) {
  const auto goes = [&](const std::string& label) { return out.has(label); };
  for (bool again = true; again;) {
    again = false;
    for (const auto& one : info.backups) {
      const auto needed = goes(one.label) ? std::nullopt : needed_of(one, goes);
      if (!needed)
        continue;
      const auto set = std::ranges::find_if(out.sets, [&](const expired_set& candidate) {
        return std::ranges::count(candidate.labels, *needed) > 0;
      });
      out.spared.push_back(
          fmt::format("backup set {} is kept: backup {}, which stays, refers to it",
                      fmt::join(set->labels, ", "), one.label));
      out.sets.erase(set);
      again = true;
    }
  }
}

} // namespace

std::string in_words(const expired_set& set) {
  std::string_view what;
  switch (set.why) {
  case reason::fulls_counted:
    what = "full";
    break;
  case reason::fulls_by_days:
    what = "time-based";
    break;
  case reason::diffs_counted:
    what = "diff";
    break;
  case reason::asked_for:
    what = "adhoc";
    break;
  }
  return fmt::format("expire {} backup {}{}", what, set.labels.size() > 1 ? "set " : "",
                     fmt::join(set.labels, ", "));
}

bool backup_expiry::has(std::string_view label) const {
  return std::ranges::any_of(
      sets, [&](const auto& set) { return std::ranges::count(set.labels, label); });
}

std::vector<std::vector<std::string>> backup_expiry::full_sets() const {
  std::vector<std::vector<std::string>> out;
  for (const auto& set : sets)
    if (set.why == reason::fulls_counted || set.why == reason::fulls_by_days)
      out.push_back(set.labels);
  return out;
}

backup_expiry expire_by_retention(const backup_info& info, const retention& keep, int64_t now_s,
                                  std::span<const std::string> untouchable) {
  backup_expiry out;
  drop_fulls(info, keep, now_s, untouchable, out);
  if (keep.diffs)
    drop_diffs(info, *keep.diffs, untouchable, out);
  spare_what_others_need(info, out);
  return out;
}

result<backup_expiry> expire_one(const backup_info& info, std::string_view label,
                                 std::span<const std::string> untouchable) {
  const auto* asked = info.find(label);
  if (asked == nullptr)
    return backup_expiry();
  const auto same_cluster = std::ranges::count_if(info.backups, [&](const backup_summary& one) {
    return one.type == backup_type::full && one.history_id == asked->history_id;
  });
  if (asked->type == backup_type::full && asked->history_id == info.current_id && same_cluster == 1)
    return error{errc::backup_set_invalid,
                 fmt::format("full backup {} cannot be expired until another full backup has been "
                             "created on this repo",
                             label)};
  if (shares_a_set(label, untouchable))
    return error{errc::backup_set_invalid,
                 fmt::format("backup {} cannot be expired while its set has backup(s) that are "
                             "being made, or whose manifest cannot be read: {}",
                             label, fmt::join(untouchable, ", "))};
  label_set gone{std::string(label)};
  for (size_t before = 0; before != gone.size();) {
    before = gone.size();
    for (const auto& one : info.backups)
      if (needed_of(one, [&](const std::string& other) { return gone.contains(other); }))
        gone.insert(one.label);
  }
  // In order of their labels, which is that in which they depend on each other.
  return backup_expiry{.sets = {{reason::asked_for, {gone.begin(), gone.end()}}}};
}

std::optional<retention> without_oldest(const backup_info& info, retention keep) {
  const auto fulls = fulls_of(info).size();
  if (fulls < 2)
    return {};
  keep.fulls_by = retention::unit::count;
  keep.fulls = fulls - 1;
  keep.archive_type = backup_type::full;
  keep.archive = fulls - 1;
  return keep;
}

std::optional<uint64_t> archive_count(const backup_info& left, const retention& keep,
                                      int64_t now_s) {
  if (keep.archive || !keep.fulls || keep.fulls_by == retention::unit::count ||
      keep.archive_type != backup_type::full)
    return keep.archive;
  const auto fulls = fulls_of(left);
  const auto oldest = newest_before(fulls, *keep.fulls, now_s);
  if (!oldest)
    return {};
  return fulls.size() - *oldest;
}

} // namespace pgbraid::plan
