// One connection to another host: transport, link, greeting.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/config/options.hpp"
#include "engine/link/remote_host.hpp"

namespace pgbraid::cli {

/// Connects to the host of a repository or cluster and shakes hands with it.
/// @param process  number of the connection; 0 takes the locks of the command there
result<std::unique_ptr<link::client_link>> connect_host(const config::options& opts,
                                                        config::option_group which, size_t position,
                                                        unsigned process);

} // namespace pgbraid::cli
