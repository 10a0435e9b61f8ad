// Takes one WAL file from whichever repository has it undamaged.
// Source: cli/command/README.md, section 6.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/archive/get_source.hpp"
#include "engine/base/log.hpp"
#include "engine/base/result.hpp"
#include "engine/base/wal_location.hpp"
#include "storage/repository/open_repository.hpp"
#include "storage/storage.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace pgbraid {

struct get_request {
  std::string name;         ///< one that PostgreSQL archives
  wal_location destination; ///< on this host
  /// How long repositories that cannot be asked now are asked again; archive-timeout.
  std::chrono::milliseconds patience{60'000};
  /// Whoever asks will ask again by itself, as a standby does.
  bool once = false;
  log::level found_level = log::level::info; ///< of the lines that tell the outcome
  unsigned process = 0;                      ///< that the log names
};

struct get_ends {
  storage& pgdata; ///< of the cluster that recovers
  std::vector<repository_door> from;
  /// Called before a failure that a recovery may take for the end of the archive: a repository was
  /// asked, and knows of no newer timeline.
  std::function<void()> may_end_recovery = [] {};
};

/// pg_control of the cluster that recovers. Fails with `format` (29) when its restore was not
/// completed and it must not start.
result<postgres::control_file> recovering_cluster(storage& pgdata);

/// What became of one file, and of those who were asked for it.
struct got_wal {
  result<bool> found = false;
  std::vector<bool> troubled = {}; ///< of each that was asked: it was of no use
};

/// The same as `get_wal` of those who are asked, for one of many files.
got_wal get_wal_of(const get_request& wanted, storage& pgdata, const std::vector<wal_asker>& from);

/// Returns whether the file was found; it is at its destination then, whole. False is said only
/// when every repository was asked. Fails with `archive_duplicate` (45) for several contents,
/// `file_read` (42) when those who have it cannot give it, and `repo_invalid` (103) when nobody has
/// it and not everybody could be asked.
result<bool> get_wal(const get_request& wanted, const get_ends& between);

} // namespace pgbraid
