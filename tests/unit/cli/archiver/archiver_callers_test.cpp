// The connections of callers: what they are told, and when they have to go.
// SPDX-License-Identifier: MIT
#include "cli/server/archiver_callers.hpp"
#include "tests/unit/cli/archiver/archiver_rig.hpp"
#include "tests/unit/engine/base/manual_clock.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::cli;
using namespace std::chrono_literals;
using format::archiver_answer;
using format::archiver_request;

namespace {

struct rig : test::archiver_rig {
  manual_clock clock = manual_clock();
  io::unique_fd listener = listen();
  archiver_queue queue = {};
  caller_limits limits = {.connections = 4};
  archiver_callers callers{queue, limits};

  void turn() {
    for (int i = 0; i < 3; ++i)
      callers.look_after(listener.get(), 1ms);
  }
  io::unique_fd enter() {
    auto one = connect();
    turn();
    return one;
  }
};

const std::string question =
    format::render(archiver_request(format::archiver_push{"/pg_wal", "a"}));
const std::string waits = format::render(archiver_answer(format::archiver_wait{}));
const std::string done = format::render(archiver_answer(format::archiver_done{}));

} // namespace

TEST_CASE("archiver callers: a question is handed on, and its answer handed back") {
  rig here;
  const auto one = here.enter();
  test::put_into(one, question);
  here.turn();
  const auto asked = here.queue.next(monotonic::now());
  REQUIRE(asked);
  CHECK(asked->wal == format::archiver_push{"/pg_wal", "a"});
  CHECK(test::take_from(one).bytes.empty());
  here.clock.advance(600ms);
  here.turn();
  CHECK(test::take_from(one).bytes == waits);
  here.queue.answer(asked->caller, format::archiver_done{});
  here.turn();
  CHECK(test::take_from(one).bytes == done);
  CHECK(here.callers.all_told());
}

TEST_CASE("archiver callers: the next question may be there already") {
  rig here;
  const auto one = here.enter();
  test::put_into(one, question + question);
  here.turn();
  for (int i = 0; i < 2; ++i) {
    const auto asked = here.queue.next(monotonic::now());
    REQUIRE(asked);
    CHECK(here.callers.count() == 1);
    here.queue.answer(asked->caller, format::archiver_done{});
    here.turn();
  }
  CHECK(test::take_from(one).bytes == done + done);
}

TEST_CASE("archiver callers: nonsense ends the connection, and no other") {
  rig here;
  const auto good = here.enter();
  const auto bad = here.enter();
  test::put_into(bad, "GET / HTTP/1.0\r\n\r\n");
  here.turn();
  CHECK(test::take_from(bad).gone);
  CHECK_FALSE(test::take_from(good).gone);
  CHECK(here.callers.count() == 1);
}

TEST_CASE("archiver callers: half a message is waited for, not for ever") {
  rig here;
  const auto one = here.enter();
  test::put_into(one, question.substr(0, 9));
  here.turn();
  here.clock.advance(9s);
  here.turn();
  CHECK_FALSE(test::take_from(one).gone);
  test::put_into(one, question.substr(9, 1));
  here.turn();
  here.clock.advance(1s);
  here.turn();
  CHECK(test::take_from(one).gone);
}

TEST_CASE("archiver callers: who asks for nothing goes after ten minutes, who waits does not") {
  rig here;
  const auto idle = here.enter();
  const auto waiting = here.enter();
  test::put_into(waiting, question);
  here.turn();
  here.clock.advance(599s);
  here.turn();
  CHECK_FALSE(test::take_from(idle).gone);
  here.clock.advance(1s);
  here.turn();
  CHECK(test::take_from(idle).gone);
  CHECK_FALSE(test::take_from(waiting).gone);
}

TEST_CASE(
    "archiver callers: one more than there is room for takes the place of who is idle longest") {
  rig here;
  std::vector<io::unique_fd> all;
  for (int i = 0; i < 4; ++i) {
    all.push_back(here.enter());
    here.clock.advance(1s);
  }
  here.turn();
  CHECK(here.callers.count() == 4);
  CHECK_FALSE(test::take_from(all[0]).gone);
  all.push_back(here.enter());
  CHECK(here.callers.count() == 4);
  CHECK(test::take_from(all[0]).gone);
  for (size_t i = 1; i < all.size(); ++i)
    test::put_into(all[i], question);
  here.turn();
  // All of them wait: nobody has to go, and nobody comes in.
  const auto late = here.connect();
  here.turn();
  CHECK(here.callers.count() == 4);
  for (size_t i = 1; i < all.size(); ++i)
    CHECK_FALSE(test::take_from(all[i]).gone);
}

TEST_CASE("archiver callers: who is gone is forgotten") {
  rig here;
  auto one = here.enter();
  test::put_into(one, question);
  here.turn();
  one.reset();
  here.turn();
  CHECK(here.callers.count() == 0);
  CHECK_FALSE(here.queue.next(monotonic::now()));
}
