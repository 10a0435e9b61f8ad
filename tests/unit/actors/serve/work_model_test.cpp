// Many requests of all weights in one pool: each is answered once, and the budget is kept.
// SPDX-License-Identifier: MIT
#include "actors/serve/work_pool.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>
#include <utility>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::serve;

namespace {

/// What happened to all requests of a test.
struct account {
  struct one {
    size_t weight_bytes = 0;
    int steps_left = 1;
    std::atomic<bool> ready = true;
    std::atomic<bool> given_up = false;
    std::atomic<int> finished = 0;
    std::atomic<int> abandoned = 0;
    std::atomic<int> inside = 0; ///< threads in its step
    std::atomic<bool> begun = false;
    std::atomic<bool> closed = false;
    bool with_memory = false; ///< when it began
  };
  std::vector<std::unique_ptr<one>> all;
  std::atomic<size_t> weight_now_bytes = 0;
  std::atomic<size_t> weight_most_bytes = 0;
  std::atomic<int> stepping = 0;
  std::atomic<int> stepping_most = 0;
  std::atomic<bool> stepped_twice = false;
  std::mutex mutex;
  std::condition_variable changed;
  size_t ended = 0;

  one& add(size_t weight_bytes, int steps) {
    auto& made = *all.emplace_back(std::make_unique<one>());
    made.weight_bytes = weight_bytes;
    made.steps_left = steps;
    return made;
  }
  void end() {
    const std::lock_guard held(mutex);
    ++ended;
    changed.notify_all();
  }
  bool wait_for(size_t count) {
    std::unique_lock held(mutex);
    return changed.wait_for(held, std::chrono::seconds(60), [&] { return ended >= count; });
  }
};

void raise(std::atomic<size_t>& to, size_t value) {
  for (size_t old = to; old < value && !to.compare_exchange_weak(old, value);) {
  }
}

class counted final : public work {
public:
  counted(account& in, account::one& me) : in_(in), me_(me) {}
  ~counted() override {
    if (me_.with_memory)
      in_.weight_now_bytes -= me_.weight_bytes;
    lease_.reset();
    me_.closed = true;
    in_.end();
  }
  bool ready() const override { return me_.ready || me_.given_up; }
  bool cancelled() const override { return me_.given_up; }
  size_t weight_bytes() const override { return me_.weight_bytes; }
  void keep(std::shared_ptr<void> lease) override {
    lease_ = std::move(lease);
    me_.with_memory = true;
    raise(in_.weight_most_bytes, in_.weight_now_bytes += me_.weight_bytes);
  }
  bool step(byte_span room) override {
    const int now = ++in_.stepping;
    for (int old = in_.stepping_most;
         old < now && !in_.stepping_most.compare_exchange_weak(old, now);) {
    }
    in_.stepped_twice = in_.stepped_twice || ++me_.inside > 1;
    me_.begun = true;
    room.front() = room.back() = std::byte{0x5a}; // it is the thread's own
    const bool more = !me_.given_up && --me_.steps_left > 0;
    me_.finished += more ? 0 : 1;
    --me_.inside;
    --in_.stepping;
    return more;
  }
  void abandon(const error&) override { ++me_.abandoned; }

private:
  account& in_;
  account::one& me_;
  std::shared_ptr<void> lease_ = {};
};

} // namespace

TEST_CASE("work pool: of many requests each is answered once, within the budget") {
  for (unsigned seed = 1; seed <= 3; ++seed) {
    std::mt19937 random(seed);
    const auto budget = std::make_shared<memory_budget>();
    account with;
    constexpr size_t requests = 150;
    {
      work_pool pool(budget);
      for (size_t i = 0; i < requests; ++i) {
        const size_t weight = random() % 3 == 0 ? random() % work_pool::light_bytes
                                                : random() % memory_budget::largest_request_bytes;
        auto& one = with.add(weight, 1 + static_cast<int>(random() % 5));
        one.given_up = random() % 10 == 0;
        pool.add(std::make_unique<counted>(with, one));
        if (random() % 4 == 0)
          pool.look();
      }
      // What ends makes room; somebody looks then, as the link does.
      for (size_t done = 1; done <= requests; ++done) {
        REQUIRE(with.wait_for(done));
        pool.look();
      }
    }
    for (const auto& one : with.all) {
      CHECK(one->finished == 1);
      CHECK(one->abandoned == 0);
      // What is light waits for nobody; what is heavy has its memory before it begins.
      if (one->weight_bytes <= work_pool::light_bytes)
        CHECK_FALSE(one->with_memory);
      else if (!one->given_up)
        CHECK(one->with_memory);
    }
    CHECK_FALSE(with.stepped_twice);
    CHECK(with.stepping_most <= static_cast<int>(work_pool::threads_max));
    CHECK(with.weight_most_bytes <= memory_budget::limit_bytes);
    CHECK(budget->for_request(memory_budget::limit_bytes)); // all came back
  }
}

TEST_CASE("work pool: at its end whatever is left is abandoned once") {
  for (const bool heavy_first : {false, true}) {
    const auto budget = std::make_shared<memory_budget>();
    account with;
    auto& endless = with.add(1, 1);
    endless.ready = false; // waits for the other end
    auto& queued = with.add(memory_budget::largest_request_bytes, 1);
    auto& after = with.add(1, 1);
    auto& gone = with.add(1, 1);
    gone.ready = false;
    auto taken = budget->for_request(memory_budget::limit_bytes); // no room for the heavy one
    work_pool pool(budget);
    if (heavy_first)
      pool.add(std::make_unique<counted>(with, queued));
    // It gets its first step at once, and waits then.
    endless.steps_left = 2;
    pool.add(std::make_unique<counted>(with, endless));
    if (!heavy_first)
      pool.add(std::make_unique<counted>(with, queued));
    while (!endless.begun)
      std::this_thread::yield();
    pool.end({errc::protocol, "the link broke"});
    CHECK(queued.abandoned == 1);
    CHECK_FALSE(queued.begun);
    CHECK(queued.closed);
    CHECK(endless.abandoned == 1);
    CHECK(endless.finished == 0);
    CHECK(endless.closed);
    // Later ones are not taken.
    pool.add(std::make_unique<counted>(with, after));
    CHECK(after.closed);
    CHECK_FALSE(after.begun);
    pool.add_after_cancelled(std::make_unique<counted>(with, gone));
    CHECK(gone.closed);
    CHECK_FALSE(gone.begun);
  }
}

TEST_CASE("work pool: heavy requests begin in their order, light ones pass them") {
  const auto budget = std::make_shared<memory_budget>();
  account with;
  auto all = budget->for_request(memory_budget::limit_bytes);
  std::vector<account::one*> heavy;
  work_pool pool(budget);
  for (int i = 0; i < 5; ++i) {
    // The first is larger than the others: they could begin before it, and must not.
    heavy.push_back(&with.add(i == 0 ? memory_budget::largest_request_bytes : size_t{1} << 20, 1));
    pool.add(std::make_unique<counted>(with, *heavy.back()));
  }
  auto& light = with.add(work_pool::light_bytes, 1);
  pool.add(std::make_unique<counted>(with, light));
  REQUIRE(with.wait_for(1));
  CHECK(light.finished == 1);
  for (const auto* one : heavy)
    CHECK_FALSE(one->begun);
  all.reset();
  auto most = budget->for_request(memory_budget::limit_bytes - (size_t{8} << 20));
  pool.look(); // 8 MiB are free: room for each but the first
  for (const auto* one : heavy)
    CHECK_FALSE(one->begun);
  most.reset();
  pool.look();
  REQUIRE(with.wait_for(6));
  for (const auto* one : heavy)
    CHECK(one->finished == 1);
}
