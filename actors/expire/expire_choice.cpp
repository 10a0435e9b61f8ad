// expire: which backups go.
// Source of the rules: cli/command/README.md, section 8.1.
// SPDX-License-Identifier: MIT
#include "actors/expire/expire_choice.hpp"

#include "engine/base/log.hpp"
#include "engine/plan/expire_backups.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace pgbraid {

namespace {

error bad_pages_in(const std::string& label) {
  return {errc::checksum,
          fmt::format("oldest retained backup {} contains invalid page checksum(s)", label),
          "use info --set command to get details about errors in the backup."};
}

class choosing {
public:
  choosing(const repository& repo, const expire_settings& settings, const expire_state& state)
      : repo_(repo), settings_(settings), state_(state), untouchable_(state.unreadable) {
    untouchable_.insert(untouchable_.end(), state.running.begin(), state.running.end());
  }

  result<expire_choice> run() {
    expire_choice choice{.keep = settings_.keep};
    if (settings_.label) {
      auto done = one(choice);
      return done ? result<expire_choice>(std::move(choice)) : done.failure();
    }
    if (settings_.oldest)
      force_oldest(choice.keep);
    choice.backups =
        plan::expire_by_retention(state_.info, choice.keep, state_.now_s, untouchable_);
    if (settings_.follows_backup)
      keep_sound_set(choice.backups);
    tell_spared(choice);
    const auto bad = plan::oldest_left_with_errors(state_.info, choice.backups.full_sets());
    if (bad && choice.backups.has_oldest && !settings_.follows_backup && settings_.bad_pages_stop)
      return bad_pages_in(*bad);
    return choice;
  }

private:
  result<void> one(expire_choice& choice);
  void force_oldest(plan::retention& keep) const;
  void keep_sound_set(plan::backup_expiry& backups) const;
  void tell_spared(const expire_choice& choice) const;
  std::string name() const { return repo_.name(); }

  const repository& repo_;
  const expire_settings& settings_;
  const expire_state& state_;
  std::vector<std::string> untouchable_;
};

result<void> choosing::one(expire_choice& choice) {
  const auto& info = state_.info;
  auto expiry = plan::expire_one(info, *settings_.label, untouchable_);
  if (!expiry)
    return expiry.failure();
  if (expiry->sets.empty()) {
    log::warn("{}: {}", name(),
              error{errc::backup_set_invalid,
                    fmt::format("backup {} does not exist", *settings_.label),
                    "run the info command and confirm the backup is listed"}
                  .text());
    return success();
  }
  const auto sound = plan::newest_sound_full(info);
  auto left = info;
  for (const auto& label : expiry->sets.front().labels)
    left.remove(label);
  if (sound && !left.backups.empty() && !plan::newest_sound_full(left) && settings_.bad_pages_stop)
    return error{errc::checksum,
                 fmt::format("backup {} is kept: all other full backups contain invalid page "
                             "checksum(s)",
                             *sound),
                 "use --no-checksum-page-error to expire it nevertheless."};
  if (expiry->has(info.backups.back().label))
    log::warn("{0}: expiring latest backup {1} - the ability to perform point-in-time-recovery "
              "(PITR) may be affected\nHINT: non-default settings for "
              "'{0}-retention-archive'/'{0}-retention-archive-type' (even in prior expires) can "
              "cause gaps in the WAL.",
              name(), info.backups.back().label);
  choice.backups = std::move(*expiry);
  // Days that backups are kept say nothing of WAL when one of them was taken away.
  if (choice.keep.fulls_by == plan::retention::unit::days)
    choice.keep.fulls.reset();
  return success();
}

void choosing::force_oldest(plan::retention& keep) const {
  const auto forced = plan::without_oldest(state_.info, keep);
  if (!forced) {
    log::warn("{}: expire oldest requested but no eligible full backup to expire", name());
    return;
  }
  if (keep.fulls_by == plan::retention::unit::days)
    log::info("{}: expire oldest overrides configured time-based retention with count-based "
              "retention for this execution",
              name());
  log::detail("{0}: expire oldest enforcing {0}-retention-full-type=count, {0}-retention-full={1}, "
              "{0}-retention-archive-type=full, and {0}-retention-archive={1} for this execution",
              name(), *forced->fulls);
  keep = *forced;
}

/// A backup that may be worth nothing is no reason to remove others.
void choosing::keep_sound_set(plan::backup_expiry& backups) const {
  const auto sound = plan::newest_sound_full(state_.info);
  if (!sound)
    return;
  const auto set =
      std::ranges::find(backups.sets, *sound, [](const auto& one) { return one.labels.front(); });
  if (set == backups.sets.end())
    return;
  log::warn("{}: backup set {} is kept although retention does not need it, since all newer full "
            "backups contain invalid page checksum(s)",
            name(), fmt::join(set->labels, ", "));
  backups.sets.erase(set);
}

void choosing::tell_spared(const expire_choice& choice) const {
  for (const auto& line : choice.backups.spared)
    log::warn("{}: {}", name(), line);
  const auto wanted = plan::expire_by_retention(state_.info, choice.keep, state_.now_s);
  for (const auto& label : state_.running)
    for (const auto& set : wanted.sets)
      if (!choice.backups.has(set.labels.front()) &&
          format::full_of_label(label) == format::full_of_label(set.labels.front()))
        log::info("{}: backup set {} is kept: somebody may be making backup {}", name(),
                  fmt::join(set.labels, ", "), label);
}

} // namespace

result<expire_choice> choose_backups(const repository& repo, const expire_settings& settings,
                                     const expire_state& state) {
  return choosing(repo, settings, state).run();
}

void warn_of_bad_pages(const repository& repo, const format::backup_info& left) {
  if (const auto bad = plan::oldest_left_with_errors(left, {}))
    log::warn("{}", bad_pages_in(*bad).within(repo.name()).text());
}

} // namespace pgbraid
