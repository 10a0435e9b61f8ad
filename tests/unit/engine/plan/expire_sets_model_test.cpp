// Expire against what cli/command/README.md, section 8 says, one backup at a time.
// SPDX-License-Identifier: MIT
#include "engine/plan/expire_backups.hpp"
#include "engine/plan/expire_sets.hpp"
#include "tests/unit/engine/plan/any_backups.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::plan;
using namespace pgbraid::test;

namespace {

using labels = std::vector<std::string>;

std::set<std::string> gone(const backup_expiry& expiry) {
  std::set<std::string> out;
  for (const auto& set : expiry.sets)
    out.insert(set.labels.begin(), set.labels.end());
  return out;
}

/// Up to the day after the last backup.
int64_t any_now() {
  return *between<int64_t>(1, 80) * one_day_s;
}

retention any_retention() {
  retention keep;
  if (*rc::gen::arbitrary<bool>())
    keep.fulls_by = retention::unit::days;
  if (*between(0, 4) > 0)
    keep.fulls = *between<uint64_t>(1, keep.fulls_by == retention::unit::days ? 60 : 5);
  if (*rc::gen::arbitrary<bool>())
    keep.diffs = *between<uint64_t>(1, 6);
  keep.archive_type = *rc::gen::element(format::backup_type::full, format::backup_type::diff,
                                        format::backup_type::incr);
  return keep;
}

/// Which go, by the words of section 8.1.
std::set<std::string> should_go(const format::backup_info& info, const retention& keep,
                                int64_t now_s) {
  labels fulls;
  for (const auto* one : fulls_of(info))
    fulls.push_back(one->label);
  std::string first_kept = fulls.empty() ? "" : fulls.front();
  if (keep.fulls && keep.fulls_by == retention::unit::count && fulls.size() > *keep.fulls)
    first_kept = fulls[fulls.size() - *keep.fulls];
  if (keep.fulls && keep.fulls_by == retention::unit::days)
    for (const auto* one : fulls_of(info))
      if (now_s - one->stop_s > static_cast<int64_t>(*keep.fulls) * one_day_s)
        first_kept = one->label; // the newest one of those that are older
  std::set<std::string> out;
  labels counted;
  for (const auto& one : info.backups) {
    if (format::full_of_label(one.label) < first_kept)
      out.insert(one.label);
    else if (one.type != format::backup_type::incr)
      counted.push_back(one.label);
  }
  if (keep.diffs && counted.size() > *keep.diffs)
    for (size_t i = 0; i < counted.size() - *keep.diffs; ++i)
      if (counted[i].ends_with('D'))
        out.insert(counted[i]);
  for (const auto& one : info.backups) // what is based on one that goes; in order
    if (one.prior && out.contains(*one.prior))
      out.insert(one.label);
  return out;
}

bool nothing_kept_needs(const format::backup_info& info, const std::set<std::string>& doomed) {
  return std::ranges::none_of(info.backups, [&](const format::backup_summary& one) {
    return !doomed.contains(one.label) &&
           ((one.prior && doomed.contains(*one.prior)) ||
            std::ranges::any_of(one.reference,
                                [&](const auto& other) { return doomed.contains(other); }));
  });
}

} // namespace

TEST_CASE("expire model: those go that retention lets go, each once") {
  for_all([] {
    const auto info = any_info();
    const auto keep = any_retention();
    const auto now_s = any_now();
    const auto expiry = expire_by_retention(info, keep, now_s);
    RC_ASSERT(gone(expiry) == should_go(info, keep, now_s));
    RC_ASSERT(expiry.spared.empty());
    size_t count = 0;
    for (const auto& set : expiry.sets) {
      RC_ASSERT(std::ranges::is_sorted(set.labels));
      RC_ASSERT(set.is_full() == (set.why != expired_set::reason::diffs_counted));
      count += set.labels.size();
    }
    RC_ASSERT(count == gone(expiry).size());
    RC_ASSERT(nothing_kept_needs(info, gone(expiry)));
  });
}

TEST_CASE("expire model: the newest full backup stays, and more of more") {
  for_all([] {
    const auto info = any_info();
    auto keep = any_retention();
    const auto now_s = any_now();
    const auto less = gone(expire_by_retention(info, keep, now_s));
    if (!info.backups.empty())
      RC_ASSERT(!less.contains(fulls_of(info).back()->label));
    if (keep.fulls)
      ++*keep.fulls;
    if (keep.diffs)
      ++*keep.diffs;
    for (const auto& label : gone(expire_by_retention(info, keep, now_s)))
      RC_ASSERT(less.contains(label));
  });
}

TEST_CASE("expire model: once is enough") {
  for_all([] {
    auto info = any_info();
    const auto keep = any_retention();
    const auto now_s = any_now();
    for (const auto& label : gone(expire_by_retention(info, keep, now_s)))
      info.remove(label);
    RC_ASSERT(expire_by_retention(info, keep, now_s).sets.empty());
  });
}

TEST_CASE("expire model: nothing that stays refers to what goes, whatever refers to what") {
  for_all([] {
    auto info = any_info();
    RC_PRE(!info.backups.empty());
    for (int odd = *between(1, 3); odd > 0; --odd) {
      auto from = *rc::gen::elementOf(info.backups);
      info.find(from.label)->reference.push_back((*rc::gen::elementOf(info.backups)).label);
    }
    const auto keep = any_retention();
    const auto now_s = any_now();
    const auto expiry = expire_by_retention(info, keep, now_s);
    RC_ASSERT(nothing_kept_needs(info, gone(expiry)));
    for (const auto& label : gone(expiry))
      RC_ASSERT(should_go(info, keep, now_s).contains(label));
    RC_ASSERT(expiry.spared.empty() == (gone(expiry) == should_go(info, keep, now_s)));
    const auto label = (*rc::gen::elementOf(info.backups)).label;
    if (const auto one = expire_one(info, label)) {
      RC_ASSERT(one->has(label));
      RC_ASSERT(nothing_kept_needs(info, gone(*one)));
    }
  });
}

TEST_CASE("expire model: the set of a backup that must not be touched stays, and no other") {
  for_all([] {
    const auto info = any_info();
    RC_PRE(!info.backups.empty());
    const auto keep = any_retention();
    const auto now_s = any_now();
    const labels untouchable{(*rc::gen::elementOf(info.backups)).label};
    const auto stays_whole = format::full_of_label(untouchable.front());
    const auto all = gone(expire_by_retention(info, keep, now_s));
    const auto left = gone(expire_by_retention(info, keep, now_s, untouchable));
    for (const auto& one : info.backups)
      RC_ASSERT(left.contains(one.label) ==
                (all.contains(one.label) && format::full_of_label(one.label) != stays_whole));
    for (const auto& one : info.backups)
      if (format::full_of_label(one.label) == stays_whole)
        RC_ASSERT(!expire_one(info, one.label, untouchable));
  });
}

TEST_CASE("expire model: one goes with all that depend on it, but not the last of its cluster") {
  for_all([] {
    const auto info = any_info();
    RC_PRE(!info.backups.empty());
    const auto asked = *rc::gen::elementOf(info.backups);
    std::set<std::string> wanted{asked.label};
    for (const auto& one : info.backups)
      if (one.prior && wanted.contains(*one.prior))
        wanted.insert(one.label);
    int of_cluster = 0;
    for (const auto* one : fulls_of(info))
      of_cluster += one->history_id == info.current_id ? 1 : 0;
    const bool last = of_cluster == 1 && asked.type == format::backup_type::full &&
                      asked.history_id == info.current_id;
    const auto expiry = expire_one(info, asked.label);
    RC_ASSERT(static_cast<bool>(expiry) == !last);
    if (!expiry)
      return;
    RC_ASSERT(gone(*expiry) == wanted);
    RC_ASSERT(expiry->sets.front().labels.front() == asked.label);
  });
}

TEST_CASE("expire model: without the oldest, one full backup less, and its WAL") {
  for_all([] {
    auto info = any_info();
    const auto fulls = fulls_of(info);
    const auto keep = without_oldest(info, any_retention());
    RC_ASSERT(keep.has_value() == (fulls.size() > 1));
    if (!keep)
      return;
    const auto oldest = fulls.front()->label;
    const auto expiry = expire_by_retention(info, *keep, any_now());
    const auto sets = expiry.full_sets();
    RC_ASSERT(sets.size() == 1 && sets.front().front() == oldest);
    for (const auto& label : gone(expiry))
      info.remove(label);
    RC_ASSERT(archive_count(info, *keep, any_now()) == fulls_of(info).size());
  });
}

TEST_CASE(
    "expire model: of days, the WAL of the fulls of these days stays, and of one from before") {
  for_all([] {
    const auto info = any_info();
    auto keep = any_retention();
    keep.fulls_by = retention::unit::days;
    const auto now_s = any_now();
    const auto count = archive_count(info, keep, now_s);
    uint64_t young = 0;
    for (const auto* one : fulls_of(info))
      if (keep.fulls && now_s - one->stop_s <= static_cast<int64_t>(*keep.fulls) * one_day_s)
        ++young;
    if (!keep.fulls || keep.archive_type != format::backup_type::full ||
        young == fulls_of(info).size())
      RC_ASSERT(!count);
    else
      RC_ASSERT(count == young + 1);
    keep.archive = 7;
    RC_ASSERT(archive_count(info, keep, now_s) == 7U);
  });
}

TEST_CASE("expire model: page errors, looked at one backup after the other") {
  for_all([] {
    const auto info = any_info();
    for (const auto up_to :
         {format::backup_type::full, format::backup_type::diff, format::backup_type::incr}) {
      std::optional<std::string> sound;
      std::set<std::string> sound_ones;
      for (const auto& one : info.backups) { // in order: what one depends on comes first
        if (*one.page_errors || (one.prior && !sound_ones.contains(*one.prior)))
          continue;
        sound_ones.insert(one.label);
        if (one.type <= up_to)
          sound = one.label;
      }
      RC_ASSERT(newest_sound(info, up_to) == sound);
    }
    const auto expiry = expire_by_retention(info, any_retention(), any_now());
    std::set<std::string> doomed;
    for (const auto& set : expiry.full_sets())
      doomed.insert(set.begin(), set.end());
    std::optional<std::string> oldest_wrong;
    for (const auto& one : info.backups)
      if (!doomed.contains(one.label)) {
        if (*one.page_errors)
          oldest_wrong = one.label;
        break;
      }
    RC_ASSERT(oldest_left_with_errors(info, expiry.full_sets()) == oldest_wrong);
  });
}

TEST_CASE("expire model: directories that nobody lists go, but for the one that is being made") {
  for_all([] {
    const auto info = any_info();
    std::vector<backup_directory> on_disk;
    for (size_t day = 1; day <= 7; ++day)
      if (*rc::gen::arbitrary<bool>())
        on_disk.push_back({full(day), *rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>()});
    const auto found = abandoned_directories(info, on_disk);
    RC_ASSERT(std::ranges::is_sorted(found));
    for (const auto& one : on_disk) {
      const bool spared = one.label == on_disk.back().label && one.has_copy && !one.has_manifest;
      RC_ASSERT(std::ranges::count(found, one.label) ==
                (info.find(one.label) == nullptr && !spared ? 1 : 0));
    }
  });
}
