// Comparing backups of two repositories.
// SPDX-License-Identifier: MIT
#include "engine/plan/restore_copies.hpp"

namespace pgbraid::plan {

bool is_same_backup(const format::manifest& one, const format::manifest& other) {
  return one.label == other.label && one.system_id == other.system_id &&
         one.db_version == other.db_version && one.archive_start == other.archive_start &&
         one.archive_stop == other.archive_stop && one.lsn_start == other.lsn_start &&
         one.lsn_stop == other.lsn_stop;
}

std::vector<const format::manifest_file*>
same_files(const format::manifest& in, std::span<const format::manifest_file* const> wanted) {
  std::vector<const format::manifest_file*> out;
  for (const auto* file : wanted) {
    const auto* there = in.find_file(file->name);
    if (there != nullptr && there->has_checksum && there->size_bytes == file->size_bytes &&
        there->checksum == file->checksum)
      out.push_back(there);
  }
  return out;
}

bool is_lost_repository(const error& what) {
  switch (what.code) {
  case errc::host_connect:
  case errc::protocol:
  case errc::service:
    return true;
  default:
    return false;
  }
}

} // namespace pgbraid::plan
