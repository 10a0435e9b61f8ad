// Another host: as many connections to it as the work needs.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/retry.hpp"
#include "engine/link/client_link.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::link {

/// Makes one connection and shakes hands on it (hello).
/// @param number  0 is the main one: it takes the locks of the command on that host
using connector = std::function<result<std::unique_ptr<link::client_link>>(unsigned number)>;

/// Connections to one host. Thread-safe. Connections other than the first are made when they are
/// asked for; one that broke is replaced when it is asked for again (number 0 is not: its locks and
/// sessions are gone with it, so that only reads go on without it).
class remote_host {
public:
  /// @param name  of the host, for messages
  /// @param links_max  connections at most, besides the main one
  static result<std::shared_ptr<remote_host>> connect(std::string name, unsigned links_max,
                                                      connector with);
  const std::string& name() const { return name_; }
  /// The main connection.
  const std::shared_ptr<link::client_link>& main() const { return main_; }
  /// The command is over: says so with this request and waits, `limit` at most, until the other end
  /// has let its locks go, so that the next command finds them free.
  void leave(std::string_view request, std::chrono::milliseconds limit);
  /// A connection for data: one without users (the main one counts), or a new one, or the one with
  /// the fewest. Keep the pointer while it is in use. Fails when the host cannot be reached
  /// (again); such a failure then counts for as long as the attempt took, so that many who ask one
  /// after the other do not wait for as many time-outs.
  result<std::shared_ptr<link::client_link>> data();

private:
  remote_host(std::string name, unsigned links_max, connector with);
  const std::shared_ptr<link::client_link>* least_used() const;
  result<std::shared_ptr<link::client_link>> add_link(std::unique_lock<std::mutex>& lock);

  const std::string name_;
  const unsigned links_max_;
  const connector connect_;
  std::shared_ptr<link::client_link> main_;
  std::mutex mutex_;
  std::condition_variable connected_;
  bool connecting_ = false; ///< one attempt at a time; meanwhile the others use what there is
  unsigned made_ = 0;       ///< connections besides the main one so far; gives them numbers
  std::vector<std::shared_ptr<link::client_link>> data_;
  standing_failure unreachable_;
};

} // namespace pgbraid::link
