// Many segments in one go, between memory and memory.
// SPDX-License-Identifier: MIT
#include "actors/archive/get.hpp"
#include "actors/archive/get_batch.hpp"
#include "actors/archive/push_batch.hpp"
#include "engine/base/stop_signal.hpp"
#include "tests/unit/actors/archive/archive_rig.hpp"
#include "tests/unit/engine/base/asides.hpp"
#include "tests/unit/engine/base/manual_clock.hpp"
#include "tests/unit/engine/io/scratch.hpp"
#include "tests/unit/quiet.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <thread>

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
  std::vector<unsigned> aside = {};    ///< from the start
  std::vector<unsigned> troubled = {}; ///< those that were told

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
                      .answer_limit = std::chrono::milliseconds(200),
                      .aside = aside},
                     {.pgdata = pgdata,
                      .control = *control,
                      .from = doors(),
                      .troubled = [this](unsigned key) { troubled.push_back(key); }},
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

TEST_CASE(
    "get batch: who is left aside is told, and is not asked by the next one that hears of it") {
  fetch_rig rig(2, 6);
  rig.places[0]->refusals = 1000;
  REQUIRE(rig.fetch(0, 3));
  CHECK(rig.troubled == std::vector{1U});
  const auto refusals = rig.places[0]->refusals;
  rig.aside = {1};
  REQUIRE(rig.fetch(3, 3));
  CHECK(rig.queue.names() == rig.names);
  CHECK(rig.places[0]->refusals == refusals);
  CHECK(rig.troubled == std::vector{1U});
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

namespace {

/// A repository that hangs when the n-th file gets its name, until somebody lets it go.
struct hanging_rig : batch_rig {
  manual_clock clock;
  std::promise<void> end = {};
  std::atomic<bool> hangs = false;

  explicit hanging_rig(uint64_t nth) {
    const auto ended = end.get_future().share();
    places[0]->files->set_hook(
        [this, ended, nth, seen = std::make_shared<std::atomic<uint64_t>>(0)](storage_verb verb,
                                                                              std::string_view) {
          if (verb == storage_verb::publish && ++*seen == nth) {
            hangs = true;
            ended.wait();
          }
          return std::optional<error>();
        });
    batch.process_max = 1;
    batch.look = [this]() -> result<waiting_wal> {
      waiting_wal out;
      const std::lock_guard held(mutex);
      for (const auto& name : names)
        if (!told.contains(name))
          out.unanswered.push_back(name);
      out.all = names.size();
      return out;
    };
  }
  size_t told_count() {
    const std::lock_guard held(mutex);
    return told.size();
  }
  /// Lets time pass until so many files are told.
  void pass_until(size_t count) {
    while (told_count() < count) {
      clock.advance(std::chrono::milliseconds(100));
      std::this_thread::yield();
    }
  }
};

} // namespace

TEST_CASE("push batch: more than the queue may hold is given up while a repository hangs") {
  hanging_rig rig(4);
  rig.batch.each.queue_max = 10 * rig_segment_bytes;
  result<void> done = success();
  std::thread work([&] { done = rig.push_all(); });
  while (!rig.hangs)
    std::this_thread::yield();
  CHECK(rig.told_count() == 3);
  // PostgreSQL goes on writing.
  for (size_t i = 10; i < 12; ++i) {
    rig.write(rig.wal, segment(i), content_of(i));
    const std::lock_guard held(rig.mutex);
    rig.names.push_back(segment(i));
  }
  rig.pass_until(12);
  for (size_t i = 3; i < 12; ++i) {
    const std::lock_guard held(rig.mutex);
    CHECK(rig.warnings.at(segment(i)).find("because archive queue exceeded 10MB") !=
          std::string::npos);
  }
  // What comes later, too, although nobody begins another batch.
  {
    const std::lock_guard held(rig.mutex);
    rig.names.push_back(segment(12));
  }
  rig.pass_until(13);
  rig.end.set_value();
  work.join();
  CHECK(done);
  // Nothing was begun after that.
  CHECK(rig.is_stored(0, 3));
  CHECK_FALSE(rig.is_stored(0, 4));
}

TEST_CASE("push batch: within the limit nothing is given up, however long it hangs") {
  hanging_rig rig(4);
  rig.batch.each.queue_max = 11 * rig_segment_bytes;
  result<void> done = success();
  std::thread work([&] { done = rig.push_all(); });
  while (!rig.hangs)
    std::this_thread::yield();
  for (int i = 0; i < 200; ++i) {
    rig.clock.advance(std::chrono::seconds(1));
    std::this_thread::yield();
  }
  CHECK(rig.told_count() == 3);
  rig.end.set_value();
  work.join();
  CHECK(done);
  CHECK(rig.stored_count(0) == 10);
}

TEST_CASE("push watch: a stall is told once, and once more after something got on") {
  manual_clock clock;
  std::atomic<int> told = 0;
  std::atomic<int> looks = 0;
  push_watch watch(
      {.look = [&] { ++looks; }, .tell_stall = [&] { ++told; }, .stall = std::chrono::seconds(60)});
  const auto pass = [&](int seconds) {
    for (int i = 0; i < seconds; ++i) {
      const int before = looks;
      while (looks == before) {
        clock.advance(std::chrono::milliseconds(500));
        std::this_thread::yield();
      }
    }
  };
  pass(61);
  const int once = told;
  CHECK(once == 1);
  pass(100);
  CHECK(told == 1);
  watch.progressed();
  pass(200);
  CHECK(told == 2);
}
