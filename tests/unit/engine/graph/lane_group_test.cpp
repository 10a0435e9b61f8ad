// Lanes: every file arrives whole, whatever runs beside it.
// SPDX-License-Identifier: MIT
#include "engine/codec/compress.hpp"
#include "engine/graph/lane_group.hpp"
#include "tests/unit/engine/graph/memory_task.hpp"

#include <doctest/doctest.h>

using namespace pgbraid;
using namespace pgbraid::graph_test;

namespace {

std::vector<std::shared_ptr<memory_task>> run_all(std::vector<std::shared_ptr<memory_task>> tasks,
                                                  size_t lanes) {
  slab_pool pool(lanes * 2);
  const graph::worker_tools tools;
  auto group = graph::lane_group::make(*graph::chain::make(digest_and_zst()), lanes, pool, tools);
  REQUIRE(group);
  size_t settled = 0;
  std::deque<std::shared_ptr<memory_task>> queue(tasks.begin(), tasks.end());
  while (settled < tasks.size()) {
    while (!queue.empty() && (*group)->free_lanes() > 0) {
      REQUIRE((*group)->start(queue.front()));
      queue.pop_front();
    }
    REQUIRE((*group)->step());
    auto done = (*group)->take_settled(true);
    REQUIRE(done);
    settled += done->size();
  }
  CHECK((*group)->idle());
  return tasks;
}

} // namespace

TEST_CASE("lane group: files of unequal length in four lanes keep their bytes and checksums") {
  std::vector<std::shared_ptr<memory_task>> tasks;
  const size_t sizes[] = {0, 1, 100, chunk_bytes, chunk_bytes + 1, 3 * chunk_bytes, 5, 2500000, 0};
  for (size_t i = 0; i < std::size(sizes); ++i)
    tasks.push_back(
        std::make_shared<memory_task>("f" + std::to_string(i), random_text(i, sizes[i])));
  for (const auto& task : run_all(tasks, 4)) {
    CHECK(task->checksum == to_hex(codec::sha1_of(as_bytes(task->content))));
    auto plain = codec::decompress_all(compress_type::zst, as_bytes(task->stored), 1 << 28);
    REQUIRE(plain);
    CHECK(as_text(*plain) == task->content);
  }
}

TEST_CASE("lane group: a file's stored bytes do not depend on what is beside it") {
  const auto alone = run_all({std::make_shared<memory_task>("a", random_text(7, 2500000))}, 1);
  const auto beside = run_all({std::make_shared<memory_task>("b", random_text(1, 400)),
                               std::make_shared<memory_task>("a", random_text(7, 2500000)),
                               std::make_shared<memory_task>("c", random_text(2, 1 << 22))},
                              3);
  CHECK(alone[0]->stored == beside[1]->stored);
}

TEST_CASE("lane group: a vanished file settles without being finished") {
  const auto tasks = run_all({std::make_shared<memory_task>("gone", "x", trouble::vanished),
                              std::make_shared<memory_task>("here", "y")},
                             2);
  CHECK_FALSE(tasks[0]->finished);
  CHECK(tasks[1]->finished);
}

namespace {

/// Bytes that are final already, and that come and go only now and then.
class final_task final : public graph::task {
public:
  explicit final_task(std::string holds) : content(std::move(holds)) {}
  result<bool> open(const graph::worker_tools&) override { return true; }
  bool readable(std::chrono::milliseconds) override { return ++asked_ % 3 == 0; }
  result<size_t> read(byte_span out) override {
    CHECK(asked_ % 3 == 0);
    const auto count = std::min(out.size(), content.size() - read_);
    std::memcpy(out.data(), content.data() + read_, count);
    read_ += count;
    return count;
  }
  std::unique_ptr<codec::stream> open_stream(codec::kernel&) override { return nullptr; }
  bool ready_to_write(std::chrono::milliseconds) override { return ++offered_ % 2 == 0; }
  result<void> write(byte_view in) override {
    CHECK(offered_ % 2 == 0);
    stored.append(as_text(in));
    return success();
  }
  result<void> finish(const graph::file_streams& streams) override {
    CHECK(streams.of(graph::finding::checksum) == nullptr);
    finished = true;
    return success();
  }
  result<bool> settled(bool) override { return true; }
  std::string name() const override { return "final"; }

  const std::string content;
  std::string stored;
  bool finished = false;

private:
  size_t read_ = 0;
  unsigned asked_ = 0;
  unsigned offered_ = 0;
};

} // namespace

TEST_CASE("lane group: a file without streams bypasses all kernels, beside others that do not") {
  slab_pool pool(4);
  const graph::worker_tools tools;
  auto group = graph::lane_group::make(*graph::chain::make(digest_and_zst()), 2, pool, tools);
  REQUIRE(group);
  for (const size_t size : {size_t{0}, size_t{5}, chunk_bytes, 3 * chunk_bytes + 7}) {
    const auto packed = std::make_shared<memory_task>("packed", random_text(3, 2500000));
    const auto ready = std::make_shared<final_task>(random_text(4, size));
    REQUIRE((*group)->start(packed));
    REQUIRE((*group)->start(ready));
    for (int steps = 0; !packed->finished || !ready->finished; ++steps) {
      REQUIRE(steps < 1000);
      REQUIRE((*group)->step());
    }
    REQUIRE((*group)->take_settled(true));
    CHECK((ready->stored == ready->content));
    CHECK(packed->checksum == to_hex(codec::sha1_of(as_bytes(packed->content))));
  }
}

TEST_CASE("lane group: a step that can move nothing says so and does not last") {
  struct silent final : graph::task {
    result<bool> open(const graph::worker_tools&) override { return true; }
    bool readable(std::chrono::milliseconds wait) override {
      longest = std::max(longest, wait);
      return false;
    }
    result<size_t> read(byte_span) override { return size_t{0}; }
    result<void> write(byte_view) override { return success(); }
    result<void> finish(const graph::file_streams&) override { return success(); }
    result<bool> settled(bool) override { return true; }
    std::string name() const override { return "silent"; }
    std::chrono::milliseconds longest{0};
  };
  slab_pool pool(2);
  const graph::worker_tools tools;
  auto group = graph::lane_group::make(*graph::chain::make(digest_and_zst()), 1, pool, tools);
  REQUIRE(group);
  REQUIRE((*group)->step()); // nothing to wait for
  CHECK_FALSE((*group)->moved());
  const auto task = std::make_shared<silent>();
  REQUIRE((*group)->start(task));
  for (int i = 0; i < 10; ++i) {
    REQUIRE((*group)->step());
    CHECK_FALSE((*group)->moved());
  }
  CHECK(task->longest == std::chrono::milliseconds(50));
}

namespace {

/// Durable only when somebody waits for it.
class slow_task final : public graph::task {
public:
  slow_task(size_t& waits, uint64_t bytes) : waits_(waits), left_(bytes) {}
  result<bool> open(const graph::worker_tools&) override { return true; }
  result<size_t> read(byte_span out) override {
    const auto count = std::min<uint64_t>(out.size(), left_);
    left_ -= count;
    return static_cast<size_t>(count);
  }
  std::unique_ptr<codec::stream> open_stream(codec::kernel&) override { return nullptr; }
  result<void> write(byte_view) override { return success(); }
  result<void> finish(const graph::file_streams&) override { return success(); }
  result<bool> settled(bool wait) override {
    waits_ += wait ? 1 : 0;
    return wait;
  }
  std::string name() const override { return "slow"; }

private:
  size_t& waits_;
  uint64_t left_;
};

/// How many of so many files were waited for.
size_t waited_for(size_t files, uint64_t bytes, const graph::settling_limits& limits) {
  size_t waits = 0;
  slab_pool pool(2);
  const graph::worker_tools tools;
  auto group =
      graph::lane_group::make(*graph::chain::make(digest_and_zst()), 1, pool, tools, limits);
  REQUIRE(group);
  for (size_t i = 0; i < files; ++i) {
    REQUIRE((*group)->start(std::make_shared<slow_task>(waits, bytes)));
    while ((*group)->free_lanes() == 0)
      REQUIRE((*group)->step());
    REQUIRE((*group)->take_settled(false));
  }
  return waits;
}

} // namespace

TEST_CASE("lane group: only so many files, and so much of them, may be on their way to the end") {
  CHECK(waited_for(5, 10, {.files = 5}) == 0);
  CHECK(waited_for(8, 10, {.files = 5}) == 3);
  const graph::settling_limits held{.files = 100, .writer_bytes = 50000, .bytes = 500000};
  CHECK(waited_for(20, 25000, held) == 0);
  CHECK(waited_for(22, 25000, held) == 2);
  CHECK(waited_for(10, 3000000, held) == 0);
  CHECK(waited_for(13, 3000000, held) == 3);
  CHECK(waited_for(70, 3000000, {.files = 100}) == 0);
}

TEST_CASE("lane group: errors of a source end the step") {
  slab_pool pool(2);
  const graph::worker_tools tools;
  auto group = graph::lane_group::make(*graph::chain::make(digest_and_zst()), 1, pool, tools);
  REQUIRE(group);
  REQUIRE((*group)->start(std::make_shared<memory_task>("bad", "x", trouble::read_fails)));
  auto stepped = (*group)->step();
  REQUIRE_FALSE(stepped);
  CHECK(stepped.failure().code == errc::file_read);
}

TEST_CASE("lane group: does not start without memory for all its lanes") {
  slab_pool pool(3);
  const graph::worker_tools tools;
  auto group = graph::lane_group::make(*graph::chain::make(digest_and_zst()), 2, pool, tools);
  REQUIRE_FALSE(group);
  CHECK(group.failure().code == errc::memory);
}
