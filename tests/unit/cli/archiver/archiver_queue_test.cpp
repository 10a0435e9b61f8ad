// What callers of the resident archiver wait for: who is answered what, and when.
// SPDX-License-Identifier: MIT
#include "cli/server/archiver_queue.hpp"

#include <doctest/doctest.h>
#include <poll.h>

#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::cli;
using format::archiver_answer;
using format::archiver_done;
using format::archiver_elsewhere;

namespace {

using answers = std::vector<std::pair<uint64_t, archiver_answer>>;

asked_wal asked(uint64_t caller, const std::string& name) {
  return {.caller = caller, .wal = {"/pg_wal", name}};
}

bool is_readable(const archiver_queue& queue) {
  pollfd one = {queue.answers_descriptor(), POLLIN, 0};
  return ::poll(&one, 1, 0) == 1;
}

std::optional<asked_wal> next_now(archiver_queue& queue) {
  return queue.next(monotonic::now());
}

} // namespace

TEST_CASE("archiver queue: in the order in which they came, each answered once") {
  archiver_queue queue;
  queue.add(asked(1, "a"));
  queue.add(asked(2, "b"));
  CHECK_FALSE(is_readable(queue));
  CHECK_FALSE(queue.is_working());
  CHECK(next_now(queue)->caller == 1);
  CHECK(queue.is_working());
  CHECK(next_now(queue)->caller == 1);
  queue.answer(1, archiver_done{});
  queue.answer(1, archiver_done{104, "again"});
  CHECK(is_readable(queue));
  CHECK(queue.take_answers() == answers{{1, archiver_done{}}});
  CHECK_FALSE(is_readable(queue));
  CHECK(next_now(queue)->caller == 2);
  queue.answer(2, archiver_done{});
  CHECK_FALSE(next_now(queue));
  CHECK_FALSE(queue.is_working());
}

TEST_CASE(
    "archiver queue: whoever waits for a file is told, and who comes while the batch goes on") {
  archiver_queue queue;
  queue.add(asked(1, "a"));
  queue.add(asked(2, "b"));
  queue.add(asked(3, "a"));
  queue.tell_stored("a", archiver_done{0, "a note"});
  CHECK(queue.take_answers() ==
        answers{{1, archiver_done{0, "a note"}}, {3, archiver_done{0, "a note"}}});
  queue.add(asked(4, "a"));
  CHECK(queue.take_answers() == answers{{4, archiver_done{0, "a note"}}});
  queue.end_round();
  queue.add(asked(5, "a"));
  CHECK(queue.take_answers().empty());
  CHECK(next_now(queue)->caller == 2);
}

TEST_CASE("archiver queue: what failed is not told to who comes later") {
  archiver_queue queue;
  queue.add(asked(1, "a"));
  queue.tell("a", archiver_done{104, "down"});
  CHECK(queue.take_answers() == answers{{1, archiver_done{104, "down"}}});
  queue.add(asked(2, "a"));
  CHECK(queue.take_answers().empty());
}

TEST_CASE("archiver queue: who is gone is not worked for and not answered") {
  archiver_queue queue;
  queue.add(asked(1, "a"));
  queue.add(asked(2, "b"));
  queue.forget(1);
  CHECK(next_now(queue)->caller == 2);
  queue.answer(2, archiver_done{});
  queue.forget(2);
  CHECK(queue.take_answers().empty());
}

TEST_CASE("archiver queue: once closed, only who is worked for waits") {
  archiver_queue queue;
  queue.add(asked(1, "a"));
  queue.add(asked(2, "b"));
  CHECK(next_now(queue)->caller == 1);
  queue.close("ends");
  CHECK(queue.is_closed());
  CHECK(queue.take_answers() == answers{{2, archiver_elsewhere{"ends"}}});
  queue.add(asked(3, "c"));
  CHECK(queue.take_answers() == answers{{3, archiver_elsewhere{"ends"}}});
  queue.answer(1, archiver_done{});
  CHECK(queue.take_answers() == answers{{1, archiver_done{}}});
  CHECK(queue.is_working());
  CHECK_FALSE(queue.next(monotonic::now() + std::chrono::hours(1)));
  CHECK_FALSE(queue.is_working());
}

TEST_CASE("archiver queue: two threads, and no answer is lost") {
  archiver_queue queue;
  constexpr uint64_t count = 2000;
  std::jthread worker([&] {
    while (const auto one = queue.next(monotonic::now() + std::chrono::seconds(30)))
      queue.answer(one->caller, archiver_done{0, one->wal.name});
  });
  std::map<uint64_t, archiver_answer> got;
  for (uint64_t i = 1; i <= count; ++i) {
    queue.add(asked(i, std::to_string(i)));
    for (auto& [caller, answer] : queue.take_answers())
      CHECK(got.emplace(caller, answer).second);
  }
  const auto until = monotonic::now() + std::chrono::seconds(30);
  while (got.size() < count && monotonic::now() < until)
    for (auto& [caller, answer] : queue.take_answers())
      CHECK(got.emplace(caller, answer).second);
  queue.close("over");
  CHECK(got.size() == count);
  CHECK(got.at(7) == archiver_answer(archiver_done{0, "7"}));
}
