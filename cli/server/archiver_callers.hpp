// The connections of those who ask the resident archiver.
// Source: cli/command/README.md, section 4.5.
// SPDX-License-Identifier: MIT
#pragma once

#include "cli/server/archiver_queue.hpp"
#include "engine/base/clock.hpp"
#include "engine/io/unique_fd.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace pgbraid::cli {

struct caller_limits {
  size_t connections = 64;
  std::chrono::milliseconds idle{std::chrono::minutes(10)};
  /// For the rest of a message, either way.
  std::chrono::milliseconds message{10'000};
  std::chrono::milliseconds say_wait{500};
};

/// Speaks with all of them, in one thread. Each takes as much memory as one message at most.
class archiver_callers {
public:
  /// @param queue  outlives this
  explicit archiver_callers(archiver_queue& queue, caller_limits limits = {})
      : queue_(queue), limits_(limits) {}

  /// Waits until somebody has something to say, for `pause` at most, and does what is to be done.
  /// @param listener  -1: nobody else is let in
  void look_after(int listener, std::chrono::milliseconds pause);
  size_t count() const { return all_.size(); }
  /// Whether every answer was taken.
  bool all_told() const;

private:
  struct caller {
    io::unique_fd socket;
    std::string received = {};
    std::string unsent = {};
    bool waits = false;                    ///< for what it asked for
    monotonic::time_point idle_since = {}; ///< its last answer, or its start
    monotonic::time_point next_wait = {};
    std::optional<monotonic::time_point> half_since = {};   ///< a message of it is not whole
    std::optional<monotonic::time_point> unsent_since = {}; ///< it does not take what it is told
  };

  void accept_all(int listener);
  uint64_t longest_idle() const;
  bool has_room() const;
  bool receive(caller& from);
  bool understand(uint64_t id, caller& from);
  void say(caller& to, const format::archiver_answer& what);
  bool flush(caller& to);
  bool attend(uint64_t id, caller& one, short events);
  bool is_overdue(const caller& one) const;
  void give_answers();
  void drop(uint64_t id);

  archiver_queue& queue_;
  const caller_limits limits_;
  uint64_t last_id_ = 0;
  std::map<uint64_t, caller> all_ = {};
};

} // namespace pgbraid::cli
