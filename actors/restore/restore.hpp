// Makes a backup a data directory again.
// Source of the order of steps: cli/command/README.md, section 7.1.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/restore/restore_tree.hpp"
#include "actors/run/graph_compiler.hpp"
#include "engine/base/result.hpp"
#include "engine/plan/recovery_settings.hpp"
#include "engine/plan/restore_databases.hpp"
#include "engine/plan/restore_doubt.hpp"
#include "engine/plan/restore_map.hpp"
#include "engine/plan/restore_owner.hpp"
#include "engine/report/restore_preview.hpp"
#include "storage/repository/open_repository.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pgbraid {

/// How much of what exists may be reused or overwritten.
struct overwrite_rules {
  bool delta = false; ///< files of the right content stay, others go
  bool force = false; ///< so do files of the right size and time
  bool any() const { return delta || force; }
};

/// What a restore is to be like.
struct restore_request {
  std::string stanza;
  /// PGDATA, tablespaces and links.
  plan::map_wish places;
  /// `version` and `restored_at` are found out by the restore. From a backup of a stopped cluster
  /// nothing is recovered unless `type_given`.
  plan::recovery_wish recovery = {};
  plan::database_wish databases = {}; ///< that are restored, or not
  bool type_given = false;
  std::optional<std::string> set = {}; ///< label of the backup; empty: one is chosen
  overwrite_rules overwrite = {};
  plan::doubt_rule on_doubt = plan::doubt_rule::warn;
  bool refuse_broken_pages = true;
  /// N of repoN where the user named the only one to ask, which recovery will ask alone, too.
  std::optional<unsigned> only_repo = {};
  std::string spool_path = {};                    ///< what is queued there is of the old cluster
  std::chrono::milliseconds answer_limit{60'000}; ///< for each question to the repositories
};

/// The host whose files are made.
struct restore_host {
  root_opener open; ///< of whatever directory
  plan::owner_lookup names;
  uint32_t uid = 0; ///< of this process
  uint32_t gid = 0;
};

/// The two ends of a restore. The cluster to be is no more than a path: what lies there need not be
/// one, and is only looked at as files.
struct restore_ends {
  std::vector<repository_door> from; ///< in the order in which they are preferred
  restore_host to;
  actors::graph_compiler compile;
};

/// What was restored.
struct restored_backup {
  std::string label;
  uint64_t bytes = 0;
  uint64_t files = 0;
  /// WARNs that may have been lost among the lines about files, to be said again at the end.
  std::vector<std::string> reminders = {};
};

/// From a look at the repositories to a cluster that can be started. What can be refused is refused
/// before anything is changed; after that an error leaves a data directory without pg_control, from
/// which a restore with delta goes on.
result<restored_backup> restore_cluster(const restore_request& wanted, const restore_ends& between);

/// What would become of each file, without doing it; refuses what the restore would refuse.
result<report::restore_preview> preview_restore(const restore_request& wanted,
                                                const restore_ends& between);

/// What would run, one after the other, without doing it; reads repositories and targets.
result<std::vector<actors::drawn_job>> draw_restore(const restore_request& wanted,
                                                    const restore_ends& between);

} // namespace pgbraid
