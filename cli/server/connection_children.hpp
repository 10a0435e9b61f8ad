// The processes of a server that serve one connection each.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"
#include "engine/io/unique_fd.hpp"

#include <poll.h>
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace pgbraid::cli {

/// No client has more connections than this.
inline constexpr size_t client_connections_max = 64;

/// Who may have a place for one more connection.
/// @param total  connections of all known clients
/// @param own    those of the client that asks
/// One client may have many, but the last places are for clients with few: whoever takes all that
/// it can get keeps nobody else out.
bool may_have_place(size_t total, size_t own);

/// Connections whose client has not said yet who it is, or whom no rule knows, cost a place for a
/// short while only: when all such places are taken, the oldest has to go. Connections of known
/// clients have places of their own.
class connection_children {
public:
  /// Asks the server, from the child, for a place for this client. Fails with `host_connect` (49).
  using introduction = std::function<result<void>(const std::string& client)>;
  /// Runs in the child; returns the exit status.
  using work = std::function<int(const introduction& introduce)>;

  /// Whether another connection may be accepted now; makes room if that is possible.
  bool has_room();
  /// Opens what the next child needs, so that no connection is taken only to be dropped. Fails with
  /// `kernel` (100).
  result<void> prepare();
  /// Forks, once prepared. The parent closes what the work has taken over. Fails with `kernel`.
  /// @param from  address of the other end
  result<void> start(const std::string& from, const work& what);
  /// Descriptors that tell when a client introduces itself or a child is gone.
  void add_polls(std::vector<pollfd>& to) const;
  /// Takes note of what became of children, and gives places.
  void look_after();
  /// Ends all children: SIGTERM, then SIGKILL after five seconds.
  void end_all();

private:
  using clock = monotonic;
  struct child {
    pid_t pid = -1;
    io::unique_fd news = {}; ///< where the child introduces its client; none after that
    clock::time_point since = {};
    std::string from = {};
    std::string client = {}; ///< empty: not known
  };
  size_t unknown_count() const;
  size_t count_of(const std::string& client) const;
  void listen_to(child& one);
  bool give_place(const std::string& client);
  std::string fullest(std::string child::*whose) const;

  std::vector<child> children_;
  io::unique_fd news_; ///< of the next child, with its other end
  io::unique_fd tell_;
  /// Of strangers and of known clients: neither hides the other from the log.
  std::optional<clock::time_point> warned_of_unknown_at_;
  std::optional<clock::time_point> warned_of_known_at_;
};

} // namespace pgbraid::cli
