// The info files that make a repository ready for a cluster.
// Source: cli/command/README.md, section 2.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/postgres/control_file.hpp"
#include "storage/repository/repository.hpp"

namespace pgbraid {

/// Writes archive.info and backup.info of a new stanza, archive first, with passphrases of their
/// own where the repository is encrypted. Where both are there they must be the cluster's
/// (`file_invalid`, 28), and a missing copy is written again. One of them alone is `file_missing`
/// (55), files of somebody else without them `path_not_empty` (40): nothing is written then. The
/// caller holds the stanza's locks.
result<void> create_stanza(repository& repo, const postgres::control_file& control);

} // namespace pgbraid
