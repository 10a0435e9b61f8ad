// A PostgreSQL session that another host holds for us.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/io/pg_client.hpp"
#include "storage/remote/remote_host.hpp"

namespace pgbraid::remote {

/// Connects on that host to the cluster of its pg1 options, over the host's main connection. The
/// session ends when the client is destroyed or the connection breaks, and PostgreSQL then ends a
/// backup that was not stopped.
result<io::pg_client> connect_remote_pg(std::shared_ptr<remote_host> on,
                                        std::chrono::milliseconds timeout,
                                        std::string_view application_name);

/// The bytes of a valid pg_control of that host's pg1.
result<std::vector<std::byte>> load_remote_control(remote_host& on);

} // namespace pgbraid::remote
