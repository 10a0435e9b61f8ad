// Whether a directory that vanished during a backup was the database's to remove.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace pgbraid::plan {

/// What the catalogs say of where data lies.
struct catalog_places {
  struct database {
    uint64_t oid = 0;
    uint64_t tablespace = 0; ///< its default one; 0: not known
  };
  std::vector<database> databases = {};
  std::vector<uint64_t> tablespaces = {}; ///< without those that are in PGDATA
};

/// Whether the database itself took a directory away: that of a database or a tablespace that was
/// dropped, or of a database that moved to another tablespace. WAL tells recovery about these;
/// everything else that goes away is missing in the backup.
/// @param path    in the manifest: `pg_data/base/5`, `pg_tblspc/16390/PG_15_202209061/5`
/// @param before  at the time of the walk
/// @param now     after the path was missed
bool was_dropped(std::string_view path, const catalog_places& before, const catalog_places& now);

} // namespace pgbraid::plan
