// A transport through a child process: the system's ssh client.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/net/transport.hpp"

#include <memory>
#include <string>
#include <vector>

namespace pgbraid::net {

struct ssh_command {
  /// The client with all its arguments; the last one is the command line for the other host.
  std::vector<std::string> argv;
  std::string host;     ///< for messages
  unsigned process = 0; ///< number of the connection, for messages
};

/// Starts the client. What it carries begins at once; that it cannot connect shows as an end, and
/// `farewell` then has its words: code `unknown` (125), or the other program's own when it ended
/// with an exit status that is one of ours. Fails with `execute` (102) when there is no such
/// client.
result<std::unique_ptr<transport>> make_ssh_transport(const ssh_command& with);

} // namespace pgbraid::net
