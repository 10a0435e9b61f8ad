// The command line of the ssh client that starts the serving side of a command on another host.
// Source: engine/config/README.md, section 12.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"
#include "engine/config/options.hpp"

#include <string>
#include <vector>

namespace pgbraid::cli {

/// `ssh -o ... [-p port] user@host "<cmd> <options> <command>:remote"`, the last word quoted for a
/// shell. Fails with `option_invalid_value` for a user or host that ssh would take for something
/// else.
/// @param position  of the repository or cluster
/// @param process   number of the connection
result<std::vector<std::string>> ssh_words(const config::options& opts, config::option_group which,
                                           size_t position, unsigned process);

} // namespace pgbraid::cli
