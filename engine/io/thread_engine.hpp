// The backend without io_uring: a few blocking threads.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/io/io_engine.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace pgbraid::io {

/// Threads start when there is work for them and are joined by the destructor.
class thread_engine final : public io_engine {
public:
  /// @param reason  why not io_uring, for the log; empty when nobody asked for it
  thread_engine(const io_limits& limits, std::string reason);
  ~thread_engine() override;

  std::string describe() const override;
  io_mode mode() const override { return io_mode::threads; }
  bool reads_files() const override { return true; }

private:
  struct answer {
    io_operation* what;
    int64_t outcome;
  };
  void start(io_operation& what) override;
  void flush() override {}
  void reap(bool wait_for_one) override;
  bool grow();
  void work();

  const std::string reason_;
  const size_t threads_limit_;
  std::vector<std::thread> threads_; ///< touched by the owner only

  std::mutex mutex_;
  std::condition_variable wanted_;
  std::condition_variable answered_;
  std::deque<io_operation*> queue_;
  std::vector<answer> answers_;
  size_t idle_ = 0;
  bool stop_ = false;
};

} // namespace pgbraid::io
