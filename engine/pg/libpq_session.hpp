// A session with a server that this host reaches itself, through libpq.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/pg/pg_session.hpp"

#include <atomic>
#include <memory>

namespace pgbraid::pg {

/// Where a server listens. What is not here (password, TLS, ...) comes from libpq's own defaults:
/// environment, service file and .pgpass.
struct pg_address {
  std::optional<std::string> host = {}; ///< host name, or the directory of a socket
  uint16_t port = 5432;
  std::optional<std::string> user = {};
  std::string database = "postgres";
};

/// As `pg_client::connect`.
/// @param give_up  when it becomes true, waits end within a quarter of a second, with an error;
/// must
///                 outlive the session. May be null
result<std::unique_ptr<pg_session>> connect_libpq(const pg_address& address,
                                                  std::chrono::milliseconds timeout,
                                                  std::string_view application_name,
                                                  const std::atomic<bool>* give_up = nullptr);

} // namespace pgbraid::pg
