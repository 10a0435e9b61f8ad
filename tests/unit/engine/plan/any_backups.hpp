// Made-up stanzas for the models of expire: sets of backups, and the WAL that they need.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/backup_info.hpp"
#include "tests/unit/generators.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace pgbraid::test {

/// So few that generated backups meet: three timelines of three directories with four segments.
inline constexpr unsigned timelines = 3;
inline constexpr unsigned segments = 12;

inline std::string wal(unsigned timeline, unsigned number) {
  return test::hex_digits(timeline, 8) + test::hex_digits(number / 4, 8) +
         test::hex_digits(number % 4, 8);
}

inline std::vector<std::string> all_wal() {
  std::vector<std::string> names;
  for (unsigned timeline = 1; timeline <= timelines; ++timeline)
    for (unsigned number = 0; number < segments; ++number)
      names.push_back(wal(timeline, number));
  return names;
}

inline std::string full(size_t day) {
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

inline void showValue(const any_backup& one, std::ostream& out) {
  out << fmt::format("timeline {}, {} from {}, online {}, errors {}", one.timeline, one.length,
                     one.start, one.online, one.errors);
}

inline rc::Gen<any_backup> any_backup_of_its_own() {
  return rc::gen::build<any_backup>(
      rc::gen::set(&any_backup::timeline, between(1U, timelines)),
      rc::gen::set(&any_backup::start, between(0U, segments - 1)),
      rc::gen::set(&any_backup::length, between(0U, 3U)),
      rc::gen::set(&any_backup::online, rc::gen::map(between(0, 7), [](int n) { return n > 0; })),
      rc::gen::set(&any_backup::errors, rc::gen::map(between(0, 3), [](int n) { return n == 0; })));
}

inline constexpr int64_t one_day_s = 86400;

/// Every tenth day a full backup, and up to four that depend on it. Sets of a stanza that had up to
/// three clusters, one after the other.
inline format::backup_info any_info() {
  format::backup_info info;
  for (uint64_t id = 1; id <= 3; ++id)
    info.add_history(id, "15", 0, 0);
  const auto count = *between<size_t>(0, 6);
  uint64_t id = 1;
  for (size_t day = 1; day <= count; ++day) {
    id = std::min<uint64_t>(3, id + *rc::gen::weightedElement<uint64_t>({{3, 0}, {1, 1}}));
    auto next = (*any_backup_of_its_own()).summary(full(day), id);
    next.stop_s = static_cast<int64_t>(10 * day) * one_day_s;
    std::vector<std::string> chain;
    for (auto more = *between(0, 4); more >= 0; --more) {
      info.add(next);
      if (next.type != format::backup_type::incr)
        chain.resize(std::min<size_t>(chain.size(), 1)); // the full backup
      chain.push_back(next.label);
      const auto made = 10 * day + 5 - static_cast<size_t>(more);
      next = (*any_backup_of_its_own())
                 .summary(fmt::format("{}_2026{:02}{:02}-000000{}", full(day), 2 + made / 28,
                                      1 + made % 28, *rc::gen::element('D', 'I')),
                          id);
      next.stop_s = static_cast<int64_t>(made) * one_day_s;
      next.reference = chain;
      if (next.type == format::backup_type::diff)
        next.reference.resize(1);
      next.prior = next.reference.back();
    }
  }
  return info;
}

inline std::vector<const format::backup_summary*> fulls_of(const format::backup_info& info) {
  std::vector<const format::backup_summary*> out;
  for (const auto& one : info.backups)
    if (one.type == format::backup_type::full)
      out.push_back(&one);
  return out;
}

} // namespace pgbraid::test
