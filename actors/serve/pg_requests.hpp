// Requests that may take long or come one at a time: the greeting and the sessions with PostgreSQL.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/link/server_link.hpp"
#include "engine/pg/libpq_session.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

namespace pgbraid::serve {

/// Answers requests one after the other on a thread of its own, so that neither content nor
/// anything else holds up what keeps a backup alive.
class pg_requests {
public:
  static constexpr size_t sessions_max = 4;

  pg_requests() = default;
  ~pg_requests();
  pg_requests(const pg_requests&) = delete;
  pg_requests& operator=(const pg_requests&) = delete;

  using job = std::function<result<void>(link::exchange&)>;
  /// Runs the job when its turn comes, then answers well or with its error.
  void run(std::unique_ptr<link::exchange> asked, job with);
  /// pg/open, pg/call and pg/close, for the cluster at that address.
  /// @param pg_path  its data directory as the client calls it
  void take(std::unique_ptr<link::exchange> asked, const pg::pg_address& address,
            const std::string& pg_path);
  /// Breaks off what runs, closes all sessions and waits for the thread.
  void end();

private:
  struct turn {
    std::unique_ptr<link::exchange> asked;
    job with;
  };
  void serve();
  std::optional<turn> next();
  result<void> open(link::exchange& asked, const pg::pg_address& address,
                    const std::string& pg_path);
  result<void> call(link::exchange& asked);
  result<void> close(link::exchange& asked);

  std::mutex mutex_; ///< guards turns_ and ended_
  std::condition_variable filled_;
  std::deque<turn> turns_;
  bool ended_ = false;
  std::atomic<bool> give_up_ = false;
  /// Of the thread only.
  std::map<uint32_t, std::unique_ptr<pg::pg_session>> sessions_;
  uint32_t last_session_ = 0;
  std::thread thread_;
};

} // namespace pgbraid::serve
