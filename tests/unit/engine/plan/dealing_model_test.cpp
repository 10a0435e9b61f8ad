// Dealing files of a backup and of a restore: nothing is lost, limits hold, the order is a fixed
// one. SPDX-License-Identifier: MIT
#include "engine/plan/backup_batches.hpp"
#include "engine/plan/restore_map.hpp"
#include "engine/plan/restore_order.hpp"
#include "tests/unit/engine/plan/sample_backup.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

using namespace pgbraid;
using namespace pgbraid::plan;
using test::between;

namespace {

constexpr uint64_t kib = 1024;

/// Sizes around the limits, many of them alike.
rc::Gen<uint64_t> any_size() {
  return rc::gen::oneOf(rc::gen::element<uint64_t>(0, 1, 8 * kib, 128 * kib, 1024 * kib),
                        between<uint64_t>(0, 3000 * kib), between<uint64_t>(0, 300));
}

/// Files of a cluster, whose names live as long as this does.
struct any_files {
  std::vector<std::string> names;
  std::vector<file_weight> files;

  any_files() {
    const auto count = *between<uint32_t>(0, 150);
    const bool tiny = *between(0, 2) == 0; // So that it is their number that ends a batch.
    for (uint32_t i = 0; i < count; ++i)
      names.push_back(fmt::format("pg_data/base/5/{}{}", *between(0, 9), i));
    for (uint32_t i = 0; i < count; ++i)
      files.push_back({.index = 7 * i,
                       .size_bytes = tiny ? *between<uint64_t>(0, 9) : *any_size(),
                       .mtime_s = *between(-1, 2),
                       .name = names[i],
                       .target = *between(0U, 2U)});
  }
  const file_weight& at(uint32_t index) const { return files[index / 7]; }
};

batch_rules any_rules() {
  return {.bundle = *rc::gen::arbitrary<bool>(),
          .bundle_limit_bytes = *rc::gen::element<uint64_t>(0, 300, 8 * kib, 2048 * kib),
          .bundle_size_bytes = *rc::gen::element<uint64_t>(1, 8 * kib, 20'480 * kib)};
}

bool is_bundled(const file_weight& file, const batch_rules& rules) {
  return rules.bundle && file.size_bytes <= rules.bundle_limit_bytes;
}

} // namespace

TEST_CASE("dealing: each file of a backup is in one batch, empty ones of bundled backups in none") {
  test::for_all([] {
    const any_files from;
    const auto rules = any_rules();
    std::map<uint32_t, int> seen;
    for (const auto& one : deal_backup(from.files, rules)) {
      uint64_t bytes = 0;
      for (const auto index : one.files) {
        ++seen[index];
        bytes += from.at(index).size_bytes;
        RC_ASSERT(is_bundled(from.at(index), rules) == (one.bundle_id != 0));
      }
      RC_ASSERT(bytes == one.plain_bytes);
      RC_ASSERT(!one.files.empty());
    }
    for (const auto& file : from.files)
      RC_ASSERT(seen[file.index] == (is_bundled(file, rules) && file.size_bytes == 0 ? 0 : 1));
  });
}

TEST_CASE("dealing: bundles end when they have reached their size, and hold one target by age") {
  test::for_all([] {
    const any_files from;
    auto rules = any_rules();
    rules.bundle = true;
    uint64_t id = 0;
    uint32_t before = 0;
    for (const auto& one : deal_backup(from.files, rules)) {
      if (one.bundle_id == 0) {
        RC_ASSERT(id == 0U); // What is stored alone comes first.
        continue;
      }
      RC_ASSERT(one.bundle_id == ++id);
      const auto& last = from.at(one.files.back());
      RC_ASSERT(one.plain_bytes - last.size_bytes < rules.bundle_size_bytes);
      RC_ASSERT(last.target >= before);
      before = last.target;
      for (size_t i = 1; i < one.files.size(); ++i) {
        const auto& a = from.at(one.files[i - 1]);
        const auto& b = from.at(one.files[i]);
        RC_ASSERT(a.target == b.target);
        RC_ASSERT(std::tie(a.mtime_s, a.name) < std::tie(b.mtime_s, b.name));
      }
    }
  });
}

TEST_CASE("dealing: of the bundles of one target only the last is not full") {
  test::for_all([] {
    const any_files from;
    auto rules = any_rules();
    rules.bundle = true;
    const auto dealt = deal_backup(from.files, rules);
    for (size_t i = 1; i < dealt.size(); ++i)
      if (dealt[i - 1].bundle_id != 0 &&
          from.at(dealt[i - 1].files[0]).target == from.at(dealt[i].files[0]).target)
        RC_ASSERT(dealt[i - 1].plain_bytes >= rules.bundle_size_bytes);
  });
}

TEST_CASE("dealing: large files come first, and small ones share what a worker takes at once") {
  test::for_all([] {
    const any_files from;
    uint64_t before = UINT64_MAX;
    size_t batches = 0;
    for (const auto& one : deal_backup(from.files, {})) {
      ++batches;
      for (const auto index : one.files) {
        RC_ASSERT(from.at(index).size_bytes <= before);
        before = from.at(index).size_bytes;
      }
      RC_ASSERT(one.files.size() <= small_batch_files);
      RC_ASSERT((one.files.size() == 1 || one.plain_bytes <= small_batch_bytes));
    }
    // In any two neighbours there is more than one of them could have held.
    uint64_t bytes = 0;
    for (const auto& file : from.files)
      bytes += file.size_bytes;
    RC_ASSERT(batches <=
              2 + 2 * (bytes / small_batch_bytes) + from.files.size() / small_batch_files);
  });
}

TEST_CASE("dealing: the same cluster gives the same bundles, in whatever order it was read") {
  test::for_all([] {
    any_files from;
    const auto rules = any_rules();
    const auto dealt = deal_backup(from.files, rules);
    auto other = from.files;
    std::ranges::reverse(other);
    const auto again = deal_backup(other, rules);
    RC_ASSERT(dealt.size() == again.size());
    for (size_t i = 0; i < dealt.size(); ++i)
      RC_ASSERT(dealt[i].files == again[i].files);
  });
}

namespace {

/// A backup with files of all kinds; bundles with and without holes, some of an older backup.
format::manifest any_backup() {
  auto out = plan_test::sample_backup();
  const auto older = out.reference("20261120-000000F");
  uint64_t offset = 0;
  const auto count = *between(0, 80);
  for (int i = 0; i < count; ++i) {
    auto& file = plan_test::add_file(out, fmt::format("pg_data/base/5/f{:03}", i), *any_size());
    if (*between(0, 2) == 0)
      continue;
    file.bundle_id = *between<uint32_t>(1, 2);
    file.has_repo_size = *rc::gen::arbitrary<bool>();
    file.repo_size_bytes = file.has_repo_size ? file.size_bytes / 2 + 20 : 0;
    file.bundle_offset_bytes = offset;
    offset += file.stored_bytes() + (*between(0, 5) == 0 ? 100 : 0);
    if (*between(0, 9) == 0)
      file.reference = older;
  }
  out.sort();
  return out;
}

/// What `order_restore` makes of it.
struct ordered {
  format::manifest backup = any_backup();
  batch_limits limits = limits_for(*rc::gen::element<uint64_t>(0, 1024 * kib, 3000 * kib),
                                   *rc::gen::element<uint64_t>(0, 99, 100, 64 * kib));
  restore_mapping where = *map_restore(backup, {.pg_path = "/data"});
  restore_rules rules{backup, where, recovery_type::standard, 150000};
  std::vector<restore_batch> batches = order_restore(backup, rules, limits);
};

/// What is read for it, with what lies between its members where that is read along.
uint64_t read_of(const restore_batch& one, uint64_t read_over_bytes) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < one.files.size(); ++i) {
    bytes += one.files[i]->stored_bytes();
    if (one.kind != batch_kind::bundle || i == 0)
      continue;
    const auto gap = one.files[i]->bundle_offset_bytes - one.files[i - 1]->bundle_offset_bytes -
                     one.files[i - 1]->stored_bytes();
    bytes += gap <= read_over_bytes ? gap : 0;
  }
  return bytes;
}

} // namespace

TEST_CASE("dealing: each file of a restore is in one batch of its kind") {
  test::for_all([] {
    const ordered of;
    std::set<std::string_view> seen;
    for (const auto& one : of.batches)
      for (const auto* file : one.files) {
        RC_ASSERT(seen.insert(file->name).second);
        RC_ASSERT((one.kind == batch_kind::empty) == (file->size_bytes == 0));
        if (one.kind == batch_kind::bundle)
          RC_ASSERT(file->in_bundle());
        if (one.kind == batch_kind::small)
          RC_ASSERT(!file->in_bundle());
      }
    for (const auto& file : of.backup.files)
      RC_ASSERT(seen.contains(file.name) == of.rules.is_restored(file.name));
  });
}

TEST_CASE("dealing: what a restore reads at once is of one bundle, and no more than was allowed") {
  test::for_all([] {
    const ordered of;
    for (const auto& one : of.batches) {
      RC_ASSERT(one.files.size() <= of.limits.files);
      if (one.kind == batch_kind::alone)
        RC_ASSERT(one.files.size() == 1U);
      else if (one.kind != batch_kind::empty)
        RC_ASSERT(read_of(one, of.limits.read_over_bytes) <= of.limits.bytes);
      for (size_t i = 1; one.kind == batch_kind::bundle && i < one.files.size(); ++i) {
        const auto& a = *one.files[i - 1];
        const auto& b = *one.files[i];
        RC_ASSERT(a.reference == b.reference);
        RC_ASSERT(a.bundle_id == b.bundle_id);
        const auto end = a.bundle_offset_bytes + a.stored_bytes();
        RC_ASSERT(end <= b.bundle_offset_bytes);
        RC_ASSERT((of.limits.asks_together() ||
                   b.bundle_offset_bytes - end <= of.limits.read_over_bytes));
      }
    }
  });
}

TEST_CASE("dealing: who reads all that is stored gets each file once, and no batch of nothing") {
  test::for_all([] {
    const ordered of;
    std::vector<const format::manifest_file*> files;
    for (const auto& file : of.backup.files)
      files.push_back(&file);
    std::set<std::string_view> seen;
    for (const auto& one : order_stored(of.backup, files, of.limits)) {
      RC_ASSERT(one.kind != batch_kind::empty);
      RC_ASSERT(one.kind == batch_kind::alone ||
                read_of(one, of.limits.read_over_bytes) <= of.limits.bytes);
      for (const auto* file : one.files) {
        RC_ASSERT(seen.insert(file->name).second);
        RC_ASSERT((one.kind == batch_kind::bundle) <= file->in_bundle());
      }
    }
    RC_ASSERT(seen.size() == files.size());
  });
}

TEST_CASE("dealing: bundles of two backups are two, wherever their members lie") {
  auto backup = plan_test::sample_backup();
  const auto older = backup.reference("20261120-000000F");
  for (const auto* name : {"pg_data/base/5/a", "pg_data/base/5/b"}) {
    auto& file = plan_test::add_file(backup, name, 100);
    file.bundle_id = 1;
    file.bundle_offset_bytes = backup.files.back().name.ends_with('a') ? 0 : 100;
    file.reference = backup.files.back().name.ends_with('a') ? older : format::none_index;
  }
  backup.sort();
  const auto where = map_restore(backup, {.pg_path = "/data"});
  REQUIRE(where);
  const restore_rules rules(backup, *where, recovery_type::standard, 150000);
  for (const auto& one : order_restore(backup, rules))
    if (one.kind == batch_kind::bundle)
      CHECK(one.files.size() == 1);
}

namespace {

/// Of so many members of a bundle, 100 bytes each, every other one is wanted: how many each piece
/// has that is read.
std::vector<size_t> every_other(int count, batch_limits limits) {
  auto backup = plan_test::sample_backup();
  for (int i = 0; i < count; ++i) {
    auto& file = plan_test::add_file(backup, fmt::format("pg_data/base/5/f{:03}", i), 100);
    file.bundle_id = 1;
    file.bundle_offset_bytes = static_cast<uint64_t>(i) * 100;
  }
  std::vector<const format::manifest_file*> kept;
  backup.sort();
  for (const auto& file : backup.files)
    if (file.bundle_offset_bytes % 200 != 0)
      kept.push_back(&file);
  const auto where = map_restore(backup, {.pg_path = "/data"});
  REQUIRE(where);
  const restore_rules rules(backup, *where, recovery_type::standard, 150000);
  std::vector<size_t> out;
  for (const auto& one : order_restore(backup, rules, limits, file_set(kept)))
    if (one.kind == batch_kind::bundle)
      out.push_back(one.files.size());
  return out;
}

} // namespace

TEST_CASE("dealing: a gap up to what is read over joins, a larger one does not") {
  CHECK(every_other(100, {.read_over_bytes = 100}).size() == 1);
  CHECK(every_other(100, {.read_over_bytes = 99}).size() == 50);
  CHECK(every_other(100, {.read_over_bytes = 0}).size() == 50);
  // Gaps count as what is read: five members, and four gaps.
  CHECK(every_other(100, {.bytes = 900, .read_over_bytes = 100}).size() == 10);
  CHECK(every_other(100, {.bytes = 899, .read_over_bytes = 100}).front() == 4);
  // Where a request has a long way they are asked for together, and gaps count for nothing.
  CHECK(every_other(100, {.bytes = 2048 * kib}) == std::vector<size_t>{50});
  CHECK(every_other(100, {.bytes = 2048 * kib, .files = 40}) == std::vector<size_t>{40, 10});
}

TEST_CASE("dealing: a restore begins with what takes longest, and ends with what takes nothing") {
  test::for_all([] {
    const ordered of;
    const auto rank = [](const restore_batch& one) {
      const auto& first = *one.files.front();
      return one.kind == batch_kind::empty                         ? 3
             : one.kind == batch_kind::small                       ? 2
             : one.kind == batch_kind::bundle || first.in_bundle() ? 1
                                                                   : 0;
    };
    for (size_t i = 1; i < of.batches.size(); ++i) {
      RC_ASSERT(rank(of.batches[i - 1]) <= rank(of.batches[i]));
      if (rank(of.batches[i]) == 0)
        RC_ASSERT(read_of(of.batches[i - 1], 0) >= read_of(of.batches[i], 0));
    }
  });
}

TEST_CASE("dealing: where more bytes are worth reading at once, up to four times the files are") {
  const batch_limits usual;
  CHECK(limits_for(0).bytes == usual.bytes);
  CHECK(limits_for(0).files == usual.files);
  CHECK(limits_for(usual.bytes * 2).files == usual.files * 2);
  CHECK(limits_for(usual.bytes * 9).files == usual.files * 4);
  CHECK(limits_for(usual.bytes * 9).bytes == usual.bytes * 9);
}
