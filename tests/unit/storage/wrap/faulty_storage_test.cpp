// Faults as they are planned, on the memory driver.
// SPDX-License-Identifier: MIT
#include "tests/unit/storage/faulty_memory.hpp"
#include "tests/unit/storage/rigs.hpp"

using namespace pgbraid;
using namespace pgbraid::test;

namespace {
const error broken = {errc::file_write, "broken"};
}

TEST_CASE("faulty storage: the n-th use fails, or all from there on") {
  faulty_memory repo;
  repo.fail(storage_verb::write, 2, broken);
  CHECK(write_all(repo, "a", "1"));
  CHECK(write_all(repo, "b", "1").failure().message == "broken");
  CHECK(write_all(repo, "c", "1"));
  repo.fail(storage_verb::publish, 1, broken, true);
  CHECK_FALSE(write_all(repo, "a", "2"));
  CHECK_FALSE(write_all(repo, "d", "2"));
  CHECK(*repo.content("a") == "1");
  CHECK(names_of(repo, "") == std::vector<std::string>{"a", "c"});
  repo.clear_faults();
  CHECK(write_all(repo, "d", "2"));
  CHECK(repo.used(storage_verb::write) == 6);
}

TEST_CASE("faulty storage: every verb can fail") {
  faulty_memory repo;
  REQUIRE(write_all(repo, "f", "1"));
  auto file = repo.open_read("f");
  REQUIRE(file);
  for (const auto verb :
       {storage_verb::info, storage_verb::list, storage_verb::open_read, storage_verb::read,
        storage_verb::open_write, storage_verb::sync, storage_verb::make_path, storage_verb::remove,
        storage_verb::move, storage_verb::link, storage_verb::sync_path,
        storage_verb::set_attributes})
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

TEST_CASE("faulty storage: a torn write leaves its beginning") {
  faulty_memory repo;
  repo.tear_write(2, 3, broken);
  auto file = repo.open_write("f", {.how = publish::in_place});
  REQUIRE(file);
  CHECK((*file)->write(as_bytes("12345")));
  CHECK_FALSE((*file)->write(as_bytes("67890")));
  CHECK_FALSE((*file)->begin_commit());
  CHECK(*repo.content("f") == "12345678");
}

TEST_CASE("faulty storage: a hook sees every use and may change the world") {
  faulty_memory repo;
  REQUIRE(write_all(repo, "f", "123456"));
  auto file = repo.open_read("f");
  REQUIRE(file);
  std::vector<std::string> seen;
  repo.set_hook([&](storage_verb verb, std::string_view path) -> std::optional<error> {
    seen.emplace_back(path);
    if (verb != storage_verb::read)
      return {};
    // The file shrinks while it is read.
    CHECK(write_all(repo, "f", "12", {.how = publish::in_place}));
    return {};
  });
  std::string room(6, ' ');
  CHECK(*(*file)->read(std::as_writable_bytes(std::span(room))) == 2);
  CHECK(seen.front() == "f");
  repo.set_hook([](storage_verb, std::string_view path) -> std::optional<error> {
    return path == "bad" ? std::optional(broken) : std::nullopt;
  });
  CHECK(repo.info("good"));
  CHECK_FALSE(repo.info("bad"));
}

TEST_CASE("faulty storage: of several names those before the fault are done") {
  faulty_memory repo;
  const std::vector<std::string> paths = {"a", "b", "c"};
  repo.fail(storage_verb::make_path, 3, broken);
  CHECK_FALSE(repo.make_many_paths(paths));
  CHECK(names_of(repo, "") == std::vector<std::string>{"a", "b"});
  repo.fail(storage_verb::sync_path, 2, broken);
  CHECK_FALSE(repo.sync_many_paths(paths));
  REQUIRE(write_all(repo, "f", "x"));
  REQUIRE(write_all(repo, "g", "x"));
  repo.fail(storage_verb::remove, 2, broken);
  CHECK_FALSE(repo.remove_files(std::vector<std::string>{"f", "g"}));
  CHECK(names_of(repo, "") == std::vector<std::string>{"a", "b", "g"});
  repo.fail(storage_verb::info, 3, broken);
  CHECK_FALSE(repo.many_infos(paths));
  CHECK(repo.used(storage_verb::info) == 3);
}

TEST_CASE("faulty storage: one plan for several, small files too") {
  const auto plan = std::make_shared<fault_plan>();
  const auto files = std::make_shared<memory_storage>();
  faulty_storage one(files, plan);
  faulty_storage other(files, plan);
  REQUIRE(write_all(one, "f", "1"));
  REQUIRE(write_all(other, "g", "2"));
  plan->fail(storage_verb::read, 2, broken);
  std::vector<small_read> batch = {{.path = "f", .limit_bytes = 9},
                                   {.path = "g", .limit_bytes = 9}};
  other.read_small(batch, nullptr);
  CHECK(as_text(batch[0].content) == "1");
  REQUIRE(batch[1].failure);
  CHECK(batch[1].content.empty());
  plan->fail(storage_verb::list, 2, broken);
  CHECK(one.list(""));
  CHECK_FALSE(other.list(""));
}
