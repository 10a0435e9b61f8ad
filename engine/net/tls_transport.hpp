// A transport over TLS, once hands are shaken.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/clock.hpp"
#include "engine/io/unique_fd.hpp"
#include "engine/net/tls_context.hpp"
#include "engine/net/transport.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace pgbraid::net {

/// One end of a TLS connection.
struct tls_connection {
  std::unique_ptr<transport> over;
  std::string common_name = {}; ///< of the other end's certificate; empty for tls_side::ping
};

/// Shakes hands on a connected socket.
/// @param host  the name or address that the server's certificate must be for (client), and how the
///              other end is called in messages
/// Fails with `crypto` (95) for a certificate that is not good enough, `access` (105) when the
/// other end says so of ours, `protocol` (39) for an end that speaks something else, `host_connect`
/// (49) for one that goes away or is too slow.
result<tls_connection> shake_hands(const tls_context& with, io::unique_fd socket,
                                   const std::string& host, monotonic::time_point until);

} // namespace pgbraid::net
