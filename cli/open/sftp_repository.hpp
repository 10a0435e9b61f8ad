// Repositories on SFTP servers, as they are configured.
// Source: storage/driver/sftp/README.md.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/options.hpp"
#include "storage/storage.hpp"

#include <functional>
#include <memory>

namespace pgbraid::cli {

/// Opens a path on the server, absolute there; all share the sessions of one login.
using sftp_opener = std::function<std::unique_ptr<storage>(const std::string& root)>;
/// Logs in. Fails as `open_sftp` does.
/// @param workers  who will use it at the same time
result<sftp_opener> reach_sftp(const config::options& opts, size_t position, size_t workers);
/// Logs in. Fails with `host_connect` (49) or `service` (101), see `sftp::log_in`.
/// @param position  of a repository of type sftp
result<std::unique_ptr<storage>> open_sftp(const config::options& opts, size_t position);

} // namespace pgbraid::cli
