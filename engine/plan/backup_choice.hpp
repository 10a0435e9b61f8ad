// What of the pages of a backup is checked, and what its start has to be like.
// Source: cli/command/README.md, section 5.1.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/plan/noted.hpp"
#include "engine/postgres/control_file.hpp"

#include <optional>
#include <string>

namespace pgbraid::plan {

/// Whether checksums of pages are checked: as it was asked for, else when a running cluster has
/// them. Nobody can check what the cluster does not have.
/// @param wish  option checksum-page
noted<bool> choose_page_check(std::optional<bool> wish, bool cluster_has_them, bool online);

/// Which segment proves that archiving works before anything is copied.
struct archive_proof {
  std::string segment;
  bool is_prior = false;       ///< the one before the start segment
  bool takes_a_switch = false; ///< nothing was finished by the start: it has to be finished first
};
/// @param before  the segment that WAL went to just before the start
/// @param start   the one that the start lies in
archive_proof choose_archive_proof(const std::string& before, const std::string& start,
                                   uint32_t segment_bytes);

/// The control file on disk must belong to the checkpoint and the timeline of the start. Fails with
/// `db_mismatch` (58).
result<void> check_backup_start(const postgres::control_file& control, uint64_t start_lsn,
                                const std::string& start_segment);

} // namespace pgbraid::plan
