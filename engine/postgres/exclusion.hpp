// What of a cluster goes into a backup, and what kind of file a name stands for.
// Paths are manifest names: `pg_data/base/5`, `pg_tblspc/16384/PG_15_202209061/5`.
// Source: engine/format/README.md, sections 8.5 and 12.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/postgres/version.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgbraid::postgres {

/// What the rules depend on.
struct backup_scope {
  version_number version = 0;
  bool online = true;
};

/// `pg_data/global`, `pg_data/base/<oid>` or `pg_tblspc/<oid>/PG_<ver>_<catalog>/<oid>`: the
/// directories that hold relations.
bool is_database_path(std::string_view path);

/// Whether the name is left out wherever its kind may be: `pgsql_tmp*`, run-time files of PGDATA,
/// what interrupted restores left, caches and temporary relations in database directories.
/// @param parent  manifest name of the directory that holds it
/// @param name    its last segment
bool is_excluded(const backup_scope& scope, std::string_view parent, std::string_view name);

/// Whether regular files directly in this directory are left out (the WAL of an online backup).
bool files_are_excluded(const backup_scope& scope, std::string_view path);

/// Whether the directory itself stays but nothing below it is taken (`pg_data/pg_replslot`, ...).
bool content_is_excluded(const backup_scope& scope, std::string_view path);

/// The relation file number of an init fork: "16385" of `16385_init`; empty for other names.
std::optional<std::string_view> init_fork_relation(std::string_view name);
/// The relation file number of any other fork or segment: "16385" of `16385`, `16385.2`,
/// `16385_fsm`, `16385_vm.1`; empty for other names and for init forks.
std::optional<std::string_view> relation_file_number(std::string_view name);

/// Whether the pages of a file carry checksums when the cluster has them.
/// @param path  manifest name of the file
bool has_page_checksums(std::string_view path);

/// Which part of a relation the file is: 2 of `16385.2`, 0 without a number.
uint32_t relation_segment(std::string_view path);

/// Whether a backup from a standby reads this file from the standby (the primary otherwise).
/// @param path  manifest name of the file
bool comes_from_standby(version_number version, std::string_view path);

} // namespace pgbraid::postgres
