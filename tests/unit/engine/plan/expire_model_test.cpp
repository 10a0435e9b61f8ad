// Expire against what cli/command/README.md, section 8 says, one backup and one segment at a time.
// SPDX-License-Identifier: MIT
#include "engine/plan/expire_archive.hpp"
#include "engine/plan/expire_backups.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <set>

using namespace pgbraid;
using namespace pgbraid::plan;
using test::between;

namespace {

/// So few that generated backups meet: three timelines of three directories with four segments.
constexpr unsigned timelines = 3;
constexpr unsigned segments = 12;

std::string wal(unsigned timeline, unsigned number) {
  return test::hex_digits(timeline, 8) + test::hex_digits(number / 4, 8) +
         test::hex_digits(number % 4, 8);
}

std::vector<std::string> all_wal() {
  std::vector<std::string> names;
  for (unsigned timeline = 1; timeline <= timelines; ++timeline)
    for (unsigned number = 0; number < segments; ++number)
      names.push_back(wal(timeline, number));
  return names;
}

std::string full(size_t day) {
  return fmt::format("202601{:02}-000000F", day);
}

/// A full backup and what depends on it, each with its start and the segments to its stop.
struct any_backup {
  unsigned timeline = 1;
  unsigned start = 0;
  unsigned length = 0;
  bool online = true;
  bool errors = false;

  format::backup_summary summary(std::string label, uint64_t history_id) const {
    format::backup_summary out{.label = std::move(label)};
    out.type = format::type_of_label(out.label);
    out.history_id = history_id;
    out.page_errors = errors;
    if (online) {
      out.archive_start = wal(timeline, start);
      out.archive_stop = wal(timeline, std::min(start + length, segments - 1));
    }
    return out;
  }
};

[[maybe_unused]] void showValue(const any_backup& one, std::ostream& out) {
  out << fmt::format("timeline {}, {} from {}, online {}, errors {}", one.timeline, one.length,
                     one.start, one.online, one.errors);
}

rc::Gen<any_backup> any_backup_of_its_own() {
  return rc::gen::build<any_backup>(
      rc::gen::set(&any_backup::timeline, between(1U, timelines)),
      rc::gen::set(&any_backup::start, between(0U, segments - 1)),
      rc::gen::set(&any_backup::length, between(0U, 3U)),
      rc::gen::set(&any_backup::online, rc::gen::map(between(0, 7), [](int n) { return n > 0; })),
      rc::gen::set(&any_backup::errors, rc::gen::map(between(0, 3), [](int n) { return n == 0; })));
}

/// Sets of a stanza that had up to three clusters, one after the other.
format::backup_info any_info() {
  format::backup_info info;
  for (uint64_t id = 1; id <= 3; ++id)
    info.add_history(id, "15", 0, 0);
  const auto count = *between<size_t>(0, 6);
  uint64_t id = 1;
  for (size_t day = 1; day <= count; ++day) {
    id = std::min<uint64_t>(3, id + *rc::gen::weightedElement<uint64_t>({{3, 0}, {1, 1}}));
    info.add((*any_backup_of_its_own()).summary(full(day), id));
    auto prior = full(day);
    for (auto more = *between(0, 2); more > 0; --more) {
      auto next = (*any_backup_of_its_own())
                      .summary(fmt::format("{}_202602{:02}-000000{}", full(day),
                                           10 * day + 3 - more, *rc::gen::element('D', 'I')),
                               id);
      next.prior = next.type == format::backup_type::diff ? full(day) : prior;
      prior = next.label;
      info.add(std::move(next));
    }
  }
  return info;
}

std::vector<const format::backup_summary*> fulls_of(const format::backup_info& info) {
  std::vector<const format::backup_summary*> out;
  for (const auto& one : info.backups)
    if (one.type == format::backup_type::full)
      out.push_back(&one);
  return out;
}

/// Whether a segment stays, by the words of section 8.3.
bool stays(const format::backup_info& info, uint64_t keep, uint64_t id, bool is_current,
           const std::string& segment) {
  const auto fulls = fulls_of(info);
  if (fulls.size() < keep)
    return true;
  const format::backup_summary* border = nullptr;
  for (const auto* one : fulls)
    if (one->history_id == id)
      border = one; // The newest, unless an older one counts.
  for (size_t i = fulls.size(); i-- > fulls.size() - keep;)
    if (fulls[i]->history_id == id)
      border = fulls[i];
  if (border == nullptr)
    return is_current;
  if (!border->archive_start)
    return true;
  return std::ranges::any_of(info.backups, [&](const format::backup_summary& one) {
    const bool older = one.label < border->label;
    return one.history_id == id && one.archive_start && segment >= *one.archive_start &&
           (!older || segment <= *one.archive_stop);
  });
}

bool keeps(const archive_plan& plan, const std::string& segment) {
  switch (plan.what) {
  case archive_plan::action::none:
    return true;
  case archive_plan::action::remove_all:
    return false;
  case archive_plan::action::keep_spans:
    return plan.keeps_file(segment + "-0123.gz");
  }
  return false;
}

std::set<std::string> gone(const std::vector<std::vector<std::string>>& sets) {
  std::set<std::string> out;
  for (const auto& set : sets)
    out.insert(set.begin(), set.end());
  return out;
}

} // namespace

TEST_CASE("expire model: WAL stays exactly where the rules say") {
  test::for_all([] {
    const auto info = any_info();
    const auto keep = *between<uint64_t>(1, 4);
    const bool is_current = *rc::gen::arbitrary<bool>();
    for (uint64_t id = 1; id <= 3; ++id) {
      const auto plan = archive_retention(info, keep).plan(id, is_current);
      for (const auto& segment : all_wal())
        if (keeps(plan, segment) != stays(info, keep, id, is_current, segment))
          RC_FAIL(fmt::format("segment {} of id {}, keeping {}", segment, id, keep));
    }
  });
}

TEST_CASE("expire model: no backup that is listed loses a segment it needs") {
  test::for_all([] {
    const auto info = any_info();
    const auto keep = *between<uint64_t>(1, 4);
    const archive_retention retention(info, keep);
    for (const auto& one : info.backups) {
      if (!one.archive_start)
        continue;
      const auto plan = retention.plan(one.history_id, false);
      for (const auto& segment : all_wal())
        if (segment >= *one.archive_start && segment <= *one.archive_stop)
          RC_ASSERT(keeps(plan, segment));
    }
  });
}

// But for a border without WAL, at which nothing can be said.
TEST_CASE("expire model: who keeps more fulls keeps no segment less") {
  test::for_all([] {
    const auto info = any_info();
    const auto keep = *between<uint64_t>(1, 4);
    const auto fulls = fulls_of(info);
    const auto kept_on_purpose = fulls.empty() ? "" : (*rc::gen::elementOf(fulls))->label;
    for (uint64_t id = 1; id <= 3; ++id) {
      const auto less = archive_retention(info, keep).plan(id, true);
      if (less.what != archive_plan::action::keep_spans)
        continue;
      const auto more = archive_retention(info, keep + 1).plan(id, true);
      const auto purpose = archive_retention(info, keep, kept_on_purpose).plan(id, true);
      for (const auto& segment : all_wal()) {
        RC_ASSERT(!keeps(less, segment) || keeps(more, segment));
        RC_ASSERT(!keeps(less, segment) || keeps(purpose, segment));
      }
    }
  });
}

TEST_CASE("expire model: what is said of a directory holds for all that may be in it") {
  test::for_all([] {
    const auto info = any_info();
    const auto plan = archive_retention(info, *between<uint64_t>(1, 4)).plan(1, true);
    RC_PRE(plan.what == archive_plan::action::keep_spans);
    for (const auto& segment : all_wal()) {
      const auto directory = segment.substr(0, 16);
      const bool kept = plan.keeps_file(segment);
      RC_ASSERT(!kept || plan.keeps_directory(directory));
      RC_ASSERT(kept || plan.must_look_into(directory) || !plan.keeps_directory(directory));
      // A partial segment, and the history of a backup, go with the segment that they begin with.
      RC_ASSERT(plan.keeps_file(segment + ".partial-0123") == kept);
      RC_ASSERT(plan.keeps_file(segment + ".00000028.backup") == kept);
      // Whoever replays a segment behind the border needs to know how its timeline began.
      RC_ASSERT(segment < plan.boundary() || plan.keeps_history(segment.substr(0, 8) + ".history"));
    }
  });
}

TEST_CASE("expire model: sets go whole, the oldest first, and so many fulls are left") {
  test::for_all([] {
    const auto info = any_info();
    const auto keep = *between<uint64_t>(1, 4);
    const auto sets = expired_sets(info, keep);
    const auto fulls = fulls_of(info);
    const auto doomed = gone(sets);
    RC_ASSERT(sets.size() == (fulls.size() > keep ? fulls.size() - keep : 0));
    for (size_t i = 0; i < fulls.size(); ++i)
      RC_ASSERT(doomed.contains(fulls[i]->label) == (i < sets.size()));
    for (size_t i = 0; i < sets.size(); ++i) {
      RC_ASSERT(sets[i].front() == fulls[i]->label);
      RC_ASSERT(std::ranges::is_sorted(sets[i]));
    }
    for (const auto& one : info.backups)
      RC_ASSERT(doomed.contains(one.label) ==
                doomed.contains(std::string(format::full_of_label(one.label))));
  });
}

TEST_CASE("expire model: once is enough, for backups and for WAL") {
  test::for_all([] {
    auto info = any_info();
    const auto keep = *between<uint64_t>(1, 4);
    for (const auto& label : gone(expired_sets(info, keep)))
      info.remove(label);
    RC_ASSERT(expired_sets(info, keep).empty());
    for (const auto& one : info.backups)
      RC_ASSERT((!one.prior || info.find(*one.prior) != nullptr));
  });
}

TEST_CASE("expire model: the set of a manifest that cannot be read stays, and no other") {
  test::for_all([] {
    const auto info = any_info();
    RC_PRE(!info.backups.empty());
    const auto keep = *between<uint64_t>(1, 4);
    const std::vector unreadable{(*rc::gen::elementOf(info.backups)).label};
    const auto stays_whole = format::full_of_label(unreadable.front());
    const auto all = gone(expired_sets(info, keep));
    const auto left = gone(expired_sets(info, keep, unreadable));
    for (const auto& one : info.backups)
      RC_ASSERT(left.contains(one.label) ==
                (all.contains(one.label) && format::full_of_label(one.label) != stays_whole));
  });
}

TEST_CASE("expire model: directories that nobody lists go, but for the one that is being made") {
  test::for_all([] {
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

TEST_CASE("expire model: page errors, looked at one backup after the other") {
  test::for_all([] {
    const auto info = any_info();
    std::optional<std::string> sound;
    for (const auto* one : fulls_of(info))
      if (!*one->page_errors)
        sound = one->label;
    RC_ASSERT(newest_sound_full(info) == sound);
    const auto sets = expired_sets(info, *between<uint64_t>(1, 4));
    std::optional<std::string> oldest_wrong;
    for (const auto& one : info.backups)
      if (!gone(sets).contains(one.label)) {
        if (*one.page_errors)
          oldest_wrong = one.label;
        break;
      }
    RC_ASSERT(oldest_left_with_errors(info, sets) == oldest_wrong);
  });
}
