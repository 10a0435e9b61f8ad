// What archive-push and archive-get share: paths of WAL files.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/base/wal_location.hpp"
#include "engine/config/options.hpp"

#include <string_view>

namespace pgbraid::cli {

/// Resolves `%p` of archive_command and restore_command: a relative path counts from pg-path, which
/// must be the working directory, as it is for commands that PostgreSQL runs.
/// Fails with `option_required` (37) without pg-path, `option_invalid_value` (32) elsewhere.
result<wal_location> locate_wal(const config::options& opts, std::string_view path);

/// Whether a file may be archived: by its name. Under another one nobody would look for it.
/// Fails with `param_invalid` (96), or `file_missing` (55) when there is no such file at all.
result<void> check_wal_name(const wal_location& wal);

} // namespace pgbraid::cli
