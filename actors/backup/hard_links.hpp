// Unchanged files of a diff or incr as hard links (repo-hardlink).
// Source: cli/command/README.md, section 5.5; engine/format/README.md, section 1.2.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"
#include "storage/repository/repository.hpp"

namespace pgbraid {

/// Links every file that refers to another backup, and is stored there alone, into this one. Their
/// directories must be there; to be synced by the caller. A file that is not there any more fails
/// with `file_missing` (55): the backup could not be restored.
result<void> link_references(repository& repo, const format::manifest& of);

} // namespace pgbraid
