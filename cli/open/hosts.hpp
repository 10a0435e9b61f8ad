// The other hosts of a command: which there are, how they are reached, one connection set for each.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/config/options.hpp"
#include "engine/link/remote_host.hpp"

#include <memory>

namespace pgbraid::cli {

/// The host of a repository or cluster, connected (ssh child or TLS by its `*-host-type`), greeted
/// and, for commands that lock remotely, locked there. One per position for the whole process;
/// repeated calls give the same one. Codes: 125 and ssh's own words when ssh ends, 49 when TLS
/// cannot connect within io-timeout, 105 when it is not authorised, 39 for the wrong protocol or
/// version.
result<std::shared_ptr<link::remote_host>> host_of_repo(const config::options& opts,
                                                        size_t position);
result<std::shared_ptr<link::remote_host>> host_of_pg(const config::options& opts, size_t position);
/// The next call connects to the host anew if its main connection broke. Only for commands that
/// hold no locks there: those are gone with it.
void forget_broken_repo_host(const config::options& opts, size_t position);
/// Says goodbye to all hosts; children are reaped. Called once, when the command is over.
void leave_hosts();

} // namespace pgbraid::cli
