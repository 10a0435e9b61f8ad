// The slab pool against a count, by itself and with threads that take and give back.
// SPDX-License-Identifier: MIT
#include "engine/buffer/slab.hpp"
#include "tests/unit/generators.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstring>
#include <set>
#include <thread>

using namespace pgbraid;
using test::between;

TEST_CASE("slab pool model: so many and no more are out, each with memory of its own") {
  test::for_all(
      [] {
        const auto limit = *between<size_t>(0, 5);
        slab_pool pool(limit);
        std::vector<slab_ptr> out;
        for (auto more = *between(0, 30); more > 0; --more) {
          if (!out.empty() && *between(0, 1) == 0) {
            out.erase(out.begin() + *between<std::ptrdiff_t>(0, std::ssize(out) - 1));
            continue;
          }
          auto one = pool.try_take();
          RC_ASSERT((one != nullptr) == (out.size() < limit));
          if (one == nullptr)
            continue;
          RC_ASSERT(one->room().size() == slab_bytes);
          out.push_back(std::move(one));
        }
        std::set<const std::byte*> memory;
        for (const auto& one : out)
          RC_ASSERT(memory.insert(one->room().data()).second);
        RC_ASSERT(pool.ceiling_bytes() == limit * slab_bytes);
      },
      60);
}

TEST_CASE("slab pool model: threads that take and give back never have more than its limit") {
  constexpr size_t limit = 3;
  slab_pool pool(limit);
  std::atomic<size_t> out = 0;
  std::atomic<size_t> most = 0;
  std::atomic<bool> mixed = false;
  std::vector<std::thread> threads;
  for (int number = 0; number < 4; ++number)
    threads.emplace_back([&, number] {
      for (int i = 0; i < 300; ++i) {
        const auto one = pool.try_take();
        if (one == nullptr)
          continue;
        const auto now = ++out;
        for (auto seen = most.load(); seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        // Nobody else writes to it meanwhile.
        std::memset(one->room().data(), number, 4096);
        for (const auto byte : one->room().first(4096))
          mixed = mixed || byte != static_cast<std::byte>(number);
        --out;
      }
    });
  for (auto& one : threads)
    one.join();
  CHECK(most <= limit);
  CHECK(most >= 1);
  CHECK_FALSE(mixed);
}
