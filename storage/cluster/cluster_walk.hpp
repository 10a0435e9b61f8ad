// The directory walk that finds what a backup of a cluster consists of.
// Source of the rules: engine/format/README.md, sections 8.2 to 8.5.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"
#include "engine/postgres/version.hpp"
#include "storage/cluster/owner_names.hpp"
#include "storage/storage.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace pgbraid {

/// A tablespace of the catalog: what its target is called.
struct catalog_tablespace {
  uint64_t oid = 0;
  std::string name;
};

struct cluster_walk_options {
  postgres::version_number version = 0;
  uint32_t catalog_version = 0;
  bool online = true;
  /// Pages are to be checked: files with page checksums get `page_check::valid`.
  bool checksum_page = false;
  /// Option `exclude`: names relative to PGDATA; one that ends in / means the content only.
  std::vector<std::string> exclude = {};
  /// Tablespaces of the catalog (online); offline they are named `ts<oid>`.
  std::vector<catalog_tablespace> tablespaces = {};
  /// Where to note the names of paths that were gone when they were to be listed. May be null.
  std::vector<std::string>* gone_paths = nullptr;
  /// Of the host of the cluster.
  owner_lookup owners = local_owners();
};

/// Opens a storage rooted at an absolute path: tablespaces and destinations of links.
using storage_opener = std::function<result<std::unique_ptr<storage>>(const std::string& path)>;

/// Walks a cluster and fills `into`: targets, paths, files, links, their defaults and owners. All
/// else in `into` is left alone. The manifest is sorted when this returns.
/// @param pgdata  storage rooted at PGDATA
/// Special files, and names that a manifest cannot hold, are skipped with a WARN; files and paths
/// that vanish meanwhile are left out. Fails with `link_expected` (69) and `link_destination` (70)
/// for wrong tablespaces and links, and for links inside of tablespaces, which a manifest cannot
/// hold either, `file_open` (41) for dangling links, `db_mismatch` (58) for a tablespace that is
/// not in the catalog list.
result<void> walk_cluster(storage& pgdata, const storage_opener& open,
                          const cluster_walk_options& options, format::manifest& into);

/// Where in the file system the manifest name of a file of a walked cluster lies: absolute path.
/// @param of  a manifest whose targets say where links and tablespaces lead
std::string cluster_file_path(const format::manifest& of, std::string_view name);

} // namespace pgbraid
