// Backups that read from standbys: which ones, and waiting until they are there.
// Source: cli/command/README.md, section 5.3.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "storage/cluster/open_cluster.hpp"

#include <chrono>
#include <vector>

namespace pgbraid {

struct backup_begin;

/// Option backup-standby.
enum class standby_wish {
  none,
  required,
  preferred, ///< the primary is read where there is none
};

/// The standbys that are to be read, out of those that answered. Fails with `db_connect` (56) when
/// one is required and there is none; where it is preferred there is a WARN.
result<std::vector<open_cluster>> choose_standbys(standby_wish wish,
                                                  std::vector<open_cluster> found);

/// Waits until a standby has replayed past the start of the backup and its pg_control shows it, so
/// that whatever is on its disk is covered by the WAL of the backup. Fails with `db_mismatch` (58)
/// for a standby that is ahead or on another timeline, `archive_timeout` (82) when it does not get
/// there.
/// @param limit  how long it may stand still
result<void> wait_for_replay(open_cluster& standby, const backup_begin& begun,
                             std::chrono::milliseconds limit);

/// Waits for all of them. One that does not get there in time is left out with a WARN as long as
/// another does; the last one's error is the result otherwise.
result<void> wait_for_standbys(std::vector<open_cluster>& standbys, const backup_begin& begun,
                               std::chrono::milliseconds limit);

} // namespace pgbraid
