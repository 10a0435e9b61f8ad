// archive-get where WAL is fetched ahead: asks the spool, and waits for its answer.
// Source: cli/command/README.md, section 6.5.
// SPDX-License-Identifier: MIT
#pragma once

#include "cli/spool/foreground.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace pgbraid::cli {

struct get_wait {
  foreground_settings of;
  std::string wal;         ///< name of a segment
  std::string destination; ///< absolute path
  uint64_t queue_bytes = 0;
  bool missing_retry = true; ///< archive-missing-retry
  /// When this system was started, since 1970: nothing of the spool was synced before. Empty: files
  /// are believed whenever they were written.
  std::optional<int64_t> booted_ns = {};
};

/// Returns 0 when the segment is at its destination and 1 when the archive does not have it. What
/// the background process could not find out, or does not tell, is done here. Links no more than
/// what starts in no time.
result<int> wait_for_get(const get_wait& wanted, const foreground_hands& hands);

} // namespace pgbraid::cli
