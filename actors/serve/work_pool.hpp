// A few threads that work on many requests.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/serve/memory_budget.hpp"
#include "actors/serve/work.hpp"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace pgbraid::serve {

/// Steps what is ready, first come first served, with a fixed number of threads. A request that
/// waits for the other end occupies none of them, so as many streams may be open as the link
/// allows, which is what bounds the queue. All that are begun, and answers that were not sent,
/// weigh no more than the budget: the others wait, and cost only their heads.
class work_pool {
public:
  static constexpr size_t threads_max = 8;
  static constexpr size_t room_bytes = size_t{512} << 10;
  /// What weighs no more is not counted, and waits for nobody: streams are few enough for it.
  static constexpr size_t light_bytes = size_t{64} << 10;

  explicit work_pool(std::shared_ptr<memory_budget> budget);
  ~work_pool();
  work_pool(const work_pool&) = delete;
  work_pool& operator=(const work_pool&) = delete;

  void add(std::unique_ptr<work> begun);
  /// Looks for requests that became ready.
  void look();
  /// The same, once nothing is left of requests that the other end gave up.
  void add_after_cancelled(std::unique_ptr<work> begun);
  /// Abandons all requests and waits for the threads.
  void end(const error& why);

private:
  void run();
  void start_thread();
  void look_again();
  void make_ready(std::unique_ptr<work> one);
  void begin_more();
  bool has_cancelled() const;
  std::unique_ptr<work> take();
  void put_back(std::unique_ptr<work> begun);
  void close(std::unique_ptr<work> done);

  const std::shared_ptr<memory_budget> budget_;
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<std::unique_ptr<work>> queued_; ///< not begun: there is no room for them
  std::deque<std::unique_ptr<work>> ready_;
  std::vector<std::unique_ptr<work>> waiting_;
  std::vector<std::unique_ptr<work>> after_cancelled_;
  /// What threads have in their hands; null while it is being closed.
  std::vector<const work*> stepped_;
  size_t idle_ = 0;
  bool ended_ = false;
  std::vector<std::thread> threads_;
};

} // namespace pgbraid::serve
