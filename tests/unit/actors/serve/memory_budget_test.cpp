// The memory of a connection against a simple model: what is given, kept back and given back.
// Source of the rules: storage/wire/README.md, the last paragraph.
// SPDX-License-Identifier: MIT
#include "actors/serve/memory_budget.hpp"
#include "tests/unit/property.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::test;
using serve::memory_budget;

namespace {

constexpr size_t whole_bytes = size_t{256} << 20;

/// What is on loan, and what must be granted.
struct model {
  enum class what : uint8_t { request, answer, copy };
  struct loan {
    what kind;
    size_t bytes;
    std::vector<memory_budget::lease> held; ///< and copies of it
  };
  std::shared_ptr<memory_budget> budget = std::make_shared<memory_budget>();
  std::vector<loan> loans = {};

  size_t used(bool copies_only = false) const {
    size_t sum = 0;
    for (const auto& one : loans)
      sum += !copies_only || one.kind == what::copy ? one.bytes : 0;
    return sum;
  }

  void ask(what kind, size_t bytes) {
    memory_budget::lease lease;
    bool expected = false;
    switch (kind) {
    case what::request: // 256 MiB at most; others wait until there is room
      lease = budget->for_request(bytes);
      expected = used() + bytes <= whole_bytes;
      break;
    case what::answer: // the largest request has room beside any number of them
      bytes = memory_budget::answer_bytes;
      lease = budget->for_copied_answer();
      expected = used() + bytes + memory_budget::largest_request_bytes <= whole_bytes;
      break;
    case what::copy: // no more workers than half of it has room for
      lease = budget->for_copy(bytes);
      expected = bytes <= whole_bytes / 2 && used() + bytes <= whole_bytes + whole_bytes / 2;
      break;
    }
    RC_ASSERT(static_cast<bool>(lease) == expected);
    if (lease)
      loans.push_back({kind, bytes, {std::move(lease)}});
    check();
  }
  void copy_one(size_t which) {
    if (!loans.empty())
      loans[which % loans.size()].held.push_back(loans[which % loans.size()].held.front());
    check();
  }
  void give_back(size_t which) {
    if (loans.empty())
      return;
    const auto at = loans.begin() + static_cast<std::ptrdiff_t>(which % loans.size());
    at->held.pop_back();
    if (at->held.empty())
      loans.erase(at);
    check();
  }
  void check() const {
    RC_ASSERT(budget->keeps_limit() == (used() <= whole_bytes));
    // Only copies may go beyond.
    RC_ASSERT((used() <= whole_bytes || used(true) > 0));
  }
};

size_t any_size() {
  const size_t edge = *rc::gen::elementOf(std::vector<size_t>{
      1, memory_budget::answer_bytes, memory_budget::largest_request_bytes, whole_bytes / 2 - 1,
      whole_bytes / 2, whole_bytes / 2 + 1, whole_bytes, whole_bytes + 1});
  return *rc::gen::element(edge, *rc::gen::inRange<size_t>(0, whole_bytes));
}

} // namespace

TEST_CASE("memory budget: gives what there is, never more, and all of it again") {
  for_all(
      [] {
        model all;
        for (int steps = *rc::gen::inRange(0, 60); steps > 0; --steps)
          switch (*rc::gen::inRange(0, 6)) {
          case 0:
          case 1:
            all.ask(model::what::request, any_size());
            break;
          case 2:
            all.ask(model::what::answer, 0);
            break;
          case 3:
            all.ask(model::what::copy, any_size());
            break;
          case 4:
            all.copy_one(*rc::gen::inRange<size_t>(0, 100));
            break;
          default:
            all.give_back(*rc::gen::inRange<size_t>(0, 100));
          }
        all.loans.clear();
        RC_ASSERT(all.budget->keeps_limit());
        RC_ASSERT(static_cast<bool>(all.budget->for_request(whole_bytes)));
      },
      300);
}

TEST_CASE("memory budget: answers of copies leave room for the largest request") {
  const auto budget = std::make_shared<memory_budget>();
  std::vector<memory_budget::lease> answers;
  while (auto one = budget->for_copied_answer())
    answers.push_back(std::move(one));
  CHECK(answers.size() > 10);
  CHECK(budget->for_request(memory_budget::largest_request_bytes));
}

TEST_CASE("memory budget: what is borrowed outlives the budget's owner") {
  auto budget = std::make_shared<memory_budget>();
  const std::weak_ptr<memory_budget> seen = budget;
  auto lease = budget->for_request(1);
  budget.reset();
  CHECK_FALSE(seen.expired()); // the lease gives back to something that is there
  lease.reset();
  CHECK(seen.expired());
}

TEST_CASE("memory budget: threads that borrow and give back together lose nothing") {
  const auto budget = std::make_shared<memory_budget>();
  constexpr size_t piece = whole_bytes / 3; // three of four have room
  std::atomic<int> at_once = 0;
  std::atomic<bool> too_many = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int round = 0; round < 2000; ++round)
        if (const auto lease = budget->for_request(piece)) {
          too_many = too_many || ++at_once > 3;
          --at_once;
        }
    });
  for (auto& one : threads)
    one.join();
  CHECK_FALSE(too_many);
  CHECK(budget->for_request(whole_bytes));
}
