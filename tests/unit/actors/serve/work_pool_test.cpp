// Requests that wait for memory, and for those that were given up.
// SPDX-License-Identifier: MIT
#include "actors/serve/work_pool.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <utility>
#include <vector>

using namespace pgbraid;
using namespace pgbraid::serve;

namespace {

/// Weighs what a test says; ends with its first step.
class weighty final : public work {
public:
  weighty(size_t bytes, const std::atomic<bool>& given_up, std::promise<void>& ended)
      : bytes_(bytes), given_up_(given_up), ended_(ended) {}
  bool ready() const override { return true; }
  bool cancelled() const override { return given_up_; }
  size_t weight_bytes() const override { return bytes_; }
  void keep(std::shared_ptr<void> lease) override { lease_ = std::move(lease); }
  bool step(byte_span) override {
    ended_.set_value();
    return false;
  }
  void abandon(const error&) override { ended_.set_value(); }

private:
  size_t bytes_;
  const std::atomic<bool>& given_up_;
  std::promise<void>& ended_;
  std::shared_ptr<void> lease_ = {};
};

bool ends(std::promise<void>& what) {
  return what.get_future().wait_for(std::chrono::seconds(60)) == std::future_status::ready;
}

} // namespace

TEST_CASE("work pool: who was given up needs no memory to end") {
  const auto budget = std::make_shared<memory_budget>();
  std::vector<memory_budget::lease> taken;
  while (auto lease = budget->for_request(memory_budget::largest_request_bytes))
    taken.push_back(std::move(lease));
  std::atomic<bool> wanted = false;
  std::atomic<bool> given_up = false;
  std::promise<void> first;
  std::promise<void> second;
  std::promise<void> after;
  work_pool pool(budget);
  pool.add(std::make_unique<weighty>(size_t{1} << 20, wanted, first));
  pool.add(std::make_unique<weighty>(size_t{1} << 20, given_up, second));
  given_up = true;
  pool.add_after_cancelled(std::make_unique<weighty>(1, wanted, after));
  CHECK(ends(second));
  CHECK(ends(after));
  auto waiting = first.get_future();
  CHECK(waiting.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  taken.clear();
  pool.look();
  CHECK(waiting.wait_for(std::chrono::seconds(60)) == std::future_status::ready);
}

TEST_CASE("memory budget: what cannot be given leaves nothing behind") {
  const auto budget = std::make_shared<memory_budget>();
  auto most = budget->for_request(memory_budget::limit_bytes);
  REQUIRE(most);
  CHECK_FALSE(budget->for_request(1));
  most.reset();
  CHECK(budget->for_request(memory_budget::limit_bytes));
}
