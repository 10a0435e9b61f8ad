// expire: the manifests in backup.history that have outlived their backups for long enough.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/plan/retention.hpp"
#include "storage/repository/repository.hpp"

namespace pgbraid {

/// Removes what retention no longer keeps: whole years, and single manifests.
/// @param info  as it is after expired backups have gone
result<void> expire_history(repository& repo, const format::backup_info& info,
                            const plan::retention& keep, bool dry_run);

} // namespace pgbraid
