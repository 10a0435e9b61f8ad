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
