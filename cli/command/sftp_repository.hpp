// Repositories on SFTP servers, as they are configured.
// Source: shared/spec/options.md, section Repository: SFTP.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/options.hpp"
#include "storage/storage.hpp"

#include <memory>

namespace pgbraid::cli {

/// Logs in. Fails with `host_connect` (49) or `service` (101), see `sftp::log_in`.
/// @param position  of a repository of type sftp
result<std::unique_ptr<storage>> open_sftp(const config::options& opts, size_t position);

} // namespace pgbraid::cli
