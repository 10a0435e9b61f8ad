// Expire against what cli/command/README.md, section 8 says, one segment at a time.
// SPDX-License-Identifier: MIT
#include "engine/plan/expire_archive.hpp"
#include "tests/unit/engine/plan/any_backups.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::plan;
using namespace pgbraid::test;

namespace {

/// Whether a segment stays, by the words of section 8.3.
bool stays(const format::backup_info& info, const archive_rule& rule, uint64_t id, bool is_current,
           const std::string& segment) {
  if (rule.before && segment >= *rule.before)
    return is_current || std::ranges::count(info.backups, id, &format::backup_summary::history_id);
  std::vector<const format::backup_summary*> counted;
  for (const auto& one : info.backups)
    if (one.type == format::backup_type::full || rule.counted == format::backup_type::incr ||
        one.type == rule.counted)
      counted.push_back(&one);
  if (counted.size() < rule.count && !rule.before)
    return true;
  const format::backup_summary* border = nullptr;
  for (const auto* one : counted)
    if (one->history_id == id)
      border = one; // The newest, unless an older one counts.
  for (size_t i = counted.size(); i > 0 && i + rule.count > counted.size(); --i)
    if (counted[i - 1]->history_id == id)
      border = counted[i - 1];
  if (border == nullptr)
    return is_current && !rule.before;
  if (!border->archive_start)
    return true;
  return std::ranges::any_of(info.backups, [&](const format::backup_summary& one) {
    const bool older = one.label < border->label;
    return one.history_id == id && one.archive_start && segment >= *one.archive_start &&
           (!older || segment <= *one.archive_stop);
  });
}

archive_rule any_rule() {
  archive_rule rule{.count = *between<uint64_t>(1, 6),
                    .counted =
                        *rc::gen::element(format::backup_type::full, format::backup_type::diff,
                                          format::backup_type::incr)};
  if (*between(0, 2) == 0)
    rule.before = *rc::gen::elementOf(all_wal());
  return rule;
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

} // namespace

TEST_CASE("expire model: WAL stays exactly where the rules say") {
  for_all([] {
    const auto info = any_info();
    const auto rule = any_rule();
    const bool is_current = *rc::gen::arbitrary<bool>();
    for (uint64_t id = 1; id <= 3; ++id) {
      const auto plan = archive_retention(info, rule).plan(id, is_current);
      for (const auto& segment : all_wal())
        if (keeps(plan, segment) != stays(info, rule, id, is_current, segment))
          RC_FAIL(fmt::format("segment {} of id {}, keeping {} up to type {}, before {}", segment,
                              id, rule.count, format::backup_type_name(rule.counted),
                              rule.before.value_or("-")));
    }
  });
}

TEST_CASE("expire model: no backup that is listed loses a segment it needs") {
  for_all([] {
    const auto info = any_info();
    const archive_retention retention(info, any_rule());
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

TEST_CASE(
    "expire model: a segment to stop at never makes more go, where there are backups enough") {
  for_all([] {
    const auto info = any_info();
    auto rule = any_rule();
    rule.before = *rc::gen::elementOf(all_wal());
    auto without = rule;
    without.before.reset();
    for (uint64_t id = 1; id <= 3; ++id) {
      const auto plan = archive_retention(info, without).plan(id, true);
      if (plan.what != archive_plan::action::keep_spans)
        continue;
      const auto asked = archive_retention(info, rule).plan(id, true);
      for (const auto& segment : all_wal())
        RC_ASSERT(keeps(asked, segment) == (keeps(plan, segment) || segment >= *rule.before));
    }
  });
}

// But for a border without WAL, at which nothing can be said.
TEST_CASE("expire model: who keeps more fulls keeps no segment less") {
  for_all([] {
    const auto info = any_info();
    const auto keep = *between<uint64_t>(1, 4);
    const auto fulls = fulls_of(info);
    const auto kept_on_purpose = fulls.empty() ? "" : (*rc::gen::elementOf(fulls))->label;
    for (uint64_t id = 1; id <= 3; ++id) {
      const auto less = archive_retention(info, {.count = keep}).plan(id, true);
      if (less.what != archive_plan::action::keep_spans)
        continue;
      const auto more = archive_retention(info, {.count = keep + 1}).plan(id, true);
      const auto purpose =
          archive_retention(info, {.count = keep, .keep_from = kept_on_purpose}).plan(id, true);
      for (const auto& segment : all_wal()) {
        RC_ASSERT(!keeps(less, segment) || keeps(more, segment));
        RC_ASSERT(!keeps(less, segment) || keeps(purpose, segment));
      }
    }
  });
}

TEST_CASE("expire model: what is said of a directory holds for all that may be in it") {
  for_all([] {
    const auto info = any_info();
    const auto plan = archive_retention(info, any_rule()).plan(1, true);
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
