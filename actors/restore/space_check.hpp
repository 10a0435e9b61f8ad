// Whether a backup fits where it is to be restored.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/restore/restore_tree.hpp"
#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"
#include "engine/plan/restore_clean.hpp"

namespace pgbraid {

/// Compares what each file system must take with what is free on it; for restores into empty
/// directories. Fails with `file_write` (64) and says how much is missing.
result<void> check_space(restore_tree& tree, const format::manifest& backup,
                         const plan::restore_mapping& where, const plan::restore_rules& rules);

} // namespace pgbraid
