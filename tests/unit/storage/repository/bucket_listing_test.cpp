// Backups in a bucket, as its lists tell of them.
// SPDX-License-Identifier: MIT
#include "storage/driver/object/object_storage.hpp"
#include "storage/repository/repository.hpp"
#include "tests/unit/storage/driver/object/memory_store.hpp"

#include <doctest/doctest.h>

#include <memory>

using namespace pgbraid;

TEST_CASE("bucket listing: paths of which only removed versions are left are no backups") {
  const auto store = std::make_shared<test::memory_store>();
  const auto files = object::make_object_storage(store, "/", {});
  repository repo(*files, {.key = 1, .stanza = "demo"});
  store->objects["backup/demo/20261121-231250F/pg_data/PG_VERSION.gz"] = "x";
  store->phantoms = {"backup/demo/20261121-231250F/", "backup/demo/20261122-231250F/"};
  const auto found = repo.list_backups();
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  CHECK(found->front().label == "20261121-231250F"); // somebody may be making it
  CHECK(repo.known_labels(*found)->size() == 1);
}

TEST_CASE("bucket listing: one segment is looked for, not all of its directory") {
  const auto store = std::make_shared<test::memory_store>();
  const auto files = object::make_object_storage(store, "/", {});
  repository repo(*files, {.key = 1, .stanza = "demo"});
  const std::string directory = "archive/demo/15-1/0000000100000000/";
  const std::string sum(40, 'a');
  for (const auto* name : {"000000010000000000000001", "000000010000000000000002"})
    store->objects[directory + name + "-" + sum + ".gz"] = "x";
  store->objects[directory + "000000010000000000000002.partial-" + sum] = "x";
  const auto found = repo.find_wal("15-1", "000000010000000000000002");
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  CHECK(found->front().entry.compress == compress_type::gz);
  CHECK(repo.find_wal("15-1", "000000010000000000000002.partial")->size() == 1);
  CHECK(repo.find_wal("15-1", "000000010000000000000003")->empty());
  CHECK(repo.find_wal("15-2", "000000010000000000000001")->empty());
  CHECK(store->calls.front() == "list " + directory + "000000010000000000000002");
}
