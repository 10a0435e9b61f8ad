// Cleaning rules.
// SPDX-License-Identifier: MIT
#include "engine/plan/restore_clean.hpp"

namespace pgbraid::plan {

namespace {

constexpr postgres::version_number first_with_signals = 120000;
constexpr std::string_view marker = "pg_data/backup.manifest";
constexpr std::string_view auto_settings = "pg_data/postgresql.auto.conf";

} // namespace

bool restore_rules::is_preserved(std::string_view name) const {
  if (type_ != recovery_type::preserve)
    return false;
  if (version_ < first_with_signals)
    return name == "pg_data/recovery.conf";
  return name == auto_settings || name == "pg_data/recovery.signal" ||
         name == "pg_data/standby.signal";
}

bool restore_rules::is_restored(std::string_view name) const {
  // Links are made as they are mapped, and the marker of this restore must stay until its end.
  return name != "pg_data/tablespace_map" && name != marker && !is_preserved(name);
}

bool restore_rules::may_exist(std::string_view name) const {
  return name == marker || is_preserved(name);
}

bool restore_rules::stays(const found_entry& entry) const {
  if (may_exist(entry.name))
    return entry.kind == found_kind::file;
  if (const auto* link = where_.find_link(entry.name))
    return entry.kind == found_kind::link && entry.link_destination == link->destination;
  if (manifest_.find_path(entry.name) != nullptr)
    return entry.kind == found_kind::path;
  return entry.kind == found_kind::file && is_restored(entry.name) &&
         manifest_.find_file(entry.name) != nullptr;
}

} // namespace pgbraid::plan
