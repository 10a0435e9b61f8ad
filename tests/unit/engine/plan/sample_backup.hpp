// A small manifest, built by hand, for tests of restore plans.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/manifest.hpp"

#include <string>
#include <string_view>

namespace pgbraid::plan_test {

inline void add_path(format::manifest& to, std::string_view name) {
  to.paths.push_back({.name = to.keep(name),
                      .user = to.owner("postgres"),
                      .group = to.owner("postgres"),
                      .mode = 0700});
}

inline format::manifest_file& add_file(format::manifest& to, std::string_view name,
                                       uint64_t size_bytes) {
  to.files.push_back({.name = to.keep(name),
                      .size_bytes = size_bytes,
                      .user = to.owner("postgres"),
                      .group = to.owner("postgres"),
                      .mode = 0600});
  return to.files.back();
}

inline void add_link(format::manifest& to, std::string_view name, std::string_view destination) {
  to.links.push_back({.name = to.keep(name),
                      .destination = to.keep(destination),
                      .user = to.owner("postgres"),
                      .group = to.owner("postgres")});
}

/// PGDATA in /data with a tablespace `ts1` (16384) in /space, a linked directory pg_wal and a
/// linked file pg_hba.conf.
inline format::manifest sample_backup() {
  format::manifest out;
  out.label = "20261121-231250F";
  out.references = {out.label};
  out.db_version = "15";
  out.catalog_version = 202209061;
  out.options.online = true;
  out.targets = {{.name = "pg_data", .path = "/data"},
                 {.name = "pg_data/pg_hba.conf",
                  .type = format::target_type::link,
                  .path = "../conf",
                  .file = "hba.conf"},
                 {.name = "pg_data/pg_wal", .type = format::target_type::link, .path = "/fast/wal"},
                 {.name = "pg_tblspc/16384",
                  .type = format::target_type::link,
                  .path = "/space",
                  .tablespace_id = 16384,
                  .tablespace_name = "ts1"}};
  for (const auto* path : {"pg_data", "pg_data/base", "pg_data/base/5", "pg_data/global",
                           "pg_data/pg_tblspc", "pg_data/pg_wal", "pg_tblspc", "pg_tblspc/16384",
                           "pg_tblspc/16384/PG_15_202209061", "pg_tblspc/16384/PG_15_202209061/5"})
    add_path(out, path);
  add_file(out, "pg_data/PG_VERSION", 3);
  add_file(out, "pg_data/base/5/112", 8192);
  add_file(out, "pg_data/global/pg_control", 8192);
  add_file(out, "pg_data/pg_hba.conf", 100);
  add_file(out, "pg_data/postgresql.auto.conf", 88);
  add_file(out, "pg_data/tablespace_map", 20);
  add_file(out, "pg_tblspc/16384/PG_15_202209061/5/16390", 16384);
  add_link(out, "pg_data/pg_hba.conf", "../conf/hba.conf");
  add_link(out, "pg_data/pg_tblspc/16384", "/space");
  add_link(out, "pg_data/pg_wal", "/fast/wal");
  out.sort();
  return out;
}

} // namespace pgbraid::plan_test
