// Makes a backup of a cluster in a repository.
// Source of the order of steps: cli/command/README.md, section 5.1.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/backup/standbys.hpp"
#include "actors/run/graph_compiler.hpp"
#include "engine/base/compress_type.hpp"
#include "engine/base/result.hpp"
#include "engine/codec/compress.hpp"
#include "engine/format/backup_info.hpp"
#include "engine/io/lock_file.hpp"
#include "engine/plan/backup_batches.hpp"
#include "engine/plan/backup_changes.hpp"
#include "engine/plan/block_size.hpp"
#include "engine/plan/resume.hpp"
#include "storage/cluster/cluster.hpp"
#include "storage/repository/repository.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pgbraid {

/// What a backup is to be like. Sizes in bytes.
struct backup_request {
  std::string type = "full"; ///< full, diff, incr
  std::string exec_id = {};  ///< of the run
  bool online = true;
  bool delta = false; ///< contents tell what has changed, not times
  bool force = false; ///< offline although a server may run
  bool start_fast = false;
  bool archive_check = true;
  bool archive_mode_check = true;
  std::chrono::milliseconds archive_timeout{60'000}; ///< for each segment
  std::chrono::milliseconds db_timeout{1'800'000};
  std::optional<bool> checksum_page = {};
  bool page_header_check = true;
  bool page_errors_end_it = true;
  compress_type compression = compress_type::none;
  int compress_level = 0;
  codec::gz_engine gz = codec::gz_engine::automatic;
  plan::batch_rules rules = {};
  std::optional<plan::block_rules> blocks = {}; ///< files are stored in blocks
  bool hardlink = false;                        ///< unchanged files are linked into a diff or incr
  bool archive_copy = false;                    ///< the WAL of the backup is also stored in it
  bool symlinks = true;                         ///< `latest`, and links to tablespaces
  bool fuse = true;                             ///< also on other hosts
  standby_wish standbys = standby_wish::none;
  std::vector<std::string> exclude = {};
  std::map<std::string, std::string> annotations = {}; ///< without those that are empty
  std::string lock_path = {};
  uint64_t save_threshold = 0; ///< manifest-save-threshold
  /// An incomplete backup is gone on with; one that fails is left to the next.
  bool resume = false;
  /// Only written down in the manifest, or shown.
  uint64_t buffer_size = 0;
  int64_t compress_level_network = 0;
  uint64_t process_max = 1;
  std::string repo_host = {}; ///< of the repository; empty: this one
  /// Its files are open in this process.
  bool repository_here = true;
  uint32_t workers_per_link = 1;
};

/// The two ends of a backup, and what it needs of whoever orders it. All must outlive it.
struct backup_ends {
  repository& to;
  std::vector<std::shared_ptr<cluster>> clusters; ///< all that are configured
  size_t offline = 0;                             ///< which of them is read when it is stopped
  io::lock_set& lock;                             ///< on the stanza's backups
  actors::graph_compiler compile;
};

/// From a look at the repository to a backup in it that is complete, or to what was before: data,
/// then manifest, then backup.info. A signal, or an error, removes what was begun, unless it is to
/// be resumed.
result<void> make_backup(const backup_request& wanted, const backup_ends& between);

/// A backup that is not made: what would run, and what would become of each file.
struct planned_backup {
  actors::drawn_job job;
  format::manifest manifest; ///< files that did not change refer to others already
  std::string prior = {};    ///< label; empty: it builds on nothing
  bool delta = false;        ///< contents are compared, not times
  std::vector<plan::file_change> changes = {};  ///< of each file of the manifest
  std::string resumes = {};                     ///< label of what it goes on with; empty: nothing
  std::vector<plan::resumed_file> resumed = {}; ///< then of each file of the manifest
};

/// Looks at repository and cluster, and changes nothing; no backup begins in PostgreSQL.
result<planned_backup> plan_backup(const backup_request& wanted, const backup_ends& between);

} // namespace pgbraid
