// Whether info files, and a cluster, belong together.
// SPDX-License-Identifier: MIT
#include "engine/plan/stanza_match.hpp"

#include "engine/postgres/version.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <string_view>

namespace pgbraid::plan {

namespace {

std::string stanza_mismatch(const postgres::control_file& control, std::string_view version,
                            uint64_t system_id) {
  return fmt::format("PostgreSQL version {}, system-id {} do not match stanza version {}, "
                     "system-id {}",
                     postgres::version_name(control.version), control.system_id, version,
                     system_id);
}

} // namespace

result<void> check_stanza_matches(const format::backup_info& info,
                                  const postgres::control_file& control) {
  const auto& current = info.current();
  if (current.system_id == control.system_id &&
      current.version == postgres::version_name(control.version))
    return success();
  return error{errc::backup_mismatch, stanza_mismatch(control, current.version, current.system_id),
               "Does --stanza name the stanza of this cluster?"};
}

result<std::string> cluster_archive_id(const format::archive_info& info,
                                       const postgres::control_file& control) {
  const auto version = postgres::version_name(control.version);
  const auto matching = info.matching(control.system_id, version);
  if (!matching.empty())
    return format::archive_id(*matching.front());
  return error{errc::archive_mismatch,
               fmt::format("unable to retrieve the archive id for database version '{}' and "
                           "system-id '{}'",
                           version, control.system_id),
               "Does --stanza name the stanza of this cluster?"};
}

result<void> check_infos_agree(const format::archive_info& archive,
                               const format::backup_info& backup) {
  const auto& a = archive.current();
  const auto& b = backup.current();
  if (a.id == b.id && a.system_id == b.system_id && a.version == b.version)
    return success();
  return error{errc::file_invalid,
               fmt::format("backup info file and archive info file do not match\n"
                           "archive: id = {}, version = {}, system-id = {}\n"
                           "backup : id = {}, version = {}, system-id = {}",
                           a.id, a.version, a.system_id, b.id, b.version, b.system_id),
               "This may be a symptom of repository corruption."};
}

result<void> check_infos_are_of(const format::archive_info& archive,
                                const format::backup_info& backup,
                                const postgres::control_file& control) {
  if (auto agree = check_infos_agree(archive, backup); !agree)
    return agree;
  const auto& current = backup.current();
  if (current.system_id == control.system_id &&
      current.version == postgres::version_name(control.version) &&
      current.catalog_version == control.catalog_version &&
      current.control_version == control.control_version)
    return success();
  return error{errc::file_invalid,
               "backup and archive info files exist but do not match the database",
               "Does --stanza name the stanza of this cluster?\nA new major version needs its "
               "stanza upgraded."};
}

} // namespace pgbraid::plan
