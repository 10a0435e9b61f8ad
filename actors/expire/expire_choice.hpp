// expire: which backups go.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/expire/expire.hpp"
#include "engine/plan/expire_sets.hpp"

#include <string>
#include <vector>

namespace pgbraid {

/// What is known of a repository when backups are chosen.
struct expire_state {
  const format::backup_info& info;
  std::vector<std::string> unreadable = {}; ///< backups whose manifest cannot be read now
  std::vector<std::string> running = {};    ///< incomplete backups that somebody may be making
  int64_t now_s = 0;
};

/// What the rest of the run does.
struct expire_choice {
  plan::backup_expiry backups = {};
  plan::retention keep = {}; ///< as it is for this run
};

/// Chooses, and tells the log what stays or goes for other reasons than retention.
/// Fails with `checksum` (26) for wrong pages, `backup_set_invalid` (75) for a backup that cannot
/// be spared.
result<expire_choice> choose_backups(const repository& repo, const expire_settings& settings,
                                     const expire_state& state);

/// Tells the log when the oldest backup that is left has wrong pages.
void warn_of_bad_pages(const repository& repo, const format::backup_info& left);

} // namespace pgbraid
