// Files of a bundle that are made of blocks of an earlier backup: how often that is asked, and
// damage. SPDX-License-Identifier: MIT
#include "engine/codec/block_checksum.hpp"
#include "engine/format/block_map.hpp"
#include "storage/driver/object/object_storage.hpp"
#include "tests/hostile.hpp"
#include "tests/unit/actors/restore/rig.hpp"
#include "tests/unit/storage/driver/object/memory_store.hpp"

#include <fmt/format.h>

using namespace pgbraid;
using namespace pgbraid::restore_test;
using format::block_run;

namespace {

constexpr uint64_t unit = 8192;
constexpr std::string_view older_label = "20261120-000000F";

/// A full backup has files of three blocks each in one bundle, the backup that is restored has the
/// second block of each, in the opposite order.
struct changed_rig : rig {
  size_t gap_bytes = 100; ///< between the files of the full backup
  std::vector<std::string> contents;

  changed_rig() {
    backup.type = format::backup_type::incr;
    backup.label = "20261120-000000F_20261121-000000I";
    backup.prior = std::string(older_label);
    backup.bundle = backup.bundle_raw = backup.block_incremental = true;
    backup.references = {std::string(older_label), backup.label};
  }

  static std::string name_of(size_t i) { return fmt::format("base/5/1{:03}", i); }
  std::string old_path() const { return format::bundle_path("demo", older_label, 7); }

  void fill(size_t count) {
    std::string older;
    std::vector<block_run> runs;
    for (size_t i = 0; i < count; ++i) {
      contents.push_back(content_of(3 * unit, static_cast<char>('A' + i % 26)));
      contents.back()[10] = static_cast<char>(i);
      runs.push_back({.bundle_id = 7,
                      .offset_bytes = older.size(),
                      .stored_bytes = 3 * unit,
                      .plain_bytes = 3 * unit});
      older += contents.back() + std::string(gap_bytes, '#');
    }
    put(old_path(), older);
    std::string own;
    for (size_t i = count; i-- > 0;)
      add_changed(own, i, runs[i]);
    put(own_path(), own);
    plan();
  }

  /// With a gap that is read over and limits of their own.
  void plan_with(plan::batch_limits limits) {
    plan();
    context->reading = limits;
    job.emplace(*context, plan::order_restore(backup, *rules, context->reading, context->same));
  }

  std::string own_path() const { return format::bundle_path("demo", backup.label, 9); }

  /// How many requests a restore from a bucket is, which has the same bundles.
  size_t asked_of_a_bucket(uint64_t read_over_bytes) {
    plan();
    const auto bucket = std::make_shared<test::memory_store>();
    for (const auto& path : {old_path(), own_path()})
      bucket->objects["repo/" + path] = *repository.content(path);
    const auto files = object::make_object_storage(
        bucket, "/repo", {.reading = {.read_over_bytes = read_over_bytes}});
    context.emplace(*files, "demo", backup, backup, *where, *rules, *owners, *tree, delta);
    context->reading = reading_of(*files);
    job.emplace(*context, plan::order_restore(backup, *rules, context->reading, {}));
    const auto done = restore();
    if (!done)
      FAIL(done.failure().text());
    check_restored();
    return bucket->count("read");
  }

  void check_restored() {
    for (size_t i = 0; i < contents.size(); ++i)
      CHECK(root("/new").content(name_of(i)) == contents[i]);
  }

  uint64_t opened() {
    const auto before = repository.used(storage_verb::open_read);
    const auto done = restore();
    if (!done)
      FAIL(done.failure().text());
    check_restored();
    return repository.used(storage_verb::open_read) - before;
  }

private:
  void add_changed(std::string& own, size_t i, block_run old) {
    auto& file = plan_test::add_file(backup, "pg_data/" + name_of(i), 3 * unit);
    file.bundle_id = 9;
    file.bundle_offset_bytes = own.size();
    auto& content = contents[i];
    content[unit + 7] ^= 1;
    const block_run changed{.bundle_id = 9,
                            .offset_bytes = own.size(),
                            .stored_bytes = unit,
                            .plain_bytes = unit,
                            .reference = 1,
                            .first_block = 0,
                            .blocks = 1};
    own += content.substr(unit, unit);
    format::block_map map{
        .shape = {.file_bytes = content.size(), .block_bytes = unit, .reference_count = 2}};
    for (uint32_t at = 0; at < 3; ++at) {
      const auto sum = codec::block_sum_of(as_bytes(content).subspan(at * unit, unit));
      old.first_block = at;
      old.blocks = 1;
      map.append(at == 1 ? changed : old, byte_view(sum).first(6));
    }
    const auto text = render(map);
    own += as_text(text);
    file.checksum = codec::sha1_of(as_bytes(content));
    file.has_checksum = file.has_repo_size = true;
    file.mtime_s = 500;
    file.repo_size_bytes = own.size() - file.bundle_offset_bytes;
    backup.set_rare(file, {.block_map_size_bytes = text.size(), .block_size_bytes = unit});
  }
};

constexpr plan::batch_limits wide{.bytes = 8 << 20, .files = 512, .read_over_bytes = 100};

} // namespace

TEST_CASE("far blocks: what files of a bundle want of an earlier backup is asked for together") {
  changed_rig with;
  with.fill(100);
  with.plan_with(wide);
  CHECK(with.opened() == 2);
  // A gap that is too large to be read along.
  with.plan_with({.bytes = wide.bytes, .files = 512, .read_over_bytes = 99});
  CHECK(with.opened() == 101);
}

TEST_CASE("far blocks: what a bucket is asked for by a restore of bundles") {
  changed_rig with;
  with.fill(460);
  // 11 MB there and 4 MB here, in four batches.
  CHECK(with.asked_of_a_bucket(100) == 4 + 4);
  CHECK(with.asked_of_a_bucket(99) == 4 + 460);
  CHECK(with.asked_of_a_bucket(0) == 4 + 460);
}

TEST_CASE("far blocks: what a batch reads of all backups stays within what it may have") {
  changed_rig with;
  with.gap_bytes = 0;
  with.fill(200);
  // 24 KiB there and an eighth more, 8 KiB and a map here: 56 to 58 files.
  with.plan_with({.bytes = 2 << 20, .files = 512});
  CHECK(with.opened() == 2 * 4);
}

TEST_CASE("far blocks: where requests cost little, each file asks for its own") {
  changed_rig with;
  with.fill(100);
  with.plan_with({.read_over_bytes = 100});
  CHECK(with.opened() == 1 + 100);
}

TEST_CASE("far blocks: damage is told by the file that it concerns, the others are restored") {
  test::hostile("stored files that are damaged or expand", 3);
  for (const bool cut : {true, false}) {
    changed_rig with;
    with.fill(10);
    auto older = *with.repository.content(with.old_path());
    if (cut)
      older.resize(9 * (3 * unit + 100) + 5); // the last one of the full backup
    else
      older[9 * (3 * unit + 100) + 5] ^= 1;
    with.put(with.old_path(), older);
    with.plan_with(wide);
    with.context->may_put_aside = true;
    REQUIRE(with.restore());
    for (size_t i = 0; i < 9; ++i)
      CHECK(with.root("/new").content(changed_rig::name_of(i)) == with.contents[i]);
    REQUIRE(with.job->left().size() == 1);
    CHECK(with.job->left().front().name == "/new/" + changed_rig::name_of(9));
    CHECK(with.job->left().front().why.code == (cut ? errc::format : errc::checksum));
  }
  changed_rig gone;
  gone.fill(10);
  REQUIRE(gone.repository.remove_file(gone.old_path()));
  gone.plan_with(wide);
  gone.context->may_put_aside = true;
  REQUIRE(gone.restore());
  CHECK(gone.job->left().size() == 10);
  CHECK(gone.job->left().front().why.code == errc::file_missing);
}

TEST_CASE("far blocks: one read that fails is made again by each file") {
  changed_rig with;
  with.fill(10);
  with.plan_with(wide);
  with.repository.fail(storage_verb::open_read, with.repository.used(storage_verb::open_read) + 2,
                       {errc::file_read, "it broke"});
  CHECK(with.opened() == 12);
}

TEST_CASE("far blocks: delta asks together for what is not there, and for nothing else") {
  changed_rig with;
  with.fill(10);
  with.delta = true;
  with.plan_with(wide);
  CHECK(with.opened() == 2);
  auto& data = with.root("/new");
  const auto spoil = [&](size_t at, size_t but) {
    for (size_t i = 0; i < 10; ++i) {
      auto content = with.contents[i];
      content[i == but ? unit + 3 : at] ^= 1;
      REQUIRE(write_all(data, changed_rig::name_of(i), content, {.mode = 0640}));
    }
    with.plan_with(wide);
  };
  spoil(unit + 3, 10); // the blocks of the backup itself
  CHECK(with.opened() == 1);
  spoil(3, 10); // those of the full backup
  CHECK(with.opened() == 2);
  spoil(3, 5); // of all but one, which lies between them
  CHECK(with.opened() == 3);
  for (size_t i = 0; i < 10; ++i)
    REQUIRE(data.remove_file(changed_rig::name_of(i)));
  with.plan_with(wide);
  CHECK(with.opened() == 2);
}
