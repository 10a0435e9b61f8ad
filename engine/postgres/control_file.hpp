// global/pg_control: what a cluster is, and how a restore makes it unusable without backup_label.
// Source: engine/format/README.md, section 13.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/bytes.hpp"
#include "engine/base/result.hpp"
#include "engine/postgres/version.hpp"

#include <cstdint>
#include <vector>

namespace pgbraid::postgres {

/// How many bytes of pg_control mean something; the rest of the file is zero.
inline constexpr size_t control_file_bytes = 512;
/// How long the file is on disk and in a backup.
inline constexpr size_t control_file_padded_bytes = 8192;
/// Checkpoint location that a restore writes so that the cluster cannot start without backup_label.
inline constexpr uint64_t invalid_checkpoint = 0xDEAD;

struct control_file {
  version_number version = 0;
  uint32_t control_version = 0;
  uint32_t catalog_version = 0;
  uint64_t system_id = 0;
  uint64_t checkpoint_lsn = 0;
  uint32_t timeline = 0;
  uint32_t page_size_bytes = 0;
  uint32_t wal_segment_bytes = 0;
  uint32_t data_checksum_version = 0; ///< 0: pages have no checksums

  bool has_page_checksums() const { return data_checksum_version != 0; }
  /// Restored from an online backup and not started yet.
  bool checkpoint_is_invalid() const { return checkpoint_lsn == invalid_checkpoint; }
};

/// Reads the fields of a control file.
/// @param bytes  the start of the file, at least `control_file_bytes` (more is ignored)
/// Fails with `file_invalid` if it is short, `version_not_supported` for a release we do not know,
/// `checksum` if the CRC-32C differs (a file that is being written: read it again), `format` for an
/// impossible page or WAL segment size or checksum version.
result<control_file> parse_control_file(byte_view bytes);

/// Sets the checkpoint to `invalid_checkpoint` and corrects the CRC.
/// @param bytes  the start of a valid control file, at least `control_file_bytes`
result<void> invalidate_checkpoint(byte_span bytes);

/// The form that backups store: the first `control_file_bytes`, then zeros up to
/// `control_file_padded_bytes`.
std::vector<std::byte> padded_control_file(byte_view bytes);

} // namespace pgbraid::postgres
