// The rules of what goes into a backup.
// SPDX-License-Identifier: MIT
#include "engine/postgres/exclusion.hpp"

#include "engine/base/path.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace pgbraid::postgres {

namespace {

constexpr std::string_view data_root = "pg_data";
constexpr std::string_view data_prefix = "pg_data/";
constexpr std::string_view tablespace_prefix = "pg_tblspc/";

constexpr std::array<std::string_view, 7> emptied_paths{
    "pg_dynshmem",  "pg_notify",   "pg_replslot", "pg_serial",
    "pg_snapshots", "pg_stat_tmp", "pg_subtrans"};
/// `backup_label` and `tablespace_map` are those of the end of the backup, `backup.manifest` marks
/// a restore that did not come to its end.
constexpr std::array<std::string_view, 7> runtime_files{
    "postmaster.pid", "postmaster.opts",          "backup_label",   "backup_label.old",
    "tablespace_map", "postgresql.auto.conf.tmp", "backup.manifest"};
/// What a file is called until a restore gives it its name, here and in the peer.
constexpr std::string_view restore_suffix = ".pgbackrest.tmp";

template <size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Removes leading digits from `text` and returns them.
std::string_view take_number(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto number = text.substr(0, static_cast<size_t>(end - text.begin()));
  text.remove_prefix(number.size());
  return number;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix))
    return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

/// `t<backend>_<relation>[_fsm|_vm][.<segment>]`
bool is_temporary_relation(std::string_view name) {
  return take(name, "t") && !take_number(name).empty() && take(name, "_") &&
         relation_file_number(name).has_value();
}

/// `pg_internal.init[.<pid>]`
bool is_relation_cache(std::string_view name) {
  return take(name, "pg_internal.init") && (name.empty() || (take(name, ".") && is_number(name)));
}

/// What a restore that did not come to its end left: no file of the cluster, and a later restore
/// would take it for its own.
bool is_restore_leftover(std::string_view parent, std::string_view name) {
  return (parent == data_root || parent == "pg_data/global") && name.ends_with(restore_suffix);
}

bool is_recovery_file(version_number version, std::string_view name) {
  return version >= 120000 ? name == "recovery.signal" || name == "standby.signal"
                           : name == "recovery.conf" || name == "recovery.done";
}

bool is_manifest_file(version_number version, std::string_view name) {
  return version >= 130000 && (name == "backup_manifest" || name == "backup_manifest.tmp");
}

bool is_wal_path(version_number version, std::string_view path) {
  return take(path, data_prefix) && path == wal_directory(version);
}

} // namespace

bool is_database_path(std::string_view path) {
  if (path == "pg_data/global")
    return true;
  if (take(path, "pg_data/base/"))
    return is_number(path);
  if (!take(path, tablespace_prefix) || take_number(path).empty() || !take(path, "/PG_"))
    return false;
  const auto slash = path.find('/');
  return slash != path.npos && is_number(path.substr(slash + 1));
}

bool is_excluded(const backup_scope& scope, std::string_view parent, std::string_view name) {
  if (name.starts_with("pgsql_tmp") || is_restore_leftover(parent, name))
    return true;
  if (parent == data_root) {
    return contains(runtime_files, name) || is_recovery_file(scope.version, name) ||
           is_manifest_file(scope.version, name);
  }
  return is_database_path(parent) && (is_relation_cache(name) || is_temporary_relation(name));
}

bool files_are_excluded(const backup_scope& scope, std::string_view path) {
  return scope.online && is_wal_path(scope.version, path);
}

bool content_is_excluded(const backup_scope& scope, std::string_view path) {
  if (scope.online && split_path(path).name == "archive_status" &&
      is_wal_path(scope.version, split_path(path).parent))
    return true;
  return take(path, data_prefix) && contains(emptied_paths, path);
}

std::optional<std::string_view> init_fork_relation(std::string_view name) {
  const auto number = take_number(name);
  if (number.empty() || !take(name, "_init"))
    return {};
  const bool segment = name.empty() || (take(name, ".") && is_number(name));
  return segment ? std::optional(number) : std::nullopt;
}

std::optional<std::string_view> relation_file_number(std::string_view name) {
  const auto number = take_number(name);
  if (number.empty())
    return {};
  if (!take(name, "_fsm"))
    take(name, "_vm");
  const bool segment = name.empty() || (take(name, ".") && is_number(name));
  return segment ? std::optional(number) : std::nullopt;
}

bool has_page_checksums(std::string_view path) {
  const auto name = split_path(path).name;
  return is_database_path(split_path(path).parent) && name != "pg_filenode.map" &&
         name != "PG_VERSION" && path != "pg_data/global/pg_control";
}

uint32_t relation_segment(std::string_view path) {
  const auto name = split_path(path).name;
  const auto dot = name.rfind('.');
  uint32_t segment = 0;
  if (dot == name.npos || !is_number(name.substr(dot + 1)))
    return 0;
  std::from_chars(name.data() + dot + 1, name.data() + name.size(), segment);
  return segment;
}

bool comes_from_standby(version_number version, std::string_view path) {
  if (path.starts_with(tablespace_prefix))
    return true;
  if (!take(path, data_prefix) || path == "global/pg_control")
    return false;
  return path.starts_with("base/") || path.starts_with("global/") ||
         path.starts_with("pg_multixact/") ||
         (take(path, transaction_directory(version)) && path.starts_with("/"));
}

} // namespace pgbraid::postgres
