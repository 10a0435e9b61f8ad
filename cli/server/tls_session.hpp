// One connection to the TLS server, from its first byte to its end; runs in a process of its own.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/options.hpp"
#include "engine/net/tcp_socket.hpp"
#include "engine/net/tls_context.hpp"

#include <functional>

namespace pgbraid::cli {

/// Shakes hands, finds out what the client may do, and serves it. Logs how it ended.
/// @param introduce  called once a client that the rules know has greeted
/// @returns the exit status of the process
int serve_tls(const config::options& opts, const net::tls_context& context,
              net::accepted connection,
              const std::function<result<void>(const std::string& client)>& introduce);

} // namespace pgbraid::cli
