// Whose the directories outside of PGDATA are that a restore would fill.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/restore/restore_tree.hpp"
#include "engine/base/result.hpp"
#include "engine/plan/restore_map.hpp"
#include "engine/plan/restore_owner.hpp"

#include <string>
#include <vector>

namespace pgbraid {

/// For root, whom no permission of the system keeps from anything: a tablespace or link directory
/// must be empty or belong to the cluster's owner, an existing file at the end of a link, too, and
/// where only the backup names a place that does not exist yet, so must the directory that it
/// would be made in. Else whoever can write to the repository chooses which directories of this
/// host are filled. Changes nothing; fails with `path_open` (53) and says what to do.
/// @returns what the user should be told of directories that keep another owner
result<std::vector<std::string>> check_holders(restore_tree& tree,
                                               const plan::restore_mapping& where,
                                               const plan::owner_policy& owners,
                                               const root_opener& open);

/// Targets outside of PGDATA that hold files although no link of the present PGDATA leads there:
/// they may be those of another cluster, and delta or force would clean them.
result<std::vector<std::string>> find_foreign_targets(restore_tree& tree,
                                                      const plan::restore_mapping& where);

} // namespace pgbraid
