// Whether the files of a backup that are stored in blocks can be restored.
// Source of the rules: engine/format/README.md, section 15.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/backup_info.hpp"
#include "engine/format/manifest.hpp"

namespace pgbraid::plan {

/// Refuses, before anything is changed, blocks of a release before 2.46, which stored them in
/// another way (`feature_not_supported`, 67), and entries that tell of a block map which cannot be
/// (`format`, 29).
/// @param listed  what wrote the backups that this one refers to
result<void> check_blocks(const format::manifest& of, const format::backup_info& listed);

} // namespace pgbraid::plan
