// Opening the clusters of the options, and comparing them with the configuration.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/config/options.hpp"
#include "engine/pg/pg_client.hpp"
#include "engine/postgres/control_file.hpp"
#include "storage/cluster/cluster_walk.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace pgbraid::cli {

/// Fails with `host_invalid` (72) "X command must be run on the PostgreSQL host" if the default
/// cluster is on another host.
result<void> require_pg_host(const config::options& opts);

/// global/pg_control below a directory, read again while its CRC is wrong (it may be being
/// written).
result<postgres::control_file> load_control(const std::string& pg_path);
/// That of a configured cluster, on whatever host it lies.
result<postgres::control_file> load_control(const config::options& opts, size_t position);
/// The valid file's first `control_file_bytes` too, for backups that store it.
struct loaded_control {
  postgres::control_file fields;
  std::vector<std::byte> bytes;
};
result<loaded_control> load_control_bytes(const std::string& pg_path);
result<loaded_control> load_control_bytes(const config::options& opts, size_t position);
/// Opens directories of a configured cluster, on whatever host it lies: PGDATA, tablespaces and
/// what its links lead to.
storage_opener cluster_opener(const config::options& opts, size_t position);
/// Names of the owners of its files.
owner_lookup cluster_owners(const config::options& opts, size_t position);
/// Whether that cluster has a postmaster.pid: its server runs, or died.
result<bool> has_postmaster_pid(const config::options& opts, size_t position);

/// A connected cluster and which one it is.
struct open_cluster {
  io::pg_client client;
  size_t position = 0; ///< for `opts.text("pg-path", position)`
};

/// Where PostgreSQL of a configured cluster answers on its own host.
io::pg_address cluster_address(const config::options& opts, size_t position);
/// Connects to one configured cluster.
result<io::pg_client> connect_cluster(const config::options& opts, size_t position);

/// The clusters a command works with.
struct open_clusters {
  std::optional<open_cluster> primary;
  std::vector<open_cluster> standbys = {}; ///< in order of the keys
};
/// Connects to every configured cluster; the ones that do not answer are WARN
/// `unable to check pgN: ...`. Fails with `db_connect` (56) when two are primaries.
result<open_clusters> connect_clusters(const config::options& opts);
/// The primary among them; fails as `connect_primary`.
result<open_cluster> take_primary(open_clusters& found);
/// The primary alone; fails with `db_connect` (56) "unable to find primary cluster - cannot
/// proceed".
result<open_cluster> connect_primary(const config::options& opts);

/// The server's version and data directory must be those of pg-path; fails with `db_mismatch` (58).
/// @param control  of the configured pg-path
result<void> check_cluster_path(const config::options& opts, const open_cluster& cluster,
                                const postgres::control_file& control);
/// archive_mode and archive_command allow archiving with this program (or pgbackrest): 87, 67, 68.
/// Does nothing when archive-check is off.
result<void> check_archive_settings(const config::options& opts, const io::pg_server_info& server);

} // namespace pgbraid::cli
