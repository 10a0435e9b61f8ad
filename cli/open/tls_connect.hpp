// A TLS connection to the server of another host, and what options say about TLS.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/config/options.hpp"
#include "engine/net/tls_client.hpp"

#include <memory>

namespace pgbraid::cli {

/// Connects to the TLS host of a repository or cluster; tries again until io-timeout is over.
result<std::unique_ptr<net::transport>> tls_connect(const config::options& opts,
                                                    config::option_group which, size_t position,
                                                    unsigned process);

/// The ciphers of the options, without any file.
net::tls_files tls_ciphers(const config::options& opts);
net::keep_alive keep_alive_of(const config::options& opts);

} // namespace pgbraid::cli
