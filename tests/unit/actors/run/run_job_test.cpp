// Running a job on the actor system: fused and unfused, success, failure and signals.
// SPDX-License-Identifier: MIT
#include "actors/run/dealer.hpp"
#include "actors/run/run_job.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/codec/compress.hpp"
#include "engine/codec/whole.hpp"
#include "engine/graph/logical.hpp"
#include "tests/unit/actors/run/memory_job.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

using namespace pgbraid;
using namespace pgbraid::graph_test;

namespace {

actors::run_settings settings(bool fuse, std::optional<size_t> process_max) {
  graph::machine on{.cores = 3, .process_max = process_max, .fuse = fuse};
  return {
      .graph = graph::compile(digest_and_zst(), on), .fuse = fuse, .mode = io::io_mode::threads};
}

} // namespace

TEST_CASE("run job: every task settles once and keeps its bytes, fused and unfused alike") {
  std::vector<std::vector<std::string>> stored;
  for (const bool fuse : {true, false}) {
    for (const std::optional<size_t> process_max : {std::optional<size_t>(2), {}}) {
      auto tasks = some_tasks(20);
      memory_job job(tasks);
      REQUIRE(actors::run_job(job, settings(fuse, process_max)));
      CHECK(job.count.size() == 20);
      auto& bytes = stored.emplace_back();
      for (const auto& task : tasks) {
        CHECK(job.count[task->name()] == 1);
        CHECK(task->checksum == to_hex(codec::sha1_of(as_bytes(task->content))));
        bytes.push_back(task->stored);
      }
    }
  }
  for (const auto& other : stored)
    CHECK(other == stored.front());
}

TEST_CASE("run job: an empty job ends") {
  memory_job job({});
  CHECK(actors::run_job(job, settings(true, 2)));
  CHECK(actors::run_job(job, settings(false, 2)));
}

TEST_CASE("run job: the first error of a task is the outcome") {
  for (const bool fuse : {true, false}) {
    for (const auto with : {trouble::read_fails, trouble::write_fails}) {
      auto tasks = some_tasks(12);
      tasks[5] = std::make_shared<memory_task>("bad", random_text(5, 100), with);
      memory_job job(tasks);
      const auto outcome = actors::run_job(job, settings(fuse, 2));
      REQUIRE_FALSE(outcome);
      CHECK(outcome.failure().code ==
            (with == trouble::read_fails ? errc::file_read : errc::file_write));
      CHECK(job.count.count("bad") == 0);
    }
  }
}

TEST_CASE("run job: files that fail are put aside by tasks that want it, and all others go on") {
  for (const bool fuse : {true, false})
    for (const std::optional<size_t> process_max : {std::optional<size_t>(1), {}}) {
      auto tasks = some_tasks(30);
      for (size_t i = 2; i < tasks.size(); i += 4) {
        const auto with = i % 8 == 2 ? trouble::read_fails : trouble::write_fails;
        tasks[i] = std::make_shared<memory_task>("bad" + std::to_string(i),
                                                 random_text(i, 3'000'000), with);
        tasks[i]->takes_failures = true;
      }
      memory_job job(tasks);
      REQUIRE(actors::run_job(job, settings(fuse, process_max)));
      CHECK(job.count.size() == 30);
      for (const auto& task : tasks) {
        CHECK(job.count[task->name()] == 1);
        CHECK(task->finished == !task->takes_failures);
        CHECK(task->aside.size() == (task->takes_failures ? 1 : 0));
        if (task->finished)
          CHECK(task->checksum == to_hex(codec::sha1_of(as_bytes(task->content))));
      }
    }
}

TEST_CASE("run job: what a kernel cannot read is put aside, too") {
  const auto pack = [](const std::string& text) {
    const auto packed = codec::compress_all(compress_type::zst, 3, as_bytes(text));
    REQUIRE(packed);
    return std::string(as_text(*packed));
  };
  for (const bool fuse : {true, false})
    for (const bool takes_failures : {true, false}) {
      std::vector<std::shared_ptr<memory_task>> tasks;
      for (size_t i = 0; i < 24; ++i) {
        auto stored = pack(random_text(i, 2'000'000));
        if (i % 3 == 1) // the first ones at once, others after some bytes
          stored.replace(stored.size() * (i % 4) / 4, 40, 40, '\xff');
        tasks.push_back(std::make_shared<memory_task>("f" + std::to_string(i), stored));
        tasks.back()->takes_failures = takes_failures;
      }
      memory_job job(tasks);
      auto how = settings(fuse, 2);
      const auto graph = graph::restore_graph({.rules = {.compression = compress_type::zst}});
      how.graph = graph::compile(graph, {.cores = 3, .process_max = 2, .fuse = fuse});
      CHECK(bool(actors::run_job(job, how)) == takes_failures);
      if (!takes_failures)
        continue;
      for (size_t i = 0; i < tasks.size(); ++i) {
        CHECK(job.count[tasks[i]->name()] == 1);
        CHECK(tasks[i]->aside.size() == (i % 3 == 1 ? 1 : 0));
        if (i % 3 != 1)
          CHECK(tasks[i]->stored == random_text(i, 2'000'000));
        else
          CHECK(tasks[i]->aside[0].message.starts_with(tasks[i]->name()));
      }
    }
}

TEST_CASE("run job: an error of the collector stops the run") {
  auto tasks = some_tasks(12);
  memory_job job(tasks);
  job.refuse = "f3";
  const auto outcome = actors::run_job(job, settings(true, 2));
  REQUIRE_FALSE(outcome);
  CHECK(outcome.failure().code == errc::checksum);
}

namespace {

/// Its collector is busy with the first task until too many are on their way, or for a while.
class slow_job final : public graph::job {
public:
  explicit slow_job(size_t count) : left_(count) {}

  graph::task_list deal() override {
    graph::task_list out;
    for (; out.size() < per_deal && left_ > 0; --left_)
      out.push_back(std::make_shared<memory_task>("f" + std::to_string(left_), ""));
    dealt_ += out.size();
    most = std::max<size_t>(most, dealt_ - collected);
    changed_.notify_all();
    return out;
  }
  result<void> settled(graph::task&) override {
    std::unique_lock lock(mutex_);
    if (collected == 0)
      wait_until(changed_, lock, monotonic::now() + std::chrono::seconds(2),
                 [this] { return dealt_ > bound; });
    ++collected;
    return success();
  }

  static constexpr size_t per_deal = 100;
  /// What two workers have, and what waits for the collector.
  static constexpr size_t bound = 2 * per_deal + actors::most_uncollected + 2 * per_deal;
  std::atomic<size_t> collected = 0;
  size_t most = 0;

private:
  size_t left_;
  std::atomic<size_t> dealt_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
};

} // namespace

TEST_CASE("run job: no more is dealt than the collector keeps up with") {
  for (const bool fuse : {true, false}) {
    slow_job job(50'000);
    REQUIRE(actors::run_job(job, settings(fuse, 2)));
    CHECK(job.collected == 50'000);
    CHECK(job.most <= slow_job::bound);
  }
}

namespace {

/// Gets its tasks from another thread while it runs.
class fed_job final : public graph::job {
public:
  void feed(std::shared_ptr<memory_task> task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    wake_();
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    wake_();
  }
  graph::task_list deal() override {
    const std::lock_guard lock(mutex_);
    graph::task_list out;
    if (!tasks_.empty()) {
      out.push_back(std::move(tasks_.front()));
      tasks_.pop_front();
    }
    return out;
  }
  bool more_to_come() override {
    const std::lock_guard lock(mutex_);
    return !closed_;
  }
  void on_change(std::function<void()> wake) override {
    const std::lock_guard lock(mutex_);
    wake_ = std::move(wake);
  }
  result<void> settled(graph::task&) override {
    ++count;
    return success();
  }
  std::atomic<size_t> count = 0;

private:
  std::mutex mutex_;
  std::deque<std::shared_ptr<memory_task>> tasks_;
  std::function<void()> wake_ = [] {};
  bool closed_ = false;
};

} // namespace

TEST_CASE("run job: a job may wait for tasks that come from elsewhere") {
  for (const bool fuse : {true, false}) {
    fed_job job;
    const auto tasks = some_tasks(12);
    std::thread feeder([&] {
      for (size_t i = 0; i < tasks.size(); ++i) {
        job.feed(tasks[i]);
        for (int tries = 0; i % 4 == 3 && job.count <= i && tries < 5000; ++tries)
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      job.close();
    });
    const auto outcome = actors::run_job(job, settings(fuse, 2));
    feeder.join();
    REQUIRE(outcome);
    CHECK(job.count == tasks.size());
    for (const auto& task : tasks)
      CHECK(task->finished);
    job.close(); // ringing after the run does no harm
  }
}

TEST_CASE("run job: vanished files are reported and not finished") {
  for (const bool fuse : {true, false}) {
    auto tasks = some_tasks(4);
    tasks[2] = std::make_shared<memory_task>("gone", "x", trouble::vanished);
    memory_job job(tasks);
    REQUIRE(actors::run_job(job, settings(fuse, 1)));
    CHECK(job.count["gone"] == 1);
    CHECK_FALSE(tasks[2]->finished);
  }
}

TEST_CASE("run job: a termination signal ends the run with its code") {
  for (const bool fuse : {true, false}) {
    stop_signal = SIGTERM;
    memory_job job(some_tasks(200), 1);
    const auto outcome = actors::run_job(job, settings(fuse, 1));
    stop_signal = 0;
    REQUIRE_FALSE(outcome);
    CHECK(outcome.failure().code == errc::term);
    CHECK(outcome.failure().message == "terminated on signal SIGTERM");
  }
}
