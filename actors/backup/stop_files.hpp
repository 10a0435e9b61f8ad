// The files of a backup that the server hands over at its end: backup_label and tablespace_map.
// Source: engine/format/README.md, section 8.5.
// SPDX-License-Identifier: MIT
#pragma once

#include "actors/backup/backup_job.hpp"

namespace pgbraid {

/// Stores `content` as `pg_data/<name>` of the backup: alone, compressed and encrypted like the
/// others, with the owner of PGDATA and its mode & 0644, and adds it to the manifest.
result<void> store_text_file(repository& repo, format::manifest& into,
                             const backup_settings& settings, std::string_view name,
                             std::string_view content, int64_t mtime_s);

} // namespace pgbraid
