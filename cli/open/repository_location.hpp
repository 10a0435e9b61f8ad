// Where the repositories of the options lie.
// Source: storage/driver/sftp/README.md.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/options.hpp"
#include "storage/open/open_storages.hpp"

namespace pgbraid::cli {

/// Where a repository lies that this host reaches itself: a directory, one on a server, or a
/// bucket.
result<location> repository_location(const config::options& opts, size_t position);
/// What the command will do with a repository.
storage_wishes repository_wishes(const config::options& opts);
/// What the storages of this process share.
open_storages& all_storages();

} // namespace pgbraid::cli
