// What a restore starts from: the repository, the backup, and how far recovery may go.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/restore/restore.hpp"
#include "actors/restore/target_timeline.hpp"
#include "engine/base/result.hpp"
#include "engine/format/backup_info.hpp"
#include "engine/format/manifest.hpp"
#include "engine/plan/recovery_type.hpp"
#include "engine/postgres/version.hpp"
#include "storage/repository/open_repository.hpp"

#include <vector>

namespace pgbraid {

/// A repository whose backup.info could be read.
struct backup_repository {
  open_repository repo;
  format::backup_info info;
};

struct restore_source {
  open_repository repo;
  format::manifest backup;
  postgres::version_number version = 0;
  plan::recovery_type type = plan::recovery_type::standard;
  target_timeline target = {};
  /// Further repositories that list a backup of that label, from the same place in the WAL.
  std::vector<backup_repository> others = {};
};

/// Chooses repository and backup, loads and checks the manifest and the target timeline, and tells
/// the log what was chosen. Repositories that cannot be read are skipped with a WARN. Only reads.
result<restore_source> open_restore_source(const restore_request& wanted,
                                           const std::vector<repository_door>& from);

} // namespace pgbraid
