// Clusters on this host and on others, as the options describe them.
// SPDX-License-Identifier: MIT
#include "cli/open/clusters.hpp"

#include "cli/open/hosts.hpp"
#include "cli/open/whereabouts.hpp"
#include "storage/driver/posix/posix_storage.hpp"
#include "storage/driver/remote/remote_pg.hpp"
#include "storage/driver/remote/remote_storage.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace pgbraid::cli {

namespace {

/// How sessions of a command are made, and what they are called.
struct session_wish {
  std::chrono::milliseconds timeout;
  std::string application;
};

session_wish session_wish_of(const config::options& opts) {
  return {.timeout = std::chrono::milliseconds(opts.time_ms("db-timeout")),
          .application = fmt::format("pgBackRest [{}]", opts.command_name())};
}

class local_cluster final : public cluster {
public:
  local_cluster(const config::options& opts, size_t position)
      : cluster(opts.pg_key(position), opts.text("pg-path", position)), opts_(opts),
        position_(position) {}

  bool is_here() const override { return true; }
  result<std::shared_ptr<link::remote_host>> host() override {
    return std::shared_ptr<link::remote_host>();
  }
  result<std::unique_ptr<storage>> open(const std::string& path) override {
    return make_posix_storage(path);
  }
  owner_lookup owners() override { return local_owners(); }
  result<loaded_control> control() override { return read_control(*make_posix_storage(path())); }
  result<pg::pg_client> connect() override {
    const auto wish = session_wish_of(opts_);
    return pg::pg_client::connect(cluster_address(opts_, position_), wish.timeout,
                                  wish.application);
  }
  std::unique_ptr<pg::pg_session> observer() override {
    const auto wish = session_wish_of(opts_);
    auto opened =
        pg::connect_libpq(cluster_address(opts_, position_), wish.timeout, wish.application);
    return opened ? std::move(*opened) : nullptr;
  }

private:
  const config::options& opts_;
  size_t position_;
};

class remote_cluster final : public cluster {
public:
  remote_cluster(const config::options& opts, size_t position)
      : cluster(opts.pg_key(position), opts.text("pg-path", position)), opts_(opts),
        position_(position) {}

  bool is_here() const override { return false; }
  result<std::shared_ptr<link::remote_host>> host() override {
    return host_of_pg(opts_, position_);
  }
  result<std::unique_ptr<storage>> open(const std::string& directory) override {
    auto on = host();
    if (!on)
      return on.failure();
    return remote::make_remote_storage(*on, directory == path() ? "pg" : directory, directory);
  }
  owner_lookup owners() override;
  result<loaded_control> control() override;
  result<pg::pg_client> connect() override {
    auto on = host();
    if (!on)
      return on.failure();
    const auto wish = session_wish_of(opts_);
    return remote::connect_remote_pg(*on, wish.timeout, wish.application);
  }
  std::unique_ptr<pg::pg_session> observer() override { return nullptr; }

private:
  const config::options& opts_;
  size_t position_;
};

/// A name that cannot be asked for is left out, as one that does not exist.
owner_lookup remote_cluster::owners() {
  return {.user = [this](uint32_t uid) -> std::optional<std::string> {
            auto on = host();
            if (!on)
              return {};
            const auto names = remote::load_remote_names(**on, {uid}, {});
            return names && names->users.contains(uid) ? std::optional(names->users.at(uid))
                                                       : std::nullopt;
          },
          .group = [this](uint32_t gid) -> std::optional<std::string> {
            auto on = host();
            if (!on)
              return {};
            const auto names = remote::load_remote_names(**on, {}, {gid});
            return names && names->groups.contains(gid) ? std::optional(names->groups.at(gid))
                                                        : std::nullopt;
          }};
}

result<loaded_control> remote_cluster::control() {
  auto on = host();
  if (!on)
    return on.failure();
  auto bytes = remote::load_remote_control(**on);
  if (!bytes)
    return bytes.failure();
  auto fields = postgres::parse_control_file(*bytes);
  if (!fields)
    return fields.failure().within(fmt::format("{}:{}/global/pg_control", (*on)->name(), path()));
  return loaded_control{*fields, std::move(*bytes)};
}

} // namespace

pg::pg_address cluster_address(const config::options& opts, size_t position) {
  pg::pg_address address{.port = static_cast<uint16_t>(opts.integer("pg-port", position)),
                         .database = opts.text("pg-database", position)};
  if (opts.has_value("pg-socket-path", position))
    address.host = opts.text("pg-socket-path", position);
  if (opts.has_value("pg-user", position))
    address.user = opts.text("pg-user", position);
  return address;
}

std::shared_ptr<cluster> cluster_at(const config::options& opts, size_t position) {
  if (pg_is_remote(opts, position))
    return std::make_shared<remote_cluster>(opts, position);
  return std::make_shared<local_cluster>(opts, position);
}

std::vector<std::shared_ptr<cluster>> clusters_of(const config::options& opts) {
  std::vector<std::shared_ptr<cluster>> all;
  for (size_t position = 0; position < opts.pg_count(); ++position)
    all.push_back(cluster_at(opts, position));
  return all;
}

} // namespace pgbraid::cli
