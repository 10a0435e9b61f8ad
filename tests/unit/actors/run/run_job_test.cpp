// Running a job on the actor system: fused and unfused, success, failure and signals.
// SPDX-License-Identifier: MIT
#include "actors/run/run_job.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/graph/logical.hpp"
#include "tests/unit/actors/run/memory_job.hpp"

#include <doctest/doctest.h>

#include <atomic>
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

TEST_CASE("run job: an error of the collector stops the run") {
  auto tasks = some_tasks(12);
  memory_job job(tasks);
  job.refuse = "f3";
  const auto outcome = actors::run_job(job, settings(true, 2));
  REQUIRE_FALSE(outcome);
  CHECK(outcome.failure().code == errc::checksum);
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
