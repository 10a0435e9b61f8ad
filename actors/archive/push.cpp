// Stores one WAL file.
// SPDX-License-Identifier: MIT
#include "actors/archive/push.hpp"

#include "actors/archive/dropped_wal.hpp"
#include "actors/archive/push_besides.hpp"
#include "actors/archive/push_session.hpp"
#include "engine/base/caught.hpp"
#include "engine/base/clock.hpp"
#include "engine/base/side_by_side.hpp"
#include "engine/base/stop_signal.hpp"
#include "engine/plan/push_queue.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

namespace pgbraid {

namespace {

constexpr std::chrono::milliseconds look_pause(1000);
/// How soon somebody who waits hears of a signal.
constexpr std::chrono::milliseconds listening_pause(100);
/// What a signal gives those who write to remove what they wrote.
constexpr std::chrono::milliseconds last_words(2000);

result<bool> is_queue_full(const push_request& wanted, storage& wal) {
  if (!wanted.queue_max)
    return false;
  auto listed = wal.list("archive_status");
  if (!listed)
    return listed.failure();
  if (!*listed)
    return false;
  std::vector<std::string_view> names;
  for (const auto& one : **listed)
    names.push_back(one.name);
  auto first = wal.info(wanted.wal.name);
  if (!first)
    return first.failure();
  return plan::is_queue_full(names, *first ? (*first)->size_bytes : 0, *wanted.queue_max);
}

result<void> store_everywhere(const push_request& wanted, const push_ends& between) {
  push_besides besides(wanted, between, besides_limits{});
  push_session session(between.pgdata.get(), between.to, wanted.answer_limit);
  if (auto opened = session.open(); !opened)
    return opened;
  if (auto stored = session.store(wanted, *between.wal); !stored)
    return stored;
  if (auto taken = besides.take(wanted); !taken)
    return taken;
  log::info("pushed WAL file '{}' to the archive", wanted.wal.name);
  return success();
}

/// What a thread uses that may be left behind.
struct push_aside {
  const push_request wanted;
  const push_ends between;
  std::mutex mutex = {}; ///< guards what follows
  std::condition_variable changed = {};
  std::optional<result<void>> done = {};
};

/// Waits until the file is stored, or too much waits: then false is returned.
result<bool> stored_in_time(const std::shared_ptr<push_aside>& work) {
  std::unique_lock held(work->mutex);
  std::optional<monotonic::time_point> stopped;
  for (auto look_at = monotonic::now() + look_pause; !work->done;) {
    const auto now = monotonic::now();
    if (should_stop() && !stopped)
      stopped = now;
    if (stopped && now >= *stopped + last_words)
      return error{errc::term, "terminated while WAL was archived"};
    if (now >= look_at) {
      look_at = now + look_pause;
      const auto full = is_queue_full(work->wanted, *work->between.wal);
      if (full && *full)
        return false;
    }
    wait_until(work->changed, held, now + listening_pause);
  }
  return *work->done ? result<bool>(true) : result<bool>(work->done->failure());
}

/// Stores the file aside, so that the clock is watched whatever hangs.
result<bool> store_watched(const push_request& wanted, const push_ends& between) {
  const polled_signals polling;
  const auto work = std::make_shared<push_aside>(wanted, between);
  run_aside([work] {
    auto done = caught([&] { return store_everywhere(work->wanted, work->between); });
    const std::lock_guard held(work->mutex);
    work->done.emplace(std::move(done));
    work->changed.notify_all();
  });
  return stored_in_time(work);
}

} // namespace

result<void> push_wal(const push_request& wanted, const push_ends& between) {
  auto full = is_queue_full(wanted, *between.wal);
  if (!full)
    return full.failure();
  if (!wanted.queue_max && between.besides.empty())
    return store_everywhere(wanted, between);
  if (!*full) {
    const auto stored = store_watched(wanted, between);
    if (!stored || *stored)
      return stored ? success() : stored.failure();
  }
  const auto each_bytes = segment_bytes_of(between, {wanted.wal.name});
  dropped_wal(between).note({wanted.wal.name}, each_bytes);
  wanted.warn(dropped_text(wanted.wal.name, *wanted.queue_max));
  return success();
}

} // namespace pgbraid
