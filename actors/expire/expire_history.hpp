// expire: the manifests in backup.history that have outlived their backups for long enough.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/expire/removals.hpp"
#include "engine/plan/retention.hpp"

namespace pgbraid {

/// Removes what retention no longer keeps: whole years, and single manifests.
/// @param info  as it is after expired backups have gone
result<void> expire_history(repository& repo, const format::backup_info& info,
                            const plan::retention& keep, removals& with);

} // namespace pgbraid
