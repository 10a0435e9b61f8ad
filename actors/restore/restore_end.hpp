// The last steps of a restore, after all files are in place.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/restore/restore_tree.hpp"
#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"
#include "engine/plan/recovery_settings.hpp"
#include "engine/plan/restore_owner.hpp"

#include <string_view>

namespace pgbraid {

/// Writes the marker of a restore under way: the manifest, without its passphrase.
result<void> write_marker(restore_tree& tree, format::manifest& backup,
                          const plan::owner_policy& owners);
result<void> remove_marker(restore_tree& tree);

/// Writes, changes or expects the recovery files of PGDATA.
/// @param restored_at  local time, for comments
result<void> write_recovery_files(restore_tree& tree, const plan::recovery_files& files,
                                  const format::manifest& backup, const plan::owner_policy& owners,
                                  std::string_view restored_at);

/// Gives pg_control its name, which makes the cluster startable. In an online backup its checkpoint
/// is made invalid first, so that the cluster needs its backup_label. WARN if there is none.
result<void> place_control_file(restore_tree& tree, const plan::restore_mapping& where,
                                const format::manifest& backup, const plan::owner_policy& owners);

} // namespace pgbraid
