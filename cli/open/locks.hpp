// Locks and stop files of a command.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/config/options.hpp"
#include "engine/io/lock_file.hpp"

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace pgbraid::cli {

/// Whose directories for locks and logs root may believe in: the owners of the local repositories
/// and clusters, who could do as they like with these anyway. Empty for other users.
std::vector<uid_t> trusted_owners(const config::options& opts);
/// What locks of one type the command takes, on all repositories that it works on.
io::lock_request lock_request_of(const config::options& opts, std::string_view type);
/// Takes the locks of the command (`row_of(command).lock`) on all repositories it works on. Keep
/// the set until the work is done.
result<io::lock_set> lock_command(const config::options& opts);
/// Fails with `stop` (62) if a stop file exists for the stanza or for all.
result<void> check_stop_file(const config::options& opts);

/// The content for lock files of this run without progress; backup renders its own with progress.
std::string lock_text(const config::options& opts);

} // namespace pgbraid::cli
