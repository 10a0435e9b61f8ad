// Logging in to an SSH server for SFTP, by libssh2.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/secret.hpp"
#include "engine/net/tcp_socket.hpp"
#include "engine/net/transport.hpp"

namespace pgbraid::sftp {

/// How much a host key must prove (option repo-sftp-host-key-check-type).
enum class key_check : uint8_t { none, strict, accept_new, fingerprint };
enum class key_hash : uint8_t { md5, sha1, sha256 };

struct login {
  std::string host;
  uint16_t port = 22;
  std::string user;
  std::string private_key_file;
  std::string public_key_file = {}; ///< empty: derived from the private one
  secret passphrase = {};
  key_check check = key_check::strict;
  key_hash hash = key_hash::sha256;
  std::string fingerprint = {}; ///< hexadecimal
  /// Files of known hosts; those that do not exist are passed over.
  std::vector<std::string> known_hosts = {};
  /// Where `accept_new` writes.
  std::string own_known_hosts = {};
  net::keep_alive keep_alive = {};
  std::chrono::milliseconds limit = std::chrono::seconds(60); ///< of the whole login
};

/// Connects, makes sure who answers, logs in and starts the server's SFTP. Used from then on by one
/// thread. Fails with `host_connect` (49) when nobody answers, and with `service` (101) when the
/// host key, the user's key or SFTP itself is refused; each says what to look at.
result<std::unique_ptr<net::transport>> log_in(const login& to);

} // namespace pgbraid::sftp
