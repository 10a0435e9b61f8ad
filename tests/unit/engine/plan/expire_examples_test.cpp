// Expire of four sets whose outcome was seen with pgBackRest 2.60.0, option by option.
// SPDX-License-Identifier: MIT
#include "engine/plan/expire_archive.hpp"
#include "engine/plan/expire_sets.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::plan;

namespace {

constexpr int64_t now_s = 1'700'000'000;

std::string wal(unsigned number) {
  return fmt::format("0000000100000000{:08X}", number);
}

/// F1 I1 ... F4 I4, made 20, 15, 9 and 3 days ago; WAL 08 to 20.
struct four_sets {
  format::backup_info info;
  std::array<std::string, 8> labels;

  four_sets() {
    info.add_history(1, "15", 0, 0);
    constexpr std::array<std::array<unsigned, 5>, 4> all = {{{20, 0x09, 0x09, 0x0B, 0x0C},
                                                             {15, 0x0E, 0x0F, 0x11, 0x12},
                                                             {9, 0x14, 0x15, 0x17, 0x18},
                                                             {3, 0x1A, 0x1B, 0x1E, 0x1E}}};
    for (size_t i = 0; i < all.size(); ++i) {
      const auto [days, start, stop, incr_start, incr_stop] = all[i];
      const auto made_s = now_s - days * day_s;
      const auto full = format::make_label(format::backup_type::full, made_s);
      const auto incr = format::make_label(format::backup_type::incr, made_s + 3600, full);
      add(full, {}, start, stop, made_s);
      add(incr, full, incr_start, incr_stop, made_s + 3600);
      labels[2 * i] = full;
      labels[2 * i + 1] = incr;
    }
  }

  /// Names of backups that go, the set of each as it comes.
  static std::string names(const backup_expiry& expiry, const four_sets& of) {
    std::vector<std::string> out;
    for (const auto& set : expiry.sets)
      for (const auto& label : set.labels)
        for (size_t i = 0; i < of.labels.size(); ++i)
          if (of.labels[i] == label)
            out.push_back(fmt::format("{}{}", i % 2 == 0 ? 'F' : 'I', i / 2 + 1));
    return fmt::format("{}", fmt::join(out, " "));
  }

  /// Ranges of the segments that go, the last two digits of each.
  static std::string ranges(const archive_plan& plan) {
    std::vector<std::string> out;
    std::optional<unsigned> from;
    for (unsigned number = 0x08; number <= 0x21; ++number) {
      const bool goes = number <= 0x20 && plan.what == archive_plan::action::keep_spans &&
                        !plan.keeps_file(wal(number) + "-sum");
      if (goes && !from)
        from = number;
      if (goes || !from)
        continue;
      out.push_back(*from == number - 1 ? fmt::format("{:02X}", *from)
                                        : fmt::format("{:02X}-{:02X}", *from, number - 1));
      from.reset();
    }
    return fmt::format("{}", fmt::join(out, ", "));
  }

private:
  void add(const std::string& label, std::optional<std::string> prior, unsigned start,
           unsigned stop, int64_t stop_s) {
    format::backup_summary one{.label = label};
    one.type = format::type_of_label(label);
    one.archive_start = wal(start);
    one.archive_stop = wal(stop);
    one.stop_s = stop_s;
    one.history_id = 1;
    one.prior = std::move(prior);
    if (one.prior)
      one.reference = {*one.prior};
    info.add(std::move(one));
  }
};

struct example {
  const char* name;
  retention keep;
  std::optional<std::string> before;
  const char* backups;
  const char* wal;
};

retention days(uint64_t fulls, std::optional<uint64_t> archive = {},
               format::backup_type type = format::backup_type::full) {
  return {
      .fulls_by = retention::unit::days, .fulls = fulls, .archive_type = type, .archive = archive};
}

/// As the configuration settles it: unset, as many as there are fulls.
retention count(uint64_t fulls, std::optional<uint64_t> archive = {},
                format::backup_type type = format::backup_type::full) {
  return {.fulls = fulls, .archive_type = type, .archive = archive ? archive : fulls};
}

constexpr auto by_incr = format::backup_type::incr;

const std::vector<example> examples = {
    {"time 7", days(7), {}, "F1 I1 F2 I2", "08-13"},
    {"time 16: one older than that stays", days(16), {}, "", "08"},
    {"time 30: no full is so old", days(30), {}, "", ""},
    {"time 7, archive 1", days(7, 1), {}, "F1 I1 F2 I2", "08-13, 16, 19"},
    {"time 7, archive 1 of incr", days(7, 1, by_incr), {}, "F1 I1 F2 I2", "08-13, 16, 19, 1C-1D"},
    {"count 2", count(2), {}, "F1 I1 F2 I2", "08-13"},
    {"count 4, archive 2", count(4, 2), {}, "", "08, 0A, 0D, 10, 13"},
    {"count 4, archive 2 of incr", count(4, 2, by_incr), {}, "", "08, 0A, 0D, 10, 13, 16, 19"},
    {"count 2, before 0A", count(2), wal(0x0A), "F1 I1 F2 I2", "08-09"},
    {"count 4, WAL unset", {.fulls = 4}, {}, "", ""},
};

} // namespace

TEST_CASE_FIXTURE(four_sets, "expire: four sets, as they were seen to go") {
  for (const auto& one : examples) {
    CAPTURE(one.name);
    const auto expiry = expire_by_retention(info, one.keep, now_s);
    CHECK(names(expiry, *this) == one.backups);
    auto left = info;
    for (const auto& set : expiry.sets)
      for (const auto& label : set.labels)
        left.remove(label);
    archive_plan plan;
    if (const auto archive = archive_count(left, one.keep, now_s))
      plan = archive_retention(
                 left, {.count = *archive, .counted = one.keep.archive_type, .before = one.before})
                 .plan(1, true);
    CHECK(ranges(plan) == one.wal);
  }
}

TEST_CASE_FIXTURE(four_sets, "expire: the oldest of four sets, whatever retention says") {
  const auto keep = without_oldest(info, days(1, 9, by_incr));
  REQUIRE(keep);
  CHECK(names(expire_by_retention(info, *keep, now_s), *this) == "F1 I1");
  info.remove(labels[1]);
  info.remove(labels[0]);
  const archive_retention retention(info, {.count = *archive_count(info, *keep, now_s)});
  CHECK(ranges(retention.plan(1, true)) == "08-0D");
  for (size_t i = 2; i < 6; ++i)
    info.remove(labels[i]);
  CHECK_FALSE(without_oldest(info, count(1)));
}

TEST_CASE_FIXTURE(four_sets, "expire: each set says why it goes") {
  const auto& first = labels[0];
  const auto set = first + ", " + labels[1];
  CHECK(in_words(expire_by_retention(info, count(3), now_s).sets.front()) ==
        "expire full backup set " + set);
  CHECK(in_words(expire_by_retention(info, days(14), now_s).sets.front()) ==
        "expire time-based backup set " + set);
  CHECK(in_words(expire_one(info, labels[1])->sets.front()) == "expire adhoc backup " + labels[1]);
  info.remove(labels[1]);
  CHECK(in_words(expire_by_retention(info, count(3), now_s).sets.front()) ==
        "expire full backup " + first);
}

TEST_CASE_FIXTURE(four_sets, "expire: a backup that is not listed, and the last one of a cluster") {
  CHECK(expire_one(info, "20200101-000000F")->sets.empty());
  CHECK(expire_one(info, labels[6])->sets.front().labels.size() == 2);
  info.add_history(2, "16", 0, 0);
  info.find(labels[6])->history_id = 2;
  const auto last = expire_one(info, labels[6]);
  REQUIRE_FALSE(last);
  CHECK(last.failure().code == errc::backup_set_invalid);
  CHECK(last.failure().message == "full backup " + labels[6] +
                                      " cannot be expired until another full backup has been "
                                      "created on this repo");
  CHECK(expire_one(info, labels[7]));
  CHECK(expire_one(info, labels[4]));
}

TEST_CASE_FIXTURE(four_sets, "expire: a chain that is tied to itself has an end") {
  info.find(labels[1])->prior = labels[1];
  info.find(labels[1])->reference = {labels[3], labels[1]};
  const auto expiry = expire_by_retention(info, count(1), now_s);
  CHECK(names(expiry, *this) == "F3 I3"); // the odd one stays, and what it refers to
  CHECK(expiry.spared.size() == 2);
}

TEST_CASE_FIXTURE(four_sets, "expire: whether retention found the oldest full backup to stay") {
  CHECK(expire_by_retention(info, count(3), now_s).has_oldest);
  CHECK_FALSE(expire_by_retention(info, count(4), now_s).has_oldest);
  CHECK(expire_by_retention(info, days(16), now_s).has_oldest); // and none goes
  CHECK_FALSE(expire_by_retention(info, days(30), now_s).has_oldest);
  CHECK_FALSE(expire_by_retention(info, {.diffs = 1}, now_s).has_oldest);
}
