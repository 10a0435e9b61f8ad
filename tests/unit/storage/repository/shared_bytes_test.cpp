// Stored bytes of a batch, read together, and batches read ahead.
// SPDX-License-Identifier: MIT
#include "storage/driver/memory/memory_storage.hpp"
#include "storage/driver/object/object_storage.hpp"
#include "storage/repository/batches_ahead.hpp"
#include "storage/repository/shared_bytes.hpp"
#include "tests/unit/storage/driver/object/memory_store.hpp"

#include <doctest/doctest.h>

#include <memory>

using namespace pgbraid;

namespace {

struct bucket {
  std::shared_ptr<test::memory_store> store = std::make_shared<test::memory_store>();
  std::unique_ptr<storage> files = object::make_object_storage(store, "/r", {});
};

std::string content_of(size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i)
    out += static_cast<char>('a' + i * 7 % 26);
  return out;
}

constexpr uint64_t far = uint64_t{1} << 20; // more than is read over

/// A backup with so many bundles, each larger than a batch may be.
struct backup_of_bundles {
  format::manifest of;
  std::vector<plan::restore_batch> batches;

  explicit backup_of_bundles(size_t count) {
    of.label = "20261121-231250F";
    of.references = {of.label};
    of.bundle = true;
    for (size_t i = 0; i < count; ++i) {
      format::manifest_file file{.name = of.keep("pg_data/f" + std::to_string(i)),
                                 .size_bytes = 10};
      file.bundle_id = static_cast<uint32_t>(i + 1);
      of.files.push_back(file);
    }
    for (const auto& file : of.files)
      batches.push_back({plan::batch_kind::bundle, {&file}});
  }
};

} // namespace

TEST_CASE("shared bytes: members here and there are asked for at once, and are what they were") {
  const auto content = content_of(5 * far);
  const std::vector<plan::bundle_member> members = {
      {0, 10}, {10, 20}, {2 * far, 5}, {2 * far + 100, 7}, {4 * far, 9}};
  bucket in;
  in.store->objects["r/b"] = content;
  const auto far_away = read_members_together(*in.files, "b", members);
  CHECK(in.store->asked_for->now == 0);
  far_away->begin();
  CHECK(in.store->asked_for->now == 3);
  CHECK(far_away->most_bytes() == 30 + 107 + 9);
  memory_storage here;
  REQUIRE(write_all(here, "b", content));
  const auto near = read_members_together(here, "b", members);
  near->begin();
  for (const size_t i : {4, 0, 1, 3, 2})
    for (const auto& of : {far_away, near}) {
      const auto got = of->bytes_of(i, nullptr);
      REQUIRE(got);
      CHECK(as_text(*got) == content.substr(members[i].offset_bytes, members[i].length_bytes));
    }
  CHECK(in.store->count("read") == 3);
}

TEST_CASE("shared bytes: a bundle that ends too early gives what it has") {
  bucket in;
  in.store->objects["r/b"] = content_of(15);
  const auto read = read_members_together(*in.files, "b", {{0, 10}, {10, 10}, {4 * far, 10}});
  CHECK(read->bytes_of(0, nullptr)->size() == 10);
  CHECK(read->bytes_of(1, nullptr)->size() == 5);
  CHECK(read->bytes_of(2, nullptr)->empty());
  const auto none = read_members_together(*in.files, "c", {{0, 10}, {4 * far, 10}});
  const auto got = none->bytes_of(1, nullptr);
  REQUIRE_FALSE(got);
  CHECK(got.failure().code == errc::file_missing);
}

TEST_CASE("shared bytes: the next batches are under way while one is worked on") {
  const backup_of_bundles backup(6);
  bucket in;
  for (int i = 1; i <= 6; ++i)
    in.store->objects["r/backup/demo/20261121-231250F/bundle/" + std::to_string(i)] = "0123456789";
  batches_ahead reading(*in.files, "demo", backup.of, backup.batches);
  for (size_t i = 0; i < 6; ++i) {
    const auto batch = reading.next();
    CHECK(in.store->asked_for->now == std::min<size_t>(4, 6 - i));
    CHECK(as_text(*batch->bytes_of(0, nullptr)) == "0123456789");
  }
  CHECK(in.store->count("read") == 6);
  const auto limits = reading_of(*in.files);
  CHECK(batches_ahead::memory_bytes(*in.files, limits) == 3 * limits.bytes);
}

TEST_CASE("shared bytes: a storage that does not read ahead is asked when the turn comes") {
  const backup_of_bundles backup(3);
  memory_storage files;
  batches_ahead reading(files, "demo", backup.of, backup.batches);
  const auto batch = reading.next();
  CHECK(batch->bytes_of(0, nullptr).failure().code == errc::file_missing);
  REQUIRE(write_all(files, "backup/demo/20261121-231250F/bundle/2", "0123456789"));
  CHECK(as_text(*reading.next()->bytes_of(0, nullptr)) == "0123456789");
  CHECK(batches_ahead::memory_bytes(files, reading_of(files)) == 0);
}
