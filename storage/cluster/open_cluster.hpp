// Clusters whose servers answer: which of them is the primary, and whether they are who they should
// be.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/pg/pg_client.hpp"
#include "engine/postgres/control_file.hpp"
#include "storage/cluster/cluster.hpp"

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace pgbraid {

/// A cluster and a session with its server.
struct open_cluster {
  std::shared_ptr<cluster> place;
  pg::pg_client client;

  cluster* operator->() const { return place.get(); }
};

/// Those that answered.
struct open_clusters {
  std::optional<open_cluster> primary = {};
  std::vector<open_cluster> standbys = {}; ///< in order of the keys

  bool has(const cluster& one) const;
};

/// Connects to each of them; the ones that do not answer, or have no pg_control, are WARN `unable
/// to check pgN: ...`. Fails with `db_connect` (56) when two are primaries.
result<open_clusters> connect_clusters(std::span<const std::shared_ptr<cluster>> all);
/// The primary among them. Fails with `db_connect` (56) "unable to find primary cluster - cannot
/// proceed".
result<open_cluster> take_primary(open_clusters& found);

/// The server's version and data directory must be those of the cluster's files; fails with
/// `db_mismatch` (58).
/// @param control  of the cluster's PGDATA
result<void> check_cluster_path(const open_cluster& one, const postgres::control_file& control);

} // namespace pgbraid
