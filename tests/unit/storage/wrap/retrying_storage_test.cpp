// Trying again, on a memory driver that fails and a clock of the test's.
// SPDX-License-Identifier: MIT
#include "storage/wrap/retrying_storage.hpp"
#include "tests/unit/engine/base/manual_clock.hpp"
#include "tests/unit/storage/faulty_memory.hpp"
#include "tests/unit/storage/rigs.hpp"

using namespace pgbraid;
using namespace pgbraid::test;
using namespace std::chrono_literals;

namespace {

const error passing{.code = errc::file_read, .message = "a moment", .transient = true};
const error lasting{.code = errc::file_read, .message = "for good"};

/// Three further tries, after 100, 200 and 400 ms.
const retry_policy policy{.tries = 3,
                          .pauses = {.first = 100ms, .grows = back_off::growth::doubling}};

struct rig {
  manual_clock clock;
  std::shared_ptr<faulty_memory> files = std::make_shared<faulty_memory>();
  retrying_storage repo{files, policy};

  rig() { REQUIRE(write_all(*files, "p/f", "0123456789")); }
  /// The next `times` uses fail.
  void fail(storage_verb verb, unsigned times, const error& why = passing) {
    for (unsigned i = 1; i <= times; ++i)
      files->fail(verb, i, why);
  }
};

} // namespace

TEST_CASE_FIXTURE(rig, "retrying: what passes is not seen") {
  using enum storage_verb;
  for (const auto verb : {info, list, open_read, open_write, make_path, storage_verb::remove,
                          sync_path, set_attributes, versions, free_bytes})
    fail(verb, 2);
  CHECK(repo.info("p/f")->has_value());
  CHECK(repo.list("p")->value().size() == 1);
  CHECK(*read_all(repo, "p/f", 100) == "0123456789");
  CHECK(write_all(repo, "p/g", "x"));
  CHECK(repo.make_path("q", 0750));
  CHECK(repo.remove_file("p/g"));
  CHECK(repo.sync_path("p"));
  CHECK(repo.set_attributes("p/f", {.mode = 0600}));
  CHECK(repo.versions("p/f")->size() == 1);
  CHECK(repo.free_bytes());
  CHECK(files->used(storage_verb::info) == 3);
  CHECK(clock.passed() == 10 * 300ms); // each of ten verbs failed twice
}

TEST_CASE_FIXTURE(rig, "retrying: what lasts is told at once") {
  fail(storage_verb::info, 1, lasting);
  const auto failed = repo.info("p/f");
  REQUIRE_FALSE(failed);
  CHECK(failed.failure().message == lasting.message);
  CHECK(files->used(storage_verb::info) == 1);
  CHECK(clock.passed() == 0s);
}

TEST_CASE_FIXTURE(rig, "retrying: not for ever") {
  fail(storage_verb::info, 100);
  const auto failed = repo.info("p/f");
  REQUIRE_FALSE(failed);
  CHECK(failed.failure().message == passing.message);
  CHECK(files->used(storage_verb::info) == 4);
}

TEST_CASE_FIXTURE(rig, "retrying: a read goes on where it was") {
  auto file = repo.open_read("p/f", {.offset_bytes = 1, .limit_bytes = 8});
  REQUIRE(file);
  std::string room(3, '\0');
  const auto out = std::as_writable_bytes(std::span(room));
  REQUIRE(*(*file)->read(out) == 3);
  CHECK(room == "123");
  fail(storage_verb::read, 2);
  REQUIRE(*(*file)->read(out) == 3);
  CHECK(room == "456");
  fail(storage_verb::read, 1);
  REQUIRE(*(*file)->read_at(out, 0) == 3);
  CHECK(room == "012");
  REQUIRE(*(*file)->read(out) == 2);
  CHECK(room.substr(0, 2) == "78");
  CHECK(*(*file)->read(out) == 0);
}

TEST_CASE_FIXTURE(rig, "retrying: of small files those that failed are read again") {
  REQUIRE(write_all(*files, "p/g", "g"));
  std::vector<small_read> batch = {{.path = "p/f", .limit_bytes = 100},
                                   {.path = "p/none", .limit_bytes = 100},
                                   {.path = "p/g", .limit_bytes = 100}};
  files->fail(storage_verb::read, 3, passing); // the last one's
  repo.read_small(batch, nullptr);
  CHECK(as_text(batch[0].content) == "0123456789");
  REQUIRE(batch[1].failure);
  CHECK(batch[1].failure->code == errc::file_missing);
  CHECK_FALSE(batch[2].failure);
  CHECK(as_text(batch[2].content) == "g");
  CHECK(files->used(storage_verb::read) == 4);
}

TEST_CASE_FIXTURE(rig, "retrying: what was written is not written again") {
  fail(storage_verb::write, 1);
  CHECK_FALSE(write_all(repo, "p/g", "x"));
  fail(storage_verb::publish, 1);
  CHECK_FALSE(write_all(repo, "p/g", "x"));
  CHECK(names_of(*files, "p") == std::vector<std::string>{"f"});
}

TEST_CASE_FIXTURE(rig, "retrying: a move is repeated while it was not done") {
  fail(storage_verb::move, 2);
  CHECK(repo.move("p/f", "p/g"));
  CHECK(*files->content("p/g") == "0123456789");
  // The answer is lost, not the move.
  files->set_hook([&](storage_verb verb, std::string_view) -> std::optional<error> {
    if (verb != storage_verb::move)
      return {};
    files->set_hook({});
    REQUIRE(files->move("p/g", "p/h"));
    return passing;
  });
  const auto moved = repo.move("p/g", "p/h");
  REQUIRE_FALSE(moved);
  CHECK(moved.failure().message == passing.message);
}

TEST_CASE_FIXTURE(rig, "retrying: links, too") {
  fail(storage_verb::link, 1);
  CHECK(repo.make_symlink("p/l", "f"));
  fail(storage_verb::link, 1);
  CHECK(repo.make_hardlink("p/h", "p/f"));
  fail(storage_verb::link, 1);
  const auto again = repo.make_symlink("p/l", "f"); // it may be another's
  REQUIRE_FALSE(again);
  CHECK(again.failure().message == passing.message);
}
