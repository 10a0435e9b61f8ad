// A PostgreSQL session that another host holds for us.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/secret.hpp"
#include "engine/link/remote_host.hpp"
#include "engine/pg/pg_client.hpp"

#include <map>
#include <set>

namespace pgbraid::remote {

/// Connects on that host to the cluster of its pg1 options, over the host's main connection. The
/// session ends when the client is destroyed or the connection breaks, and PostgreSQL then ends a
/// backup that was not stopped.
result<pg::pg_client> connect_remote_pg(std::shared_ptr<link::remote_host> on,
                                        std::chrono::milliseconds timeout,
                                        std::string_view application_name);

/// The bytes of a valid pg_control of that host's pg1.
result<std::vector<std::byte>> load_remote_control(link::remote_host& on);

/// How the repository of that host is encrypted; the passphrase is not told.
result<cipher_type> load_remote_cipher(link::remote_host& on);

/// Names of users and groups on that host (pg/facts); ids without a name are left out.
struct remote_names {
  std::map<uint32_t, std::string> users = {};
  std::map<uint32_t, std::string> groups = {};
};
result<remote_names> load_remote_names(link::remote_host& on, const std::set<uint32_t>& users,
                                       const std::set<uint32_t>& groups);

} // namespace pgbraid::remote
