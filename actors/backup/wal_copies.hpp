// The WAL that a backup needs, kept inside it (archive-copy).
// Source: cli/command/README.md, section 5.6; engine/format/README.md, section 8.5.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/backup/backup_job.hpp"
#include "engine/base/result.hpp"
#include "engine/format/manifest.hpp"
#include "storage/repository/repository.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace pgbraid {

/// What of the archive is copied.
struct wal_to_copy {
  std::string archive_id;
  secret pass = {}; ///< of the archive; empty: none
  uint64_t segment_bytes = 0;
  std::vector<std::string> segments = {}; ///< all of them are in the archive
};

/// Stores each segment as `pg_data/pg_wal/<segment>`, packed as the files of the backup, and adds
/// it to the manifest. Fails with `checksum` (26) when a segment is not what its name in the
/// archive says.
/// @param mtime_s  what the files get
result<void> copy_wal(repository& repo, const wal_to_copy& what, const backup_settings& settings,
                      int64_t mtime_s, format::manifest& into);

} // namespace pgbraid
