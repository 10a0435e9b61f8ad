// Takes one WAL file from whichever repository has it undamaged.
// Source: cli/command/README.md, section 6.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/archive/wal_location.hpp"
#include "engine/base/result.hpp"
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
};

struct get_ends {
  storage& pgdata; ///< of the cluster that recovers
  std::vector<repository_door> from;
  /// Called before a failure that a recovery may take for the end of the archive: a repository was
  /// asked, and knows of no newer timeline.
  std::function<void()> may_end_recovery = [] {};
};

/// Returns whether the file was found; it is at its destination then, whole. False is said only
/// when every repository was asked. Fails with `archive_duplicate` (45) for several contents,
/// `file_read` (42) when those who have it cannot give it, and `repo_invalid` (103) when nobody has
/// it and not everybody could be asked.
result<bool> get_wal(const get_request& wanted, const get_ends& between);

} // namespace pgbraid
