// Many HTTP requests at the same time, over connections that are kept, in one thread.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"
#include "engine/http/message.hpp"
#include "engine/net/tcp_socket.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace pgbraid::http {

struct client_settings {
  /// Where to connect, whatever a URL says, as `host:port`; empty: where it says.
  std::string connect_to = {};
  bool verify = true; ///< certificate and name of the other end
  /// Whom certificates must come from; both empty: the CAs of the system.
  std::string ca_file = {};
  std::string ca_path = {};
  net::keep_alive keep_alive = {};
  bool proxies = true; ///< those that the environment names
  /// How long nothing may move, and how long connecting may take.
  std::chrono::milliseconds limit = std::chrono::seconds(60);
  /// So many requests are under way at most; the others wait for their turn.
  size_t connections = 32;

  bool operator==(const client_settings&) const = default;
};

/// What libcurl holds of a connection: a buffer for each way.
inline constexpr uint64_t buffer_bytes = uint64_t{512} << 10;

/// What is handed out of an answer that has not ended.
inline constexpr size_t some_bytes = size_t{512} << 10;

struct client_core;
struct exchange_state;

/// A request that is under way. Forgotten before it has ended, it is broken off.
class exchange {
public:
  exchange() = default;
  ~exchange();
  exchange(exchange&&) noexcept = default;
  exchange& operator=(exchange&& other) noexcept;

  bool has_ended() const;
  /// Waits so long at most. What `has_ended` says then.
  bool ends_within(std::chrono::milliseconds how_long);
  /// Of a part of something (206), what has come of it since, as soon as that is `some_bytes`, with
  /// the head of the answer. Waits so long at most; without a body once the answer has ended, and
  /// for others, which come as a whole. `take` gives the rest, which is never nothing.
  response take_some(std::chrono::milliseconds how_long);
  /// Waits for the end. It comes: nothing moves for longer than the limit, and a body that comes or
  /// goes slower than 8 KiB/s is broken off. To be called once.
  response take();

private:
  friend class client;
  exchange(std::shared_ptr<client_core> core, std::shared_ptr<exchange_state> state)
      : core_(std::move(core)), state_(std::move(state)) {}
  void forget();

  std::shared_ptr<client_core> core_;
  std::shared_ptr<exchange_state> state_;
};

/// Sends requests. Redirects are answers like others. Thread-safe.
///
/// What breaks on the way is told in the answer: `host_connect` (49) when nobody answers, `crypto`
/// (95) for a certificate that is refused, `file_read` (42) when the other end falls silent or goes
/// away, `protocol` (39) for an answer that is longer than it may be.
class client {
public:
  explicit client(const client_settings& how);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  exchange send(request what);

private:
  const std::shared_ptr<client_core> core_;
};

} // namespace pgbraid::http
