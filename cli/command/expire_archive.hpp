// expire: the WAL that no backup needs any more.
// SPDX-License-Identifier: MIT
#pragma once

#include "cli/open/session.hpp"

#include <cstddef>
#include <string>

namespace pgbraid::cli {

/// Whose WAL it is about.
struct archive_expiry_scope {
  const config::options& opts;
  repository& repo;
  size_t position = 0; ///< of the repository in the options
  /// A full backup that keeps all WAL since its start whatever retention says; empty: none.
  std::string keep_from = {};
  bool dry_run = false;
};

/// Removes WAL and timeline histories that retention no longer keeps.
/// @param info  as it is after expired backups have gone
result<void> expire_archive(const archive_expiry_scope& scope, const format::backup_info& info);

} // namespace pgbraid::cli
