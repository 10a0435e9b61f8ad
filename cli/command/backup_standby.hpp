// Backups that read from standbys: which ones, and waiting until they are there.
// Source: cli/command/README.md, section 5.3.
// SPDX-License-Identifier: MIT
#pragma once

#include "cli/command/backup_session.hpp"

#include <vector>

namespace pgbraid::cli {

/// The standbys that option backup-standby wants to be read, out of those that answered. Fails with
/// `db_connect` (56) when it insists on one and there is none; `prefer` only warns.
result<std::vector<open_cluster>> choose_standbys(const config::options& opts,
                                                  std::vector<open_cluster> found);

/// Waits until a standby has replayed past the start of the backup and its pg_control shows it, so
/// that whatever is on its disk is covered by the WAL of the backup. The time limit is
/// archive-timeout without any progress. Fails with `db_mismatch` (58) for a standby that is ahead
/// or on another timeline, `archive_timeout` (82) when it does not get there.
result<void> wait_for_replay(const config::options& opts, open_cluster& standby,
                             const backup_begin& begun);

/// Waits for all of them. One that does not get there in time is left out with a WARN as long as
/// another does; the last one's error is the result otherwise.
result<void> wait_for_standbys(const config::options& opts, std::vector<open_cluster>& standbys,
                               const backup_begin& begun);

} // namespace pgbraid::cli
