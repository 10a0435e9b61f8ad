// Connecting to clusters, and comparing them with configuration and repositories.
// SPDX-License-Identifier: MIT
#include "cli/open/hosts.hpp"
#include "cli/open/session.hpp"
#include "engine/base/log.hpp"
#include "storage/driver/remote/remote_pg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace pgbraid::cli {

namespace {

/// Two names of one directory, or the same name.
bool same_path(const std::string& a, const std::string& b) {
  std::error_code ignored;
  return a == b || std::filesystem::equivalent(a, b, ignored);
}

} // namespace

io::pg_address cluster_address(const config::options& opts, size_t position) {
  io::pg_address address{.port = static_cast<uint16_t>(opts.integer("pg-port", position)),
                         .database = opts.text("pg-database", position)};
  if (opts.has_value("pg-socket-path", position))
    address.host = opts.text("pg-socket-path", position);
  if (opts.has_value("pg-user", position))
    address.user = opts.text("pg-user", position);
  return address;
}

result<io::pg_client> connect_cluster(const config::options& opts, size_t position) {
  const auto timeout = std::chrono::milliseconds(opts.time_ms("db-timeout"));
  const auto name = fmt::format("pgBackRest [{}]", opts.command_name());
  if (!pg_is_remote(opts, position))
    return io::pg_client::connect(cluster_address(opts, position), timeout, name);
  auto host = host_of_pg(opts, position);
  if (!host)
    return host.failure();
  return remote::connect_remote_pg(*host, timeout, name);
}

namespace {

/// A server that answers while there is no cluster at pg-path is another one than was meant.
result<io::pg_client> connect_member(const config::options& opts, size_t position) {
  if (auto there = load_control(opts, position); !there)
    return there.failure();
  return connect_cluster(opts, position);
}

} // namespace

result<open_clusters> connect_clusters(const config::options& opts) {
  open_clusters found;
  for (size_t position = 0; position < opts.pg_count(); ++position) {
    auto client = connect_member(opts, position);
    if (!client) {
      log::warn("unable to check pg{}: [{}] {}", opts.pg_key(position),
                error_name(client.failure().code), client.failure().text());
      continue;
    }
    if (client->server().in_recovery) {
      found.standbys.push_back({std::move(*client), position});
      continue;
    }
    if (found.primary) {
      return error{errc::db_connect,
                   fmt::format("more than one primary cluster found: pg{} and pg{}",
                               opts.pg_key(found.primary->position), opts.pg_key(position))};
    }
    found.primary.emplace(open_cluster{std::move(*client), position});
  }
  return found;
}

result<open_cluster> take_primary(open_clusters& found) {
  if (!found.primary) {
    return error{errc::db_connect, "unable to find primary cluster - cannot proceed",
                 found.standbys.empty() ? "The warnings above say why no cluster answered."
                                        : "Every cluster that answered is a standby."};
  }
  return std::move(*found.primary);
}

result<open_cluster> connect_primary(const config::options& opts) {
  auto found = connect_clusters(opts);
  if (!found)
    return found.failure();
  return take_primary(*found);
}

result<void> check_cluster_path(const config::options& opts, const open_cluster& cluster,
                                const postgres::control_file& control) {
  const auto& server = cluster.client.server();
  const auto& path = opts.text("pg-path", cluster.position);
  const bool same_place = pg_is_remote(opts, cluster.position)
                              ? server.data_directory == path
                              : same_path(server.data_directory, path);
  if (server.major_version() == control.version && same_place)
    return success();
  return error{errc::db_mismatch,
               fmt::format("version '{}' and path '{}' queried from cluster do not match version "
                           "'{}' and '{}' read from '{}/global/pg_control'",
                           postgres::version_name(server.major_version()), server.data_directory,
                           postgres::version_name(control.version), path, path),
               fmt::format("The pg{0}-path and pg{0}-port settings likely refer to different "
                           "clusters.",
                           opts.pg_key(cluster.position))};
}

result<void> check_archive_settings(const config::options& opts, const io::pg_server_info& server) {
  if (!opts.flag("archive-check"))
    return success();
  if (server.archive_mode == "off")
    return error{errc::archive_disabled, "archive_mode must be enabled"};
  if (server.archive_mode == "always" && opts.flag("archive-mode-check")) {
    return error{
        errc::feature_not_supported, "archive_mode=always not supported",
        "Disable option archive-mode-check, and WAL that standbys push again is accepted."};
  }
  const auto& command = server.archive_command;
  if (command.find("pgbraid") != command.npos || command.find("pgbackrest") != command.npos)
    return success();
  return error{errc::archive_command_invalid,
               fmt::format("archive_command '{}' must contain pgbraid or pgbackrest", command)};
}

} // namespace pgbraid::cli
