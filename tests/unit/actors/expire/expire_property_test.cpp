// Expire of generated sets and archives: what retention keeps stays whole, everything else goes.
// Rules: cli/command/README.md, sections 8.1 and 8.3.
// SPDX-License-Identifier: MIT
#include "actors/expire/expire.hpp"
#include "engine/format/repository_path.hpp"
#include "tests/unit/property.hpp"
#include "tests/unit/quiet.hpp"
#include "tests/unit/storage/faulty_memory.hpp"
#include "tests/unit/storage/power_cut.hpp"
#include "tests/unit/storage/repository/small_infos.hpp"
#include "tests/unit/storage/repository/small_manifest.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

std::string segment(unsigned number) {
  return fmt::format("0000000100000000{:08X}", number);
}

/// One backup and the WAL that makes it consistent.
struct made {
  std::string label;
  std::optional<std::string> prior;
  unsigned start = 0;
  unsigned stop = 0;
  bool is_full() const { return !prior.has_value(); }
};

/// A stanza with some sets of backups, WAL from 1 to the last one, and the end of some of it.
struct stanza {
  test::faulty_memory files;
  repository repo{files, {.key = 1, .stanza = "demo"}};
  std::vector<made> backups; ///< oldest first
  unsigned last_wal = 0;

  stanza() {
    unsigned day = 1;
    unsigned wal = 1 + *rc::gen::inRange(0U, 3U);
    for (int fulls = *rc::gen::inRange(0, 5); fulls > 0; --fulls) {
      const auto full = fmt::format("202611{:02}-120000F", day);
      add(full, {}, day, wal);
      auto prior = full;
      for (int more = *rc::gen::inRange(0, 3); more > 0; --more) {
        const bool diff = *rc::gen::arbitrary<bool>();
        if (diff)
          prior = full;
        const auto label = fmt::format("{}_202611{:02}-120000{}", full, day, diff ? "D" : "I");
        add(label, prior, day, wal);
        prior = label;
      }
    }
    last_wal = wal + *rc::gen::inRange(0U, 3U);
    keep(repo.save(test::small_archive_info()));
    auto info = test::small_backup_info();
    for (const auto& one : backups)
      store(info, one);
    keep(repo.save(info));
    for (unsigned number = 1; number <= last_wal; ++number)
      keep(write_all(files, wal_path(number), "x"));
  }

  std::vector<std::string> listed() {
    const auto info = repo.load_backup_info();
    RC_ASSERT(static_cast<bool>(info));
    std::vector<std::string> out;
    for (const auto& one : info->backups)
      out.push_back(one.label);
    return out;
  }
  std::set<unsigned> wal() {
    std::set<unsigned> out;
    for (unsigned number = 1; number <= last_wal; ++number)
      if (files.content(wal_path(number)))
        out.insert(number);
    return out;
  }
  bool is_whole(const std::string& label) {
    return repo.load_manifest(label, {}) &&
           files.content("backup/demo/" + label + "/pg_data/PG_VERSION") == "15\n";
  }
  static std::string wal_path(unsigned number) {
    return fmt::format("archive/demo/15-1/0000000100000000/{}-{}", segment(number),
                       std::string(40, 'a'));
  }

  /// 8.1: so many of the newest fulls stay, with all that depends on them.
  std::vector<made> kept(std::optional<uint64_t> fulls) const {
    const auto all = static_cast<uint64_t>(std::ranges::count_if(backups, &made::is_full));
    uint64_t drop = fulls && all > *fulls ? all - *fulls : 0;
    std::vector<made> out;
    uint64_t seen = 0;
    for (const auto& one : backups) {
      seen += one.is_full() ? 1 : 0;
      if (seen > drop)
        out.push_back(one);
    }
    return out;
  }
  /// 8.3: all since the start of the oldest full that counts, and of each older backup from its
  /// start to its stop.
  std::set<unsigned> kept_wal(const std::vector<made>& left, std::optional<uint64_t> fulls) const {
    std::set<unsigned> out;
    std::vector<made> all;
    std::ranges::copy_if(left, std::back_inserter(all), &made::is_full);
    unsigned from = 1;
    if (fulls && all.size() >= *fulls)
      from = all[all.size() - *fulls].start;
    for (unsigned number = from; number <= last_wal; ++number)
      out.insert(number);
    for (const auto& one : left)
      for (unsigned number = one.start; number <= one.stop; ++number)
        out.insert(number);
    return out;
  }

private:
  static void keep(const result<void>& done) { RC_ASSERT(static_cast<bool>(done)); }
  void add(const std::string& label, std::optional<std::string> prior, unsigned& day,
           unsigned& wal) {
    made one{.label = label, .prior = std::move(prior), .start = wal};
    one.stop = wal + *rc::gen::inRange(0U, 3U);
    wal = one.stop + 1 + *rc::gen::inRange(0U, 4U);
    ++day;
    backups.push_back(one);
  }
  void store(format::backup_info& info, const made& one) {
    auto of = small_manifest(one.label);
    of.type = format::type_of_label(one.label);
    of.prior = one.prior;
    of.archive_start = segment(one.start);
    of.archive_stop = segment(one.stop);
    keep(files.make_path("backup/demo/" + one.label));
    publication all(files);
    keep(repo.add(all, of, {}));
    keep(all.publish());
    keep(write_all(files, "backup/demo/" + one.label + "/pg_data/PG_VERSION", "15\n"));
    info.add({.label = one.label,
              .type = of.type,
              .archive_start = of.archive_start,
              .archive_stop = of.archive_stop,
              .page_errors = false,
              .prior = one.prior,
              .history_id = 1});
  }
};

std::optional<uint64_t> any_count() {
  const auto count = *rc::gen::inRange<uint64_t>(0, 5);
  return count == 0 ? std::nullopt : std::optional(count);
}

std::vector<std::string> labels_of(const std::vector<made>& all) {
  std::vector<std::string> out;
  for (const auto& one : all)
    out.push_back(one.label);
  std::ranges::sort(out);
  return out;
}

} // namespace

TEST_CASE_FIXTURE(quiet, "expire: of any sets those stay that retention counts, with their WAL") {
  for_all(
      [] {
        stanza at;
        const expire_settings settings{.keep = {.fulls = any_count(), .archive = any_count()},
                                       .exec_id = "1-0a1b2c3d"};
        const auto left = at.kept(settings.keep.fulls);
        RC_ASSERT(static_cast<bool>(expire(at.repo, settings)));
        RC_ASSERT(at.listed() == labels_of(left));
        for (const auto& one : left)
          RC_ASSERT(at.is_whole(one.label));
        for (const auto& one : at.backups)
          if (std::ranges::find(left, one.label, &made::label) == left.end())
            RC_ASSERT(!*at.files.info("backup/demo/" + one.label));
        const auto expected =
            at.backups.empty() ? at.wal() : at.kept_wal(left, settings.keep.archive);
        RC_ASSERT(at.wal() == expected);
        // Nothing more goes when it runs again.
        RC_ASSERT(static_cast<bool>(expire(at.repo, settings)));
        RC_ASSERT(at.listed() == labels_of(left));
        RC_ASSERT(at.wal() == expected);
      },
      150);
}

TEST_CASE_FIXTURE(quiet, "expire: to say what would go changes nothing") {
  for_all(
      [] {
        stanza at;
        const auto before = at.files.used_bytes();
        const auto wal = at.wal();
        const expire_settings settings{.keep = {.fulls = any_count(), .archive = any_count()},
                                       .dry_run = true,
                                       .exec_id = "1-0a1b2c3d"};
        RC_ASSERT(static_cast<bool>(expire(at.repo, settings)));
        RC_ASSERT(at.files.used_bytes() == before);
        RC_ASSERT(at.wal() == wal);
        RC_ASSERT(at.listed() == labels_of(at.backups));
      },
      40);
}

TEST_CASE_FIXTURE(quiet,
                  "expire: wherever it dies, what stays is whole, and the next one ends it") {
  for_all(
      [] {
        stanza at;
        const expire_settings settings{.keep = {.fulls = any_count(), .archive = any_count()},
                                       .exec_id = "1-0a1b2c3d"};
        const auto left = at.kept(settings.keep.fulls);
        {
          const power_cut power(at.files, *rc::gen::inRange(1U, 30U));
          static_cast<void>(expire(at.repo, settings));
        }
        for (const auto& one : left)
          RC_ASSERT(at.is_whole(one.label));
        const auto needed = at.kept_wal(left, settings.keep.archive);
        RC_ASSERT((at.backups.empty() || std::ranges::includes(at.wal(), needed)));
        // A label that lost its manifest is no backup, nor is what is based on it.
        RC_ASSERT(static_cast<bool>(expire(at.repo, settings)));
        RC_ASSERT(at.listed() == labels_of(left));
        if (!at.backups.empty())
          RC_ASSERT(at.wal() == needed);
      },
      150);
}
