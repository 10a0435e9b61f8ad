// Opening the repositories of the options.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/config/options.hpp"
#include "storage/repository/open_repository.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace pgbraid::cli {

/// Opens one repository, on whatever host it lies; nothing is read yet, except that a remote one is
/// asked for its cipher when none is configured here.
/// @param position  0 .. opts.repo_count() - 1
result<open_repository> open_repository_at(const config::options& opts, size_t position);
/// The same for any stanza (info looks at all of them).
result<open_repository> open_repository_at(const config::options& opts, size_t position,
                                           std::string stanza);
/// Those that the command works on (`repository_positions`), to be opened later.
std::vector<repository_door> repository_doors(const config::options& opts);
/// The repository that `--repo` chose, or the first one (backup, restore --set ...).
result<open_repository> open_default_repository(const config::options& opts);

} // namespace pgbraid::cli
