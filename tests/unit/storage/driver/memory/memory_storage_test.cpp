// What only the memory driver has.
// SPDX-License-Identifier: MIT
#include "storage/driver/memory/memory_storage.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;

TEST_CASE("memory storage: has a size") {
  memory_storage repo;
  repo.set_capacity(10);
  CHECK(**repo.free_bytes() == 10);
  CHECK(write_all(repo, "f", "12345"));
  CHECK(**repo.free_bytes() == 5);
  auto full = write_all(repo, "g", "1234567");
  REQUIRE_FALSE(full);
  CHECK(full.failure().code == errc::file_write);
  CHECK(full.failure().hint.find("2 more bytes") != std::string::npos);
  CHECK(repo.used_bytes() == 5);
  REQUIRE(repo.make_hardlink("h", "f"));
  CHECK(repo.used_bytes() == 5);
}
