// What waits while WAL is archived.
// SPDX-License-Identifier: MIT
#include "actors/archive/push_watch.hpp"

#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"

#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace pgbraid {

namespace {

constexpr std::chrono::seconds watch_pause(1);

} // namespace

class push_watch::watcher {
public:
  explicit watcher(push_watch_hands hands)
      : hands_(std::move(hands)), moved_(monotonic::now()),
        thread_([this](const std::stop_token& stop) { watch(stop); }) {}

  void progressed() {
    const std::lock_guard held(mutex_);
    moved_ = monotonic::now();
    told_ = false;
  }

private:
  void watch(const std::stop_token& stop);
  bool stalls();

  const push_watch_hands hands_;
  std::mutex mutex_ = {}; ///< guards what follows
  std::condition_variable_any changed_ = {};
  monotonic::time_point moved_;
  bool told_ = false;
  std::jthread thread_;
};

/// Once for each stall.
bool push_watch::watcher::stalls() {
  const std::lock_guard held(mutex_);
  if (told_ || monotonic::now() - moved_ < hands_.stall)
    return false;
  return told_ = true;
}

void push_watch::watcher::watch(const std::stop_token& stop) {
  std::mutex own;
  std::unique_lock held(own);
  while (!wait_for_stop(changed_, held, stop, monotonic::now() + watch_pause)) {
    hands_.look();
    if (stalls())
      hands_.tell_stall();
  }
}

push_watch::push_watch(push_watch_hands hands) {
  try {
    watcher_ = std::make_unique<watcher>(std::move(hands));
  } catch (const std::system_error&) {
    log::detail("nobody watches how much WAL waits: there can be no more threads");
  }
}

push_watch::~push_watch() = default;

void push_watch::progressed() {
  if (watcher_)
    watcher_->progressed();
}

} // namespace pgbraid
