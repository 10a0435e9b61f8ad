// What lies where, as the options say: nothing is opened or reached for it.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/config/options.hpp"

#include <cstddef>
#include <vector>

namespace pgbraid::cli {

/// Whether the repository or cluster at this position of the options lies on another host.
bool repo_is_remote(const config::options& opts, size_t position);
bool pg_is_remote(const config::options& opts, size_t position);
/// Whether a repository is a directory of this host.
bool is_repository_here(const config::options& opts, size_t position);
/// Position of the repository that `--repo` chose, or all positions.
std::vector<size_t> repository_positions(const config::options& opts);
/// Fails with `host_invalid` (72) "X command must be run on the PostgreSQL host" if the default
/// cluster is on another host.
result<void> require_pg_host(const config::options& opts);

} // namespace pgbraid::cli
