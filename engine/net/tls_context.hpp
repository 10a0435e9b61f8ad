// Certificates, keys and ciphers of one end of TLS connections.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/base/result.hpp"

#include <memory>
#include <string>

struct ssl_ctx_st;

namespace pgbraid::net {

/// Files in PEM. Empty means none.
struct tls_files {
  std::string cert_file = {};
  std::string key_file = {};
  /// Whom the other end's certificate must come from. For clients none of both means the CAs of the
  /// system. Revocation lists in the file are honoured.
  std::string ca_file = {};
  std::string ca_path = {};
  std::string ciphers_12 = {}; ///< OpenSSL cipher list; empty: those with forward secrecy and AEAD
  std::string ciphers_13 = {};
};

enum class tls_side : uint8_t {
  client, ///< checks the server's certificate and name
  server, ///< demands a certificate of clients
  ping,   ///< a client that checks nothing and shows nothing
};

/// TLS 1.3, or 1.2 when the other end knows no better; HTTP/2 is the only protocol spoken inside.
class tls_context {
public:
  /// Fails with `crypto` (95) and the name of the file that is wrong, `file_mode` (83) for a key
  /// that others than its owner may read.
  static result<tls_context> make(tls_side side, const tls_files& from);

  tls_side side() const { return side_; }
  ssl_ctx_st* get() const { return context_.get(); }

private:
  tls_context() = default;

  tls_side side_ = tls_side::client;
  std::shared_ptr<ssl_ctx_st> context_ = {};
};

/// What OpenSSL has to say about its last failure; forgets it.
std::string tls_reason();

} // namespace pgbraid::net
