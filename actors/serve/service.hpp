// The serving side of a connection: answers the requests of protocol.hpp.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/secret.hpp"
#include "engine/io/io_engine.hpp"
#include "engine/link/server_link.hpp"
#include "engine/pg/pg_client.hpp"
#include "storage/storage.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pgbraid::serve {

class memory_budget;
class served_roots;

/// What the other end may touch, settled by its options and, over TLS, by its certificate.
struct grants {
  /// Root of `repo`; empty: no repository is served.
  std::string repo_path = {};
  /// Opens a path of the repository, absolute where it lies; empty: it lies on this host.
  std::function<std::shared_ptr<storage>(const std::string&)> open_repo = {};
  /// Root of `pg`, for reading only; empty: no cluster is served.
  std::string pg_path = {};
  /// Paths of the repository are limited to `archive/<stanza>` and `backup/<stanza>` (and what
  /// leads there, for listing). Empty: all stanzas.
  std::string stanza = {};
  cipher_type cipher = cipher_type::none;
  secret passphrase = {};
  pg::pg_address pg = {};
  /// Workers of a copy, and file descriptors and memory that go with them.
  size_t process_max = 1;
  io::io_mode mode = io::io_mode::automatic; ///< of what a copy reads
  /// Opens what a request names by root and path, or refuses it; see served_roots.hpp. Set by
  /// `serve_connection`.
  std::shared_ptr<served_roots> roots = {};
  /// Of the connection. Set by `serve_connection`.
  std::shared_ptr<memory_budget> memory = {};
};

/// What the command says to hello: whether these versions, arguments and locks are accepted.
struct greeting {
  uint32_t version_min = 0;
  uint32_t version_max = 0;
  std::string program = {};
  std::vector<std::string> args = {};
  std::vector<std::string> locks = {};
};
/// Settles what the connection may do. Called once, with the first request; all others are refused
/// until it has succeeded. Whatever it takes (locks) lives in the returned `keep`.
struct admission {
  grants may = {};
  std::shared_ptr<void> keep = {};
};
using doorkeeper = std::function<result<admission>(const greeting&)>;

/// Requests that run a graph on this host (copy/...) are handed on; see actors/.
class copy_runner {
public:
  virtual ~copy_runner() = default;
  /// Takes over a request whose path begins with `/v1/copy/`. Must not block.
  virtual void take(std::unique_ptr<link::exchange> asked, const grants& may) = 0;
  /// Answers may have left, and their memory with them. Must not block.
  virtual void look() = 0;
  /// Ends all copies and waits for them.
  virtual void end() = 0;
};

/// Serves one connection until the other end is gone or a termination signal came; then everything
/// that was open for it is closed: sessions, files (temporary ones removed), locks. Runs requests
/// on a few threads of its own (at most 9), which end before it returns. Fails with what broke the
/// connection, `term` after a signal; success when the other end said goodbye.
result<void> serve_connection(std::unique_ptr<net::transport> over, link::settings with,
                              const doorkeeper& admit, copy_runner& copies);

} // namespace pgbraid::serve
