// The smallest manifest that a repository takes.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/manifest.hpp"

#include <string>

namespace pgbraid::test {

/// Of a full backup of cluster 77, PostgreSQL 15, history id 1, without files.
inline format::manifest small_manifest(const std::string& label) {
  format::manifest of;
  of.label = label;
  of.references = {label};
  of.history_id = 1;
  of.system_id = 77;
  of.db_version = "15";
  of.targets = {{.name = "pg_data", .path = "/data"}};
  of.file_defaults.mode = 0600;
  of.path_defaults.mode = 0700;
  return of;
}

} // namespace pgbraid::test
