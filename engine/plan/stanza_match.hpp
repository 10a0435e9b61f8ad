// Whether info files, and a cluster, belong together.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/format/archive_info.hpp"
#include "engine/format/backup_info.hpp"
#include "engine/postgres/control_file.hpp"

#include <string>

namespace pgbraid::plan {

/// backup.info's current entry must be the cluster; fails with `backup_mismatch` (51).
result<void> check_stanza_matches(const format::backup_info& info,
                                  const postgres::control_file& control);
/// The archive id for WAL of the cluster: `15-1`. Fails with `archive_mismatch` (44) when no
/// history entry is the cluster.
result<std::string> cluster_archive_id(const format::archive_info& info,
                                       const postgres::control_file& control);
/// Current entries of both info files must agree; fails with `file_invalid` (28).
result<void> check_infos_agree(const format::archive_info& archive,
                               const format::backup_info& backup);
/// Both must be those of exactly this cluster, its catalog and control versions, too; fails with
/// `file_invalid` (28).
result<void> check_infos_are_of(const format::archive_info& archive,
                                const format::backup_info& backup,
                                const postgres::control_file& control);

} // namespace pgbraid::plan
