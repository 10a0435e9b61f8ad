// The smallest info files of a stanza, of the cluster of `small_manifest`.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/format/archive_info.hpp"
#include "engine/format/backup_info.hpp"

namespace pgbraid::test {

inline format::archive_info small_archive_info() {
  format::archive_info of;
  of.add(77, "15");
  return of;
}

/// Without backups.
inline format::backup_info small_backup_info() {
  format::backup_info of;
  of.add_history(77, "15", 202209061, 1300);
  return of;
}

} // namespace pgbraid::test
