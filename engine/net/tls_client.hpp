// Connects to a TLS server, patiently.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/net/tcp_socket.hpp"
#include "engine/net/tls_transport.hpp"

namespace pgbraid::net {

struct tls_target {
  std::string host;
  uint16_t port = 0;
  keep_alive how = {};
  /// Option io-timeout: how long to try, with growing pauses.
  std::chrono::milliseconds limit = std::chrono::minutes(1);
};

/// Connects and shakes hands. Tries again while the host does not answer or ends the handshake; a
/// certificate that is not good enough is final. Fails with `host_connect` (49) when time is over
/// and the host could not be reached.
result<std::unique_ptr<transport>> connect_tls(const tls_context& with, const tls_target& to);

} // namespace pgbraid::net
