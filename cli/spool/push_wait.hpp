// archive-push where WAL is archived asynchronously: asks the spool, and waits for its answer.
// Source: cli/command/README.md, section 4.2.
// SPDX-License-Identifier: MIT
#pragma once

#include "cli/spool/foreground.hpp"

#include <string>

namespace pgbraid::cli {

struct push_wait {
  foreground_settings of;
  std::string wal_directory; ///< absolute
  std::string wal;           ///< name of the file
};

/// Returns the exit status once the file is archived. Fails with what the background process could
/// not do, with `archive_timeout` (82) when there is no answer in time, and where the spool cannot
/// be written. Links no more than what starts in no time.
result<int> wait_for_push(const push_wait& wanted, const foreground_hands& hands);

} // namespace pgbraid::cli
