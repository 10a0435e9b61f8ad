// The faults that the memory driver can be given.
// SPDX-License-Identifier: MIT
#include "tests/unit/storage/rigs.hpp"

using namespace pgbraid;
using namespace pgbraid::test;

namespace {
const error broken = {errc::file_write, "broken"};
}

TEST_CASE("memory storage: the n-th use fails, or all from there on") {
  memory_storage repo;
  repo.fail(memory_verb::write, 2, broken);
  CHECK(write_all(repo, "a", "1"));
  CHECK(write_all(repo, "b", "1").failure().message == "broken");
  CHECK(write_all(repo, "c", "1"));
  repo.fail(memory_verb::publish, 1, broken, true);
  CHECK_FALSE(write_all(repo, "a", "2"));
  CHECK_FALSE(write_all(repo, "d", "2"));
  CHECK(*repo.content("a") == "1");
  CHECK(names_of(repo, "") == std::vector<std::string>{"a", "c"});
  repo.clear_faults();
  CHECK(write_all(repo, "d", "2"));
  CHECK(repo.used(memory_verb::write) == 6);
}

TEST_CASE("memory storage: every verb can fail") {
  memory_storage repo;
  REQUIRE(write_all(repo, "f", "1"));
  auto file = repo.open_read("f");
  REQUIRE(file);
  for (const auto verb :
       {memory_verb::info, memory_verb::list, memory_verb::open_read, memory_verb::read,
        memory_verb::open_write, memory_verb::sync, memory_verb::make_path, memory_verb::remove,
        memory_verb::move, memory_verb::link, memory_verb::sync_path, memory_verb::set_attributes})
    repo.fail(verb, 1, broken, true);
  std::string room(1, ' ');
  CHECK_FALSE((*file)->read(std::as_writable_bytes(std::span(room))));
  CHECK_FALSE(repo.info("f"));
  CHECK_FALSE(repo.list(""));
  CHECK_FALSE(repo.open_read("f"));
  CHECK_FALSE(repo.open_write("f"));
  CHECK_FALSE(repo.make_path("p"));
  CHECK_FALSE(repo.remove_file("f"));
  CHECK_FALSE(repo.remove_tree("f"));
  CHECK_FALSE(repo.move("f", "g"));
  CHECK_FALSE(repo.make_symlink("l", "f"));
  CHECK_FALSE(repo.make_hardlink("l", "f"));
  CHECK_FALSE(repo.sync_path(""));
  CHECK_FALSE(repo.set_attributes("f", {}));
  CHECK(*repo.content("f") == "1");
}

TEST_CASE("memory storage: a torn write leaves its beginning") {
  memory_storage repo;
  repo.tear_write(2, 3, broken);
  auto file = repo.open_write("f", {.how = publish::in_place});
  REQUIRE(file);
  CHECK((*file)->write(as_bytes("12345")));
  CHECK_FALSE((*file)->write(as_bytes("67890")));
  CHECK_FALSE((*file)->begin_commit());
  CHECK(*repo.content("f") == "12345678");
}

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

TEST_CASE("memory storage: a hook sees every use and may change the world") {
  memory_storage repo;
  REQUIRE(write_all(repo, "f", "123456"));
  auto file = repo.open_read("f");
  REQUIRE(file);
  std::vector<std::string> seen;
  repo.set_hook([&](memory_verb verb, std::string_view path) -> std::optional<error> {
    seen.emplace_back(path);
    if (verb != memory_verb::read)
      return {};
    // The file shrinks while it is read.
    CHECK(write_all(repo, "f", "12", {.how = publish::in_place}));
    return {};
  });
  std::string room(6, ' ');
  CHECK(*(*file)->read(std::as_writable_bytes(std::span(room))) == 2);
  CHECK(seen.front() == "f");
  repo.set_hook([](memory_verb, std::string_view path) -> std::optional<error> {
    return path == "bad" ? std::optional(broken) : std::nullopt;
  });
  CHECK(repo.info("good"));
  CHECK_FALSE(repo.info("bad"));
}
