// Slow reads that are asked for twice: when, and what of it is seen.
// SPDX-License-Identifier: MIT
#include "storage/driver/object/hedging_store.hpp"
#include "storage/driver/object/read_pace.hpp"
#include "tests/unit/engine/base/manual_clock.hpp"
#include "tests/unit/storage/driver/object/memory_store.hpp"

#include <doctest/doctest.h>

#include <deque>

namespace pgbraid::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using maybe_piece = std::optional<object_piece>;

/// Comes at a moment of the test's clock.
class timed final : public pending<maybe_piece> {
public:
  timed(asked<maybe_piece> what, milliseconds after)
      : what_(std::move(what)), at_(monotonic::now() + after) {}
  bool has_come() const override { return monotonic::now() >= at_; }
  /// Where it comes in parts those are there sooner than all of it.
  std::vector<std::byte> some(milliseconds how_long) override {
    auto came = what_->some(how_long);
    if (came.empty() && !has_come())
      sleep_through(std::min<monotonic::duration>(how_long, at_ - monotonic::now()));
    return came;
  }
  result<maybe_piece> wait() override {
    if (!has_come())
      sleep_through(at_ - monotonic::now());
    return what_->wait();
  }

private:
  asked<maybe_piece> what_;
  const monotonic::time_point at_;
};

/// A bucket whose reads take as long as the test says.
class slow_bucket final : public memory_store {
public:
  std::deque<milliseconds> takes; ///< each read in its turn, the others 10 ms
  unsigned reads = 0;

  asked<maybe_piece> read(const std::string& key, uint64_t offset, uint64_t bytes,
                          const std::string& tag) override {
    ++reads;
    auto how_long = 10ms;
    if (!takes.empty()) {
      how_long = takes.front();
      takes.pop_front();
    }
    return std::make_unique<timed>(memory_store::read(key, offset, bytes, tag), how_long);
  }
};

struct hedged_bucket {
  manual_clock clock;
  std::shared_ptr<slow_bucket> in = std::make_shared<slow_bucket>();
  std::shared_ptr<object_store> store = make_hedging_store(in);

  hedged_bucket() { in->objects["key"] = "some content"; }
  /// Reads all of it. What it took is what passed meanwhile.
  result<maybe_piece> get(std::string_view key = "key") {
    return store->read(std::string(key), 0, 100, {})->wait();
  }
  void warm_up() {
    for (int i = 0; i < 40; ++i)
      REQUIRE(get());
    in->reads = 0;
  }
};

TEST_CASE(
    "hedging: patience is what nine of ten took, three times, and none without enough of them") {
  std::vector<milliseconds> took(15, 400ms);
  CHECK_FALSE(patience_after(took));
  took.push_back(400ms);
  CHECK(patience_after(took) == 1200ms);
  CHECK(patience_after(std::vector(64, 3ms)) == 500ms);
  took.assign(63, 1000ms);
  took.push_back(100s); // one that was slow does not make all of them so
  CHECK(patience_after(took) == 3s);
}

TEST_CASE("hedging: one read of twenty may be asked for twice, four at the same time") {
  CHECK(may_ask_twice(1, 0, 0));
  CHECK_FALSE(may_ask_twice(19, 1, 0));
  CHECK(may_ask_twice(20, 1, 0));
  CHECK(may_ask_twice(1000, 0, 3));
  CHECK_FALSE(may_ask_twice(1000, 0, 4));

  const auto pace = std::make_shared<read_pace>();
  for (int i = 0; i < 1000; ++i)
    pace->begun();
  std::vector<read_pace::leave> leaves;
  while (auto one = pace->ask_twice())
    leaves.push_back(std::move(one));
  CHECK(leaves.size() == second_reads_most);
  leaves.pop_back();
  CHECK(pace->ask_twice());
}

TEST_CASE("hedging: a read that hangs is asked for once more, and the second answer counts") {
  hedged_bucket on;
  on.warm_up();
  on.in->takes = {60s};
  const auto before = on.clock.passed();
  const auto got = on.get();
  REQUIRE(got);
  REQUIRE(*got);
  CHECK(as_text((*got)->bytes) == "some content");
  CHECK(on.in->reads == 2);
  CHECK(on.clock.passed() - before < 1s);
}

TEST_CASE(
    "hedging: what comes in parts is waited for alone; what does not come is asked for twice") {
  hedged_bucket on;
  on.in->some_bytes = 4;
  for (int i = 0; i < 40; ++i) { // these tell what is to be expected, too
    const auto one = on.store->read("key", 0, 100, {});
    while (!one->some(1h).empty()) {
    }
    REQUIRE(one->wait());
  }
  on.in->reads = 0;
  on.in->takes = {60s};
  auto one = on.store->read("key", 0, 100, {});
  CHECK(as_text(one->some(1h)) == "some");
  CHECK(as_text(one->some(1h)) == " con");
  CHECK(as_text((*one->wait())->bytes) == "tent");
  CHECK(on.in->reads == 1);
  on.in->some_bytes = 0;
  on.in->takes = {60s};
  const auto before = on.clock.passed();
  one = on.store->read("key", 0, 100, {});
  CHECK(one->some(1h).empty());
  CHECK(as_text((*one->wait())->bytes) == "some content");
  CHECK(on.in->reads == 3);
  CHECK(on.clock.passed() - before < 1s);
}

TEST_CASE("hedging: the first answer counts where it comes first after all") {
  hedged_bucket on;
  on.warm_up();
  on.in->takes = {600ms, 60s};
  const auto before = on.clock.passed();
  REQUIRE(on.get());
  CHECK(on.in->reads == 2);
  CHECK(on.clock.passed() - before < 1s);
}

TEST_CASE("hedging: what fails first does not count while the other one may succeed") {
  hedged_bucket on;
  on.warm_up();
  on.in->takes = {2s, 10ms};
  unsigned count = 0;
  on.in->failing = [&](std::string_view verb) -> std::optional<error> {
    if (verb != "read" || ++count != 2)
      return {};
    return error{errc::service, "busy"};
  };
  const auto got = on.get();
  REQUIRE(got);
  CHECK(as_text((*got)->bytes) == "some content");

  on.in->failing = [](std::string_view) { return error{errc::service, "busy"}; };
  on.in->takes = {2s, 10ms};
  const auto none = on.get();
  REQUIRE_FALSE(none);
  CHECK(none.failure().code == errc::service);
}

TEST_CASE("hedging: an object that is not there is not there, whoever says so") {
  hedged_bucket on;
  on.warm_up();
  on.in->takes = {60s};
  const auto got = on.get("missing");
  REQUIRE(got);
  CHECK_FALSE(*got);
}

TEST_CASE("hedging: without experience nothing is asked for twice, nor where all are slow") {
  hedged_bucket on;
  on.in->takes.assign(15, 30s);
  for (int i = 0; i < 15; ++i)
    REQUIRE(on.get());
  CHECK(on.in->reads == 15);

  on.in->takes.assign(400, 2s);
  on.in->reads = 0;
  for (int i = 0; i < 200; ++i)
    REQUIRE(on.get());
  CHECK(on.in->reads == 200);
}

TEST_CASE("hedging: of many that hang each twentieth is asked for twice") {
  hedged_bucket on;
  on.warm_up();
  std::vector<asked<maybe_piece>> all;
  on.in->takes.assign(1000, 20s);
  for (int i = 0; i < 100; ++i)
    all.push_back(on.store->read("key", 0, 100, {}));
  CHECK(on.in->reads == 100);
  for (auto& one : all)
    REQUIRE(one->wait());
  CHECK(on.in->reads > 100);
  CHECK(on.in->reads <= 100 + 140 / 20 + 1);
}

} // namespace
} // namespace pgbraid::test
