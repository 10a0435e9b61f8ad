// The list of backups against a plain one, and what a manifest adds up to.
// SPDX-License-Identifier: MIT
#include "engine/format/archive_info.hpp"
#include "engine/format/backup_info.hpp"
#include "engine/format/manifest.hpp"
#include "tests/unit/engine/format/any_content.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

using namespace pgbraid;
using namespace pgbraid::format;
using format_test::any;
using test::between;

namespace {

std::string label_of(int day) {
  return fmt::format("202601{:02}-000000F", day);
}

} // namespace

TEST_CASE("backup list: adding, replacing and removing, as a map does") {
  test::for_all([] {
    backup_info info;
    std::map<std::string, uint64_t> model;
    for (auto more = *between(0, 40); more > 0; --more) {
      const auto label = label_of(*between(1, 8));
      if (*between(0, 2) == 0) {
        info.remove(label);
        model.erase(label);
      } else {
        backup_summary one{.label = label};
        one.size_bytes = static_cast<uint64_t>(more);
        info.add(one);
        model[label] = one.size_bytes;
      }
      RC_ASSERT(info.backups.size() == model.size());
    }
    auto wanted = model.begin();
    for (const auto& one : info.backups) {
      RC_ASSERT(one.label == wanted->first);
      RC_ASSERT(one.size_bytes == wanted->second);
      ++wanted;
    }
    for (int day = 0; day <= 9; ++day) {
      const auto* found = info.find(label_of(day));
      RC_ASSERT((found != nullptr) == model.contains(label_of(day)));
    }
  });
}

TEST_CASE("backup list: who depends on a backup, found by asking each for all that it needs") {
  test::for_all([] {
    backup_info info;
    std::vector<std::string> labels{label_of(1)};
    info.add({.label = labels[0]});
    for (int hour = 1; hour <= *between(1, 9); ++hour) {
      const bool full = *between(0, 4) == 0;
      backup_summary one{.label = full ? label_of(1 + hour)
                                       : fmt::format("{}_20260201-{:02}0000I", labels[0], hour)};
      if (!full)
        one.prior = *rc::gen::elementOf(labels);
      // One that is based on a later label cannot be.
      if (one.prior && *one.prior > one.label)
        one.prior = labels[0];
      labels.push_back(one.label);
      info.add(std::move(one));
    }
    const auto asked = *rc::gen::elementOf(labels);
    const auto needs = [&](std::string label) {
      while (label != asked) {
        const auto* one = info.find(label);
        if (!one->prior)
          return false;
        label = *one->prior;
      }
      return true;
    };
    std::vector<std::string> wanted;
    for (const auto& one : info.backups)
      if (needs(one.label))
        wanted.push_back(one.label);
    RC_ASSERT(info.with_dependents(asked) == wanted);
  });
}

TEST_CASE("backup list: numbers of clusters grow, in both files") {
  test::for_all([] {
    archive_info archive;
    backup_info backups;
    std::vector<std::pair<uint64_t, std::string>> clusters;
    for (auto more = *between(1, 6); more > 0; --more) {
      clusters.emplace_back(*between<uint64_t>(1, 3),
                            *rc::gen::element<std::string>("9.6", "15", "16"));
      archive.add(clusters.back().first, clusters.back().second);
      backups.add_history(clusters.back().first, clusters.back().second, 1, 2);
    }
    RC_ASSERT(archive.current_id == clusters.size());
    RC_ASSERT(backups.current_id == clusters.size());
    RC_ASSERT(backups.current().version == clusters.back().second);
    for (uint64_t system_id = 1; system_id <= 4; ++system_id)
      for (const std::string version : {"9.6", "15"}) {
        std::vector<uint64_t> wanted;
        for (auto at = clusters.size(); at-- > 0;)
          if (clusters[at] == std::pair(system_id, version))
            wanted.push_back(at + 1);
        std::vector<uint64_t> found;
        for (const auto* one : archive.matching(system_id, version))
          found.push_back(one->id);
        RC_ASSERT(found == wanted);
        const auto asked = *between<uint64_t>(1, 7);
        const auto* one = archive.find(asked, system_id, version);
        RC_ASSERT((one == nullptr) == wanted.empty());
        if (one != nullptr)
          RC_ASSERT(one->id == (std::ranges::count(wanted, asked) > 0 ? asked : wanted.front()));
      }
  });
}

TEST_CASE("summary: sizes by the words of section 7.2") {
  test::for_all([] {
    any from(*rc::gen::arbitrary<unsigned>());
    auto of = from.whole_manifest();
    of.block_incremental = *rc::gen::arbitrary<bool>();
    for (auto& file : of.files)
      if (*between(0, 1) == 1)
        of.set_rare(file, {.block_map_size_bytes = *between<uint64_t>(0, 1000)});
    uint64_t sums[6] = {};
    bool broken = false;
    for (const auto& file : of.files) {
      const auto stored =
          file.has_repo_size && file.repo_size_bytes != 0 ? file.repo_size_bytes : file.size_bytes;
      const uint64_t own = file.reference == none_index ? 1 : 0;
      sums[0] += file.size_bytes;
      sums[1] += file.size_bytes * own;
      sums[2] += stored;
      sums[3] += stored * own;
      sums[4] += file.rare->block_map_size_bytes;
      sums[5] += file.rare->block_map_size_bytes * own;
      broken = broken || file.pages == page_check::broken;
    }
    const auto made = summarize(of);
    RC_ASSERT(made.size_bytes == sums[0]);
    RC_ASSERT(made.size_delta_bytes == sums[1]);
    RC_ASSERT(made.repo_size_bytes == sums[2]);
    RC_ASSERT(made.repo_size_delta_bytes == sums[3]);
    RC_ASSERT(made.map_size_bytes.has_value() == of.block_incremental);
    RC_ASSERT(made.map_size_delta_bytes.has_value() == of.block_incremental);
    if (of.block_incremental) {
      RC_ASSERT(*made.map_size_bytes == sums[4]);
      RC_ASSERT(*made.map_size_delta_bytes == sums[5]);
    }
    RC_ASSERT(made.page_errors == broken);
  });
}

TEST_CASE("summary: which labels a backup needs") {
  manifest of;
  of.label = "20261121-231250F_20261123-000000I";
  of.type = backup_type::incr;
  of.prior = "20261121-231250F_20261122-000000I";
  of.references = {"20261121-231250F_20261122-000000I", "20261121-231250F", of.label};
  const auto made = summarize(of);
  CHECK(made.prior == of.prior);
  // Sorted and without its own, while a manifest keeps the order that block maps count in.
  CHECK(made.reference ==
        std::vector<std::string>{"20261121-231250F", "20261121-231250F_20261122-000000I"});
  of.label = "20261121-231250F";
  of.type = backup_type::full;
  CHECK_FALSE(summarize(of).prior);
  CHECK(summarize(of).reference.empty());
}

TEST_CASE("manifest validation: up to ten files are named, the others are counted") {
  for (const unsigned flawed : {0U, 1U, 10U, 11U, 25U}) {
    CAPTURE(flawed);
    manifest of;
    of.label = "20261121-231250F";
    for (unsigned i = 0; i < 30; ++i) {
      manifest_file file{.name = of.keep(fmt::format("pg_data/f{:02}", i)), .size_bytes = 1};
      file.has_checksum = i >= flawed;
      of.files.push_back(file);
    }
    const auto checked = validate(of, strictness::lenient);
    REQUIRE(bool(checked) == (flawed == 0));
    if (checked)
      continue;
    const auto& message = checked.failure().message;
    CHECK(std::ranges::count(message, '\n') == std::min(flawed, 11U));
    CHECK(message.find("'pg_data/f00' has no checksum") != message.npos);
    const bool more = message.find(fmt::format("and {} more", flawed - 10)) != message.npos;
    CHECK(more == (flawed > 10));
  }
}

TEST_CASE(
    "manifest tables: each owner and each label once, entries of others with what they mean") {
  test::for_all([] {
    any from(*rc::gen::arbitrary<unsigned>());
    const auto other = from.whole_manifest();
    manifest of;
    of.label = "20270101-000000F_20270102-000000I";
    const bool as_reference = *rc::gen::arbitrary<bool>();
    for (const auto& file : other.files) {
      const auto taken = of.adopt(other, file, as_reference);
      RC_ASSERT((taken.name == file.name));
      RC_ASSERT((of.owner_name(taken.user) == other.owner_name(file.user)));
      RC_ASSERT((of.owner_name(taken.group) == other.owner_name(file.group)));
      RC_ASSERT(of.holder(taken) == (as_reference ? other.holder(file) : of.label));
      const auto bad = taken.rare->page_errors;
      const auto wanted = file.rare->page_errors;
      RC_ASSERT((bad == none_index) == (wanted == none_index));
      if (wanted != none_index)
        RC_ASSERT((of.page_errors[bad] == other.page_errors[wanted]));
    }
    const std::set<std::string> labels(of.references.begin(), of.references.end());
    RC_ASSERT(labels.size() == of.references.size());
    for (const auto* name : {"alice", "postgres", "alice"})
      RC_ASSERT((of.owner_name(of.owner(name)) == name));
    RC_ASSERT(of.owner("alice") == of.owner("alice"));
    RC_ASSERT(of.owner(std::nullopt) == no_owner);
  });
}
