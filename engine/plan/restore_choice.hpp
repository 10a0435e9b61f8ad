// Which backup a restore takes.
// Source of the rules: cli/command/README.md, section 7.2.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/backup_info.hpp"
#include "engine/plan/recovery_type.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pgbraid::plan {

/// A repository whose backup.info could be read.
struct choice_candidate {
  unsigned repo_key = 1;
  const format::backup_info* info = nullptr; ///< not owned
};

struct choice_wish {
  std::optional<std::string> set = {}; ///< a label; empty: choose one
  recovery_type type = recovery_type::standard;
  std::string target = {}; ///< for types time and lsn
};

struct backup_choice {
  size_t candidate = 0; ///< index into the candidates
  std::string label;
  std::vector<std::string> warnings = {};
};

/// Chooses among repositories in the order given: the backup named by `set`; for a target time or
/// LSN the newest one that ended before it, in the first repository that has such a one; otherwise
/// the newest one of the first repository that has any.
/// Fails with `backup_set_invalid` (75), whose hint lists what exists, or `format` (29) for a
/// target that cannot be read.
result<backup_choice> choose_backup(std::span<const choice_candidate> candidates,
                                    const choice_wish& wish);

} // namespace pgbraid::plan
