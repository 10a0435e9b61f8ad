// A TLS connection to the server of another host.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/config/options.hpp"
#include "engine/link/transport.hpp"

#include <memory>

namespace pgbraid::cli {

/// Connects to the TLS host of a repository or cluster; tries again until io-timeout is over.
result<std::unique_ptr<link::transport>> tls_connect(const config::options& opts,
                                                     config::option_group which, size_t position);

} // namespace pgbraid::cli
