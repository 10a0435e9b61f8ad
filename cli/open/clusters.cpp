// Reaching clusters, and comparing them with configuration and repositories.
// SPDX-License-Identifier: MIT
#include "cli/open/clusters.hpp"

#include "cli/open/hosts.hpp"
#include "engine/base/log.hpp"
#include "storage/driver/posix/posix_storage.hpp"
#include "storage/driver/remote/remote_pg.hpp"
#include "storage/driver/remote/remote_storage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

namespace pgbraid::cli {

namespace {

constexpr std::string_view control_path = "global/pg_control";

result<std::vector<std::byte>> read_control(storage& pgdata) {
  std::vector<std::byte> bytes(postgres::control_file_bytes);
  auto file = pgdata.open_read(control_path);
  if (!file)
    return file.failure();
  auto got = (*file)->read(bytes);
  if (!got)
    return got.failure();
  bytes.resize(*got);
  return bytes;
}

/// Two names of one directory, or the same name.
bool same_path(const std::string& a, const std::string& b) {
  std::error_code ignored;
  return a == b || std::filesystem::equivalent(a, b, ignored);
}

} // namespace

result<void> require_pg_host(const config::options& opts) {
  if (opts.pg_count() == 0 || !opts.has_value("pg-host", opts.pg_default()))
    return success();
  return error{errc::host_invalid,
               fmt::format("{} command must be run on the PostgreSQL host", opts.command_name())};
}

result<loaded_control> load_control_bytes(const std::string& pg_path) {
  constexpr auto pause = std::chrono::milliseconds(50);
  auto pgdata = make_posix_storage(pg_path);
  std::vector<std::byte> before;
  for (;;) {
    auto bytes = read_control(*pgdata);
    if (!bytes)
      return bytes.failure();
    auto fields = postgres::parse_control_file(*bytes);
    if (fields)
      return loaded_control{*fields, std::move(*bytes)};
    // A wrong checksum may mean that the server is writing the file; the same bytes twice do not.
    if (fields.failure().code != errc::checksum || *bytes == before)
      return fields.failure().within(fmt::format("{}/{}", pg_path, control_path));
    before = std::move(*bytes);
    std::this_thread::sleep_for(pause);
  }
}

result<postgres::control_file> load_control(const std::string& pg_path) {
  auto loaded = load_control_bytes(pg_path);
  if (!loaded)
    return loaded.failure();
  return loaded->fields;
}

result<loaded_control> load_control_bytes(const config::options& opts, size_t position) {
  const auto& path = opts.text("pg-path", position);
  if (!pg_is_remote(opts, position))
    return load_control_bytes(path);
  auto host = host_of_pg(opts, position);
  if (!host)
    return host.failure();
  auto bytes = remote::load_remote_control(**host);
  if (!bytes)
    return bytes.failure();
  auto fields = postgres::parse_control_file(*bytes);
  if (!fields)
    return fields.failure().within(fmt::format("{}:{}/{}", (*host)->name(), path, control_path));
  return loaded_control{*fields, std::move(*bytes)};
}

result<postgres::control_file> load_control(const config::options& opts, size_t position) {
  auto loaded = load_control_bytes(opts, position);
  if (!loaded)
    return loaded.failure();
  return loaded->fields;
}

storage_opener cluster_opener(const config::options& opts, size_t position) {
  if (!pg_is_remote(opts, position))
    return [](const std::string& path) -> result<std::unique_ptr<storage>> {
      return make_posix_storage(path);
    };
  return [&opts, position](const std::string& path) -> result<std::unique_ptr<storage>> {
    auto host = host_of_pg(opts, position);
    if (!host)
      return host.failure();
    const bool pgdata = path == opts.text("pg-path", position);
    return remote::make_remote_storage(*host, pgdata ? "pg" : path, path);
  };
}

owner_lookup cluster_owners(const config::options& opts, size_t position) {
  if (!pg_is_remote(opts, position))
    return local_owners();
  // A name that cannot be asked for is left out, as one that does not exist.
  return {.user = [&opts, position](uint32_t uid) -> std::optional<std::string> {
            auto host = host_of_pg(opts, position);
            if (!host)
              return {};
            const auto names = remote::load_remote_names(**host, {uid}, {});
            return names && names->users.contains(uid) ? std::optional(names->users.at(uid))
                                                       : std::nullopt;
          },
          .group = [&opts, position](uint32_t gid) -> std::optional<std::string> {
            auto host = host_of_pg(opts, position);
            if (!host)
              return {};
            const auto names = remote::load_remote_names(**host, {}, {gid});
            return names && names->groups.contains(gid) ? std::optional(names->groups.at(gid))
                                                        : std::nullopt;
          }};
}

result<bool> has_postmaster_pid(const config::options& opts, size_t position) {
  auto pgdata = cluster_opener(opts, position)(opts.text("pg-path", position));
  if (!pgdata)
    return pgdata.failure();
  auto found = (*pgdata)->info("postmaster.pid");
  if (!found)
    return found.failure();
  return found->has_value();
}

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
