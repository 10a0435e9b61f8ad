// The processes of a server that serve one connection each.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/io/unique_fd.hpp"

#include <poll.h>
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <vector>

namespace pgbraid::cli {

/// Connections whose client is not known yet cost a place for a short while only: when all places
/// are taken, the oldest has to go. Connections of known clients have places of their own.
class connection_children {
public:
  /// Runs in the child. Calls its argument once the client is known; returns the exit status.
  using work = std::function<int(const std::function<void()>& known)>;

  /// Whether another connection may be accepted now; makes room if that is possible.
  bool has_room();
  /// Opens what the next child needs, so that no connection is taken only to be dropped. Fails with
  /// `kernel` (100).
  result<void> prepare();
  /// Forks, once prepared. The parent closes what the work has taken over. Fails with `kernel`.
  result<void> start(const work& what);
  /// Descriptors that tell when a client is known or a child is gone.
  void add_polls(std::vector<pollfd>& to) const;
  /// Takes note of what became of children.
  void look_after();
  /// Ends all children: SIGTERM, then SIGKILL after five seconds.
  void end_all();

private:
  using clock = std::chrono::steady_clock;
  struct child {
    pid_t pid = -1;
    io::unique_fd news = {}; ///< becomes readable when the client is known; none after that
    clock::time_point since = {};
  };
  size_t unknown_count() const;

  std::vector<child> children_;
  io::unique_fd news_; ///< of the next child, with its other end
  io::unique_fd tell_;
};

} // namespace pgbraid::cli
