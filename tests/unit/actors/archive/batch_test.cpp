// Many segments in one go, between memory and memory.
// SPDX-License-Identifier: MIT
#include "actors/archive/get.hpp"
#include "actors/archive/get_batch.hpp"
#include "actors/archive/push_batch.hpp"
#include "engine/base/stop_signal.hpp"
#include "tests/unit/actors/archive/archive_rig.hpp"
#include "tests/unit/engine/base/asides.hpp"
#include "tests/unit/engine/io/scratch.hpp"
#include "tests/unit/quiet.hpp"

#include <algorithm>
#include <map>
#include <mutex>

using namespace pgbraid;
using namespace pgbraid::test;

namespace {

std::string segment(size_t number) {
  return "0000000100000000000000" + std::string(1, "0123456789ABCDEF"[number / 16]) +
         "0123456789ABCDEF"[number % 16];
}

std::string content_of(size_t number) {
  return rig_content(static_cast<char>('a' + number));
}

struct batch_rig : archive_rig {
  quiet no_lines = {};
  std::vector<std::string> names = {};
  std::mutex mutex = {};
  std::map<std::string, result<void>> told = {};
  std::map<std::string, std::string> warnings = {};
  push_batch_request batch = {.each = {.wal = {.directory = "/pg/pg_wal", .name = {}}},
                              .batch_bytes = uint64_t{1} << 30,
                              .process_max = 4};

  explicit batch_rig(size_t repositories = 1, size_t segments = 10) : archive_rig(repositories) {
    for (size_t i = 0; i < segments; ++i) {
      names.push_back(segment(i));
      write(wal, names.back(), content_of(i));
    }
    batch.due = names;
    batch.waiting = names.size();
  }
  ~batch_rig() { test::join_all_asides(); }

  result<void> push_all() {
    told.clear();
    return push_batch(batch, ends(), [this](const pushed_wal& file) -> result<void> {
      const std::lock_guard held(mutex);
      told.insert_or_assign(file.name, file.outcome);
      warnings[file.name] = file.warnings;
      return success();
    });
  }
  bool is_stored(size_t repository, size_t number) {
    return stored(repository, segment(number)) ==
           std::vector{path_of(content_of(number), segment(number))};
  }
  size_t stored_count(size_t repository) {
    size_t count = 0;
    for (size_t i = 0; i < names.size(); ++i)
      count += is_stored(repository, i);
    return count;
  }
};

} // namespace

TEST_CASE("push batch: every file is in every repository when it is told") {
  batch_rig rig(2);
  REQUIRE(rig.push_all());
  CHECK(rig.told.size() == rig.names.size());
  for (size_t i = 0; i < rig.names.size(); ++i) {
    CHECK(static_cast<bool>(rig.told.at(rig.names[i])));
    CHECK(rig.is_stored(0, i));
    CHECK(rig.is_stored(1, i));
  }
}

TEST_CASE("push batch: each repository is opened once") {
  batch_rig rig;
  int opened = 0;
  auto doors = rig.doors();
  doors[0].open = [&opened, open = doors[0].open] {
    ++opened;
    return open();
  };
  REQUIRE(push_batch(rig.batch, {.wal = rig.wal_files, .pgdata = rig.pgdata_files, .to = doors},
                     [](const pushed_wal&) { return success(); }));
  CHECK(opened == 1);
  CHECK(rig.stored_count(0) == rig.names.size());
}

TEST_CASE(
    "push batch: after an error nothing more is begun, and the good repository has what was") {
  batch_rig rig(2);
  rig.places[1]->refusals = 1;
  rig.batch.process_max = 1;
  REQUIRE(rig.push_all());
  CHECK(rig.told.size() == 1);
  REQUIRE_FALSE(rig.told.at(rig.names[0]));
  CHECK(rig.told.at(rig.names[0]).failure().code == errc::command);
  CHECK(rig.stored_count(0) == 1);
  CHECK(rig.stored_count(1) == 0);
  REQUIRE(rig.push_all());
  CHECK(rig.told.size() == rig.names.size());
  CHECK(rig.warnings.at(rig.names[0]).find("already exists in the repo1") != std::string::npos);
  CHECK(rig.stored_count(1) == rig.names.size());
}

TEST_CASE("push batch: where no repository is valid nothing is told of single files") {
  batch_rig rig;
  rig.places[0]->refusals = 1;
  const auto done = rig.push_all();
  REQUIRE_FALSE(done);
  CHECK(done.failure().code == errc::repo_invalid);
  CHECK(rig.told.empty());
}

TEST_CASE("push batch: a batch takes what fits, one at least") {
  batch_rig rig;
  rig.batch.batch_bytes = 3 * rig_segment_bytes;
  REQUIRE(rig.push_all());
  CHECK(rig.told.size() == 3);
  rig.batch.batch_bytes = 1;
  REQUIRE(rig.push_all());
  CHECK(rig.told.size() == 1);
}

TEST_CASE("push batch: too much WAL is given up, and nothing is stored") {
  batch_rig rig;
  rig.batch.each.queue_max = 9 * rig_segment_bytes;
  REQUIRE(rig.push_all());
  CHECK(rig.told.size() == rig.names.size());
  CHECK(rig.warnings.at(rig.names[3]) ==
        "dropped WAL file '" + rig.names[3] + "' because archive queue exceeded 9MB");
  CHECK(rig.stored_count(0) == 0);
  rig.batch.each.queue_max = 10 * rig_segment_bytes;
  REQUIRE(rig.push_all());
  CHECK(rig.stored_count(0) == rig.names.size());
}

TEST_CASE("push batch: who cannot be told ends it") {
  batch_rig rig;
  rig.batch.process_max = 1;
  int calls = 0;
  const auto done = push_batch(rig.batch, rig.ends(), [&](const pushed_wal&) -> result<void> {
    ++calls;
    return error{errc::file_write, "there is no room"};
  });
  REQUIRE_FALSE(done);
  CHECK(done.failure().code == errc::file_write);
  CHECK(calls == 1);
}

TEST_CASE("push batch: a signal ends it, and what is not durable is not told") {
  batch_rig rig;
  rig.batch.process_max = 1;
  stop_signal = 15;
  const auto done = rig.push_all();
  stop_signal = 0;
  REQUIRE_FALSE(done);
  CHECK(done.failure().code == errc::term);
  CHECK(rig.told.empty());
}

namespace {

struct fetch_rig : batch_rig {
  scratch queue = {};
  std::map<std::string, errc> failed = {};

  fetch_rig(size_t repositories, size_t segments) : batch_rig(repositories, segments) {
    REQUIRE(push_all());
  }
  result<std::optional<std::string>> fetch(size_t from, size_t count, size_t workers = 3) {
    failed.clear();
    std::vector<std::string> asked;
    for (size_t i = 0; i < count; ++i)
      asked.push_back(segment(from + i));
    const auto control = recovering_cluster(pgdata);
    REQUIRE(control);
    return get_batch({.names = asked,
                      .directory = queue.text(),
                      .process_max = workers,
                      .answer_limit = std::chrono::milliseconds(200)},
                     {.pgdata = pgdata, .control = *control, .from = doors()},
                     [this](const std::string& name, const error& why) {
                       const std::lock_guard held(mutex);
                       failed.emplace(name, why.code);
                       return success();
                     });
  }
  bool has(size_t number) const { return get(queue / segment(number)) == content_of(number); }
};

} // namespace

TEST_CASE("get batch: all that is wanted, whole, up to the first that is not there") {
  fetch_rig rig(2, 6);
  const auto all = rig.fetch(0, 6);
  REQUIRE(all);
  CHECK_FALSE(all->has_value());
  CHECK(rig.queue.names() == rig.names);
  for (size_t i = 0; i < 6; ++i)
    CHECK(rig.has(i));
  const auto missing = rig.fetch(4, 10);
  REQUIRE(missing);
  CHECK(*missing == segment(6));
  CHECK(rig.queue.names() == rig.names);
  CHECK(rig.failed.empty());
}

TEST_CASE("get batch: a repository that fails is left aside while others have what is wanted") {
  fetch_rig rig(2, 6);
  rig.places[0]->refusals = 1000;
  REQUIRE(rig.fetch(0, 6, 1));
  CHECK(rig.queue.names() == rig.names);
  CHECK(rig.places[0]->refusals == 999);
  // Where the others have nothing it is asked again, since nobody may say that WAL ends.
  const auto end = rig.fetch(6, 2, 1);
  REQUIRE(end);
  CHECK_FALSE(end->has_value());
  CHECK(rig.failed == std::map<std::string, errc>{{segment(6), errc::repo_invalid}});
}

TEST_CASE("get batch: a segment that nobody has undamaged ends it with an error for that one") {
  fetch_rig rig(1, 6);
  archive_rig::write(*rig.places[0]->files, rig.stored(0, segment(2)).front(), rig_content('?'));
  const auto done = rig.fetch(0, 6, 1);
  REQUIRE(done);
  CHECK_FALSE(done->has_value());
  CHECK(rig.failed == std::map<std::string, errc>{{segment(2), errc::file_read}});
  CHECK(rig.queue.names() == std::vector{segment(0), segment(1)});
}

TEST_CASE("get batch: a damaged segment is taken from another repository") {
  fetch_rig rig(2, 4);
  archive_rig::write(*rig.places[0]->files, rig.stored(0, segment(1)).front(), rig_content('?'));
  REQUIRE(rig.fetch(0, 4));
  CHECK(rig.has(1));
  CHECK(rig.queue.names() == rig.names);
}
