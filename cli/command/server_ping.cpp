// server-ping: whether a TLS server answers. Nobody's certificate is looked at.
// SPDX-License-Identifier: MIT
#include "cli/command/commands.hpp"
#include "cli/frame/terminal.hpp"
#include "cli/open/tls_connect.hpp"

#include <fmt/format.h>

#include <chrono>

namespace pgbraid::cli {

result<int> run_server_ping(const config::options& opts) {
  if (opts.parameters().size() > 1)
    return error{errc::param_invalid, "extra parameters found"};
  const auto& host =
      opts.parameters().empty() ? opts.text("tls-server-address") : opts.parameters().front();
  auto context = net::tls_context::make(net::tls_side::ping, tls_ciphers(opts));
  if (!context)
    return context.failure();
  auto reached =
      net::connect_tls(*context, {.host = host,
                                  .port = static_cast<uint16_t>(opts.integer("tls-server-port")),
                                  .how = keep_alive_of(opts),
                                  .limit = std::chrono::milliseconds(opts.time_ms("io-timeout"))});
  if (!reached)
    return error{errc::host_connect, reached.failure().message, reached.failure().hint};
  tell_terminal(opts, fmt::format("server-ping: a server answers at {}:{}", host,
                                  opts.integer("tls-server-port")));
  return 0;
}

} // namespace pgbraid::cli
