// Clusters whose servers answer.
// SPDX-License-Identifier: MIT
#include "storage/cluster/open_cluster.hpp"

#include "engine/base/log.hpp"
#include "engine/postgres/version.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgbraid {

namespace {

/// A server that answers while there is no cluster at pg-path is another one than was meant.
result<pg::pg_client> connect_member(cluster& one) {
  if (auto there = one.control(); !there)
    return there.failure();
  return one.connect();
}

} // namespace

bool open_clusters::has(const cluster& one) const {
  const auto is_one = [&](const open_cluster& each) { return each.place.get() == &one; };
  return (primary && is_one(*primary)) || std::ranges::any_of(standbys, is_one);
}

result<open_clusters> connect_clusters(std::span<const std::shared_ptr<cluster>> all) {
  open_clusters found;
  for (const auto& one : all) {
    auto client = connect_member(*one);
    if (!client) {
      log::warn("unable to check {}: [{}] {}", one->name(), error_name(client.failure().code),
                client.failure().text());
      continue;
    }
    if (client->server().in_recovery) {
      found.standbys.push_back({one, std::move(*client)});
      continue;
    }
    if (found.primary) {
      return error{errc::db_connect, fmt::format("more than one primary cluster found: {} and {}",
                                                 (*found.primary)->name(), one->name())};
    }
    found.primary.emplace(open_cluster{one, std::move(*client)});
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

result<void> check_cluster_path(const open_cluster& one, const postgres::control_file& control) {
  const auto& server = one.client.server();
  if (server.major_version() == control.version && one->is_at(server.data_directory))
    return success();
  const auto& path = one->path();
  return error{errc::db_mismatch,
               fmt::format("version '{}' and path '{}' queried from cluster do not match version "
                           "'{}' and '{}' read from '{}/global/pg_control'",
                           postgres::version_name(server.major_version()), server.data_directory,
                           postgres::version_name(control.version), path, path),
               fmt::format("The pg{0}-path and pg{0}-port settings likely refer to different "
                           "clusters.",
                           one->key())};
}

} // namespace pgbraid
