// Stepping requests.
// SPDX-License-Identifier: MIT
#include "actors/serve/work_pool.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <system_error>
#include <utility>

namespace pgbraid::serve {

work_pool::work_pool(std::shared_ptr<memory_budget> budget) : budget_(std::move(budget)) {}

work_pool::~work_pool() {
  end({errc::unknown, "the connection was closed"});
}

void work_pool::add(std::unique_ptr<work> begun) {
  const std::lock_guard guard(mutex_);
  if (ended_)
    return;
  assert(begun->weight_bytes() <= memory_budget::largest_request_bytes);
  if (begun->weight_bytes() <= light_bytes)
    return make_ready(std::move(begun));
  queued_.push_back(std::move(begun));
  begin_more();
}

// In their order, so that none waits for ever. What nobody wants any more only has to end, and
// others wait for that (`add_after_cancelled`): it needs no memory.
void work_pool::begin_more() {
  const auto gone = std::stable_partition(queued_.begin(), queued_.end(),
                                          [](const auto& one) { return !one->cancelled(); });
  std::vector<std::unique_ptr<work>> cancelled(std::make_move_iterator(gone),
                                               std::make_move_iterator(queued_.end()));
  queued_.erase(gone, queued_.end());
  for (auto& one : cancelled)
    make_ready(std::move(one));
  while (!queued_.empty()) {
    auto lease = budget_->for_request(queued_.front()->weight_bytes());
    if (!lease)
      return;
    auto one = std::move(queued_.front());
    queued_.pop_front();
    one->keep(std::move(lease));
    make_ready(std::move(one));
  }
}

void work_pool::add_after_cancelled(std::unique_ptr<work> begun) {
  const std::lock_guard guard(mutex_);
  if (ended_)
    return;
  after_cancelled_.push_back(std::move(begun));
  look_again();
}

void work_pool::make_ready(std::unique_ptr<work> one) {
  ready_.push_back(std::move(one));
  // Threads are made when there is work for them: most connections need one or two.
  if (idle_ < ready_.size() && threads_.size() < threads_max)
    start_thread();
  filled_.notify_one();
}

void work_pool::start_thread() {
  try {
    threads_.emplace_back([this] { run(); });
  } catch (const std::system_error&) {
    if (!threads_.empty())
      return; // those that there are will do
    for (auto& one : ready_)
      one->abandon({errc::memory, "no thread could be started for a request"});
    ready_.clear();
  }
}

void work_pool::look() {
  const std::lock_guard guard(mutex_);
  look_again();
}

void work_pool::look_again() {
  const auto still = std::stable_partition(waiting_.begin(), waiting_.end(),
                                           [](const auto& one) { return !one->ready(); });
  std::vector<std::unique_ptr<work>> found(std::make_move_iterator(still),
                                           std::make_move_iterator(waiting_.end()));
  waiting_.erase(still, waiting_.end());
  for (auto& one : found)
    make_ready(std::move(one));
  begin_more();
  if (after_cancelled_.empty() || has_cancelled())
    return;
  for (auto& one : std::exchange(after_cancelled_, {}))
    make_ready(std::move(one));
}

bool work_pool::has_cancelled() const {
  const auto gone = [](const auto& one) { return one == nullptr || one->cancelled(); };
  return std::any_of(queued_.begin(), queued_.end(), gone) ||
         std::any_of(ready_.begin(), ready_.end(), gone) ||
         std::any_of(waiting_.begin(), waiting_.end(), gone) ||
         std::any_of(stepped_.begin(), stepped_.end(), gone);
}

void work_pool::end(const error& why) {
  std::vector<std::thread> threads;
  {
    const std::lock_guard guard(mutex_);
    ended_ = true;
    threads.swap(threads_);
    filled_.notify_all();
  }
  for (auto& one : threads)
    one.join();
  for (auto* left : {&waiting_, &after_cancelled_})
    std::move(left->begin(), left->end(), std::back_inserter(ready_));
  std::move(queued_.begin(), queued_.end(), std::back_inserter(ready_));
  queued_.clear();
  waiting_.clear();
  after_cancelled_.clear();
  for (auto& one : ready_)
    one->abandon(why);
  ready_.clear();
}

std::unique_ptr<work> work_pool::take() {
  std::unique_lock guard(mutex_);
  ++idle_;
  filled_.wait(guard, [this] { return ended_ || !ready_.empty(); });
  --idle_;
  if (ended_)
    return {};
  auto taken = std::move(ready_.front());
  ready_.pop_front();
  stepped_.push_back(taken.get());
  return taken;
}

void work_pool::put_back(std::unique_ptr<work> begun) {
  const std::lock_guard guard(mutex_);
  std::erase(stepped_, begun.get());
  // Asked under the lock: what becomes ready later is found by a later look.
  if (begun->ready())
    make_ready(std::move(begun));
  else
    waiting_.push_back(std::move(begun));
}

// Its files are closed before it counts as gone.
void work_pool::close(std::unique_ptr<work> done) {
  {
    const std::lock_guard guard(mutex_);
    std::replace(stepped_.begin(), stepped_.end(), static_cast<const work*>(done.get()),
                 static_cast<const work*>(nullptr));
  }
  done.reset();
  const std::lock_guard guard(mutex_);
  stepped_.erase(std::find(stepped_.begin(), stepped_.end(), nullptr));
  if (!after_cancelled_.empty())
    look_again();
}

void work_pool::run() {
  std::vector<std::byte> room(room_bytes);
  while (auto taken = take()) {
    if (taken->step(room))
      put_back(std::move(taken));
    else
      close(std::move(taken));
  }
}

} // namespace pgbraid::serve
