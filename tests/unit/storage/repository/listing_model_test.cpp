// What of a stanza is on disk, in directories that hold anything, against a model.
// Rules: engine/format/README.md, sections 1, 2, 3 and 7.3.
// SPDX-License-Identifier: MIT
#include "storage/driver/memory/memory_storage.hpp"
#include "storage/repository/repository.hpp"
#include "tests/unit/property.hpp"
#include "tests/unit/quiet.hpp"
#include "tests/unit/storage/repository/small_manifest.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::test;
using names = std::vector<std::string>;

namespace {

struct rig {
  memory_storage files;
  repository repo{files, {.key = 1, .stanza = "demo"}};
  void put(const std::string& path) { RC_ASSERT(static_cast<bool>(write_all(files, path, "x"))); }
};

bool matches(const std::string& text, const char* pattern) {
  static std::map<std::string, std::regex> known;
  return std::regex_match(text, known.try_emplace(pattern, pattern).first->second);
}

constexpr auto label_form = "[0-9]{8}-[0-9]{6}F(_[0-9]{8}-[0-9]{6}[DI])?";

/// Some of these.
std::set<std::string> some_of(const names& all) {
  std::set<std::string> out;
  for (const auto& one : all)
    if (*rc::gen::arbitrary<bool>())
      out.insert(one);
  return out;
}

} // namespace

TEST_CASE("repository: backups and labels are found among whatever lies beside them") {
  const names directories = {"20261101-120000F",
                             "20261102-120000F",
                             "20261101-120000F_20261101-130000D",
                             "20261101-120000F_20261101-140000I",
                             "20261101-120000F.1-0a1b2c3d.pgbackrest.tmp",
                             "20261101-120000",
                             "20261101-120000X",
                             "20261101-120000F_",
                             "backup.history",
                             "latest",
                             "x"};
  for_all([&] {
    rig on;
    struct found {
      bool manifest;
      bool copy;
    };
    std::map<std::string, found> expected;
    std::set<std::string> labels;
    for (const auto& name : some_of(directories)) {
      const auto base = "backup/demo/" + name;
      const found has{*rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>()};
      if (name != "backup.history" && *rc::gen::inRange(0, 5) == 0) { // a file is none
        on.put(base);
        continue;
      }
      RC_ASSERT(static_cast<bool>(on.files.make_path(base)));
      if (has.manifest)
        on.put(base + "/backup.manifest");
      if (has.copy)
        on.put(base + "/backup.manifest.copy");
      if (matches(name, label_form)) {
        expected[name] = has;
        labels.insert(name);
      }
    }
    const auto listed = on.repo.list_backups();
    RC_ASSERT(static_cast<bool>(listed));
    RC_ASSERT(listed->size() == expected.size());
    auto next = expected.begin();
    for (const auto& one : *listed) {
      RC_ASSERT(one.label == next->first);
      RC_ASSERT(one.has_manifest == next->second.manifest);
      RC_ASSERT(one.has_copy == next->second.copy);
      const auto alone = on.repo.look_at_backup(one.label);
      RC_ASSERT(
          (alone && alone->has_manifest == one.has_manifest && alone->has_copy == one.has_copy));
      ++next;
    }
    // The newest year of the history counts, too, for labels.
    std::map<std::string, std::set<std::string>> years;
    for (const auto& year : some_of(names{"2024", "2025", "2026", "0999", "20xx"})) {
      RC_ASSERT(static_cast<bool>(on.files.make_path("backup/demo/backup.history/" + year)));
      for (const auto& name :
           some_of(names{"20250101-000000F", "20260101-000000F",
                         "20260101-000000F_20260102-000000I", "20260101-000000", "x"})) {
        const auto ending = *rc::gen::element<std::string>(".manifest.gz", ".manifest",
                                                           ".manifest.gz.pgbackrest.tmp");
        on.put("backup/demo/backup.history/" + year + "/" + name + ending);
        if (ending == ".manifest.gz" && matches(name, label_form))
          years[year].insert(name);
        else
          years[year];
      }
      years[year];
    }
    std::erase_if(years, [](const auto& one) { return !matches(one.first, "[0-9]{4}"); });
    if (!years.empty())
      labels.insert(years.rbegin()->second.begin(), years.rbegin()->second.end());
    const auto known = on.repo.known_labels(*listed);
    RC_ASSERT(static_cast<bool>(known));
    RC_ASSERT(*known == names(labels.begin(), labels.end()));
  });
}

TEST_CASE("repository: archive ids are ordered by their number") {
  const names some = {"15-1", "9.6-2", "15-10", "16-9",  "10-3", "15-01",   "15-",
                      "-1",   "15",    "x-1",   "15-1x", "15-0", "15-1.tmp"};
  for_all([&] {
    rig on;
    std::vector<std::pair<int, std::string>> expected;
    for (const auto& name : some_of(some)) {
      if (*rc::gen::inRange(0, 6) == 0) {
        on.put("archive/demo/" + name);
        continue;
      }
      RC_ASSERT(static_cast<bool>(on.files.make_path("archive/demo/" + name)));
      // VERSION-ID, as it is written: no zero in front, and ids begin with 1.
      if (matches(name, "[0-9]+(\\.[0-9]+)?-[1-9][0-9]*"))
        expected.emplace_back(std::stoi(name.substr(name.find('-') + 1)), name);
    }
    std::ranges::sort(expected);
    names in_order;
    for (const auto& [number, name] : expected)
      in_order.push_back(name);
    const auto listed = on.repo.list_archive_ids();
    RC_ASSERT(static_cast<bool>(listed));
    RC_ASSERT(*listed == in_order);
  });
}

namespace {

const std::string sum_a(40, 'a');
const std::string sum_b(40, 'b');

/// One file of an archive, and what it stands for.
struct stored {
  std::string directory;
  std::string segment; ///< 24 digits
  bool partial = false;
  std::string sum;
  std::string name() const { return segment + (partial ? ".partial" : "") + "-" + sum; }
};

stored any_stored() {
  stored one;
  one.directory = *rc::gen::element<std::string>("0000000100000000", "0000000100000001",
                                                 "0000000200000001", "00000001000000FF");
  one.segment = one.directory + "000000" + *rc::gen::element<std::string>("00", "01", "7F", "FE");
  one.partial = *rc::gen::inRange(0, 5) == 0;
  one.sum = *rc::gen::element(sum_a, sum_b);
  return one;
}

} // namespace

TEST_CASE("repository: WAL of an archive id, among histories, backups files and half files") {
  for_all(
      [] {
        rig on;
        std::set<std::string> full;
        std::map<std::string, std::set<std::string>> sums;  ///< of a segment, `.partial` included
        std::map<std::string, std::set<std::string>> files; ///< their names
        for (int left = *rc::gen::inRange(0, 12); left > 0; --left) {
          const auto one = any_stored();
          const auto ending = *rc::gen::element<std::string>(
              "", ".gz", ".lz4", ".zst", ".bz2", ".gz.pgbackrest.tmp",
              ".0123456789abcdef.pgbackrest.tmp", ".xz");
          on.put("archive/demo/15-1/" + one.directory + "/" + one.name() + ending);
          if (ending.find("tmp") != ending.npos || ending == ".xz")
            continue;
          const auto key = one.segment + (one.partial ? ".partial" : "");
          sums[key].insert(one.sum);
          files[key].insert(one.name() + ending);
          if (!one.partial)
            full.insert(one.segment);
        }
        // What is no directory of WAL, or lies in none.
        on.put("archive/demo/15-1/00000002.history");
        on.put("archive/demo/15-1/000000010000000G/0000000100000000000000FF-" + sum_a);
        on.put("archive/demo/15-1/0000000300000000");
        on.put("archive/demo/15-1/0000000100000000/000000010000000000000003.00000028.backup");

        const auto range = on.repo.wal_range("15-1");
        RC_ASSERT(static_cast<bool>(range));
        RC_ASSERT(range->has_value() == !full.empty());
        if (*range) {
          RC_ASSERT((*range)->min == *full.begin());
          RC_ASSERT((*range)->max == *full.rbegin());
        }
        for (int asked = 0; asked < 6; ++asked) {
          const auto wanted = any_stored();
          const auto key = wanted.segment + (wanted.partial ? ".partial" : "");
          const auto found = on.repo.find_wal("15-1", key);
          RC_ASSERT(static_cast<bool>(found));
          std::set<std::string> got;
          for (const auto& one : *found) {
            RC_ASSERT(one.path ==
                      "archive/demo/15-1/" + wanted.directory + "/" + one.entry.file_name);
            got.insert(one.entry.file_name);
          }
          RC_ASSERT(got == files[key]);
          // The same content in several compressions is one; other content is none that is right.
          const auto single = on.repo.single_wal("15-1", key);
          RC_ASSERT(static_cast<bool>(single) == (sums[key].size() <= 1));
          if (single)
            RC_ASSERT(single->has_value() == (sums[key].size() == 1));
          else
            RC_ASSERT(single.failure().code == errc::archive_duplicate);
        }
      },
      200);
}

namespace {

/// A set of backups: each with its prior, in any state on disk and in backup.info.
struct made_backup {
  std::string label;
  std::optional<std::string> prior;
  bool listed = false;
  bool complete = false;
  bool readable = true;
  bool ours = true; ///< of a cluster in the history
};

} // namespace

TEST_CASE_FIXTURE(quiet, "repository: backup.info follows the disk, and nothing else") {
  const std::vector<std::pair<std::string, std::string>> all = {
      {"20261101-120000F", ""},
      {"20261101-120000F_20261101-130000D", "20261101-120000F"},
      {"20261101-120000F_20261101-140000I", "20261101-120000F_20261101-130000D"},
      {"20261101-120000F_20261101-150000I", "20261101-120000F_20261101-140000I"},
      {"20261102-120000F", ""},
      {"20261102-120000F_20261102-130000I", "20261102-120000F"}};
  for_all(
      [&] {
        rig on;
        format::backup_info info;
        info.add_history(77, "15", 202209061, 1300);
        std::vector<made_backup> backups;
        for (const auto& [label, prior] : all) {
          made_backup one{.label = label,
                          .prior = prior.empty() ? std::nullopt : std::optional(prior),
                          .listed = *rc::gen::arbitrary<bool>(),
                          .complete = *rc::gen::arbitrary<bool>(),
                          .readable = *rc::gen::inRange(0, 4) != 0,
                          .ours = *rc::gen::inRange(0, 6) != 0};
          auto of = small_manifest(label);
          of.type = format::type_of_label(label);
          of.prior = one.prior;
          if (!one.ours)
            of.system_id = 78;
          if (one.listed)
            info.add(summarize(of));
          if (one.complete) {
            const auto path = "backup/demo/" + label + "/backup.manifest";
            const auto text = one.readable ? render(of) : std::string("[torn");
            RC_ASSERT(static_cast<bool>(write_all(on.files, path, text)));
          }
          backups.push_back(one);
        }
        // A label without manifest goes, and with it whatever is based on it; what is complete, of
        // this stanza and has its prior listed is added.
        std::set<std::string> expected;
        std::set<std::string> unreadable;
        std::set<std::string> before;
        for (const auto& one : info.backups)
          before.insert(one.label);
        auto listed = before;
        for (const auto& one : backups) // a prior comes before what depends on it
          if (one.complete && !one.listed) {
            if (!one.readable)
              unreadable.insert(one.label);
            else if (one.ours && (!one.prior || listed.contains(*one.prior)))
              listed.insert(one.label);
          }
        for (const auto& one : backups) {
          if (!listed.contains(one.label))
            continue;
          const bool based = !one.prior || expected.contains(*one.prior) ||
                             !listed.contains(*one.prior); // listed without its prior: left alone
          if (one.complete && based)
            expected.insert(one.label);
        }
        const auto done = reconcile(on.repo, info);
        RC_ASSERT(static_cast<bool>(done));
        std::set<std::string> after;
        for (const auto& one : info.backups)
          after.insert(one.label);
        RC_ASSERT(after == expected);
        RC_ASSERT(done->changed == (before != after));
        RC_ASSERT(std::set<std::string>(done->unreadable.begin(), done->unreadable.end()) ==
                  unreadable);
        RC_ASSERT(done->why_unreadable.has_value() == !unreadable.empty());
        // Once it agrees it stays as it is.
        const auto again = reconcile(on.repo, info);
        RC_ASSERT((again && !again->changed));
      },
      200);
}
