// What of the pages of a backup is checked, and what its start has to be like.
// SPDX-License-Identifier: MIT
#include "engine/plan/backup_choice.hpp"

#include "engine/postgres/wal_name.hpp"

#include <fmt/format.h>

namespace pgbraid::plan {

noted<bool> choose_page_check(std::optional<bool> wish, bool cluster_has_them, bool online) {
  if (!wish)
    return {cluster_has_them && online};
  if (*wish && !cluster_has_them)
    return {false, "checksum-page option set to true but checksums are not enabled on the cluster, "
                   "resetting to false"};
  return {*wish};
}

archive_proof choose_archive_proof(const std::string& before, const std::string& start,
                                   uint32_t segment_bytes) {
  if (start != before)
    return {.segment = postgres::prior_segment(start, segment_bytes), .is_prior = true};
  // Archiving is to be checked now rather than after hours of copying.
  return {.segment = start, .takes_a_switch = true};
}

result<void> check_backup_start(const postgres::control_file& control, uint64_t start_lsn,
                                const std::string& start_segment) {
  if (control.checkpoint_lsn < start_lsn)
    return error{errc::db_mismatch,
                 fmt::format("current checkpoint '{}' is less than backup start lsn '{}'",
                             postgres::format_lsn(control.checkpoint_lsn),
                             postgres::format_lsn(start_lsn)),
                 "Is pg-path the data directory of the server that was asked?"};
  const auto timeline = postgres::timeline_of(start_segment);
  if (timeline != control.timeline)
    return error{errc::db_mismatch, fmt::format("WAL timeline {} does not match pg_control "
                                                "timeline {}",
                                                timeline, control.timeline)};
  return success();
}

} // namespace pgbraid::plan
