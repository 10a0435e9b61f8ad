// The timeline that a restored cluster will recover along.
// Source of the rules: cli/command/README.md, section 7.3.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"
#include "engine/format/timeline_history.hpp"
#include "engine/plan/recovery_type.hpp"
#include "engine/postgres/version.hpp"
#include "storage/repository/repository.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pgbraid {

struct timeline_question {
  std::optional<std::string> option = {}; ///< `target-timeline`
  plan::recovery_type type = plan::recovery_type::standard;
  postgres::version_number version = 0;
};

struct target_timeline {
  uint32_t number = 0; ///< that recovery will end on; 0: nothing is recovered, or WAL is not named
  std::vector<format::timeline_switch> history = {}; ///< of it; empty: it is the backup's own
};

/// Finds the timeline in the backup's archive and checks that recovery can follow it.
/// Fails with `db_mismatch` (58), `file_missing` (55) without its history, `archive_mismatch` when
/// the archive knows no such cluster, `format` (29). Only reads.
result<target_timeline> find_target_timeline(repository& in, const format::manifest& backup,
                                             const timeline_question& wanted);

} // namespace pgbraid
