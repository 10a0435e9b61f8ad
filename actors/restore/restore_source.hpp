// What a restore starts from: the repository, the backup, and how far recovery may go.
// SPDX-License-Identifier: MIT
#pragma once

#include "cli/open/repositories.hpp"
#include "engine/format/manifest.hpp"
#include "engine/format/timeline_history.hpp"
#include "engine/plan/recovery_type.hpp"
#include "engine/postgres/version.hpp"

#include <cstdint>
#include <vector>

namespace pgbraid::cli {

struct restore_source {
  open_repository repo;
  format::manifest backup;
  postgres::version_number version = 0;
  plan::recovery_type type = plan::recovery_type::standard;
  /// The timeline that recovery will end on and its history, where the backup is online.
  uint32_t timeline = 0;
  std::vector<format::timeline_switch> history = {};
};

/// Chooses repository and backup, loads and checks the manifest and the target timeline, and tells
/// the log what was chosen. Repositories that cannot be read are skipped with a WARN. Only reads.
result<restore_source> open_restore_source(const config::options& opts);

} // namespace pgbraid::cli
